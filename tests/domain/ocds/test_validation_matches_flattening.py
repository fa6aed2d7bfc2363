"""What the judge accepts, the flattening can read: one value of a wrong type would fail a whole run there."""

import copy
import io
import json
from collections.abc import Callable
from typing import Any

import orjson
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.ocds.model_types import checker, polars_type
from domain.ocds.models import CompiledReleaseModel, Release
from domain.ocds.validation import validate_release_element
from domain.raw_records.record import AcceptedRecord, SourceLocation

MONEY = {"amount": 5.5, "currency": "GBP"}
PERIOD = {"startDate": "2024-01-01T00:00:00Z", "endDate": "2024-02-01"}
CODE = {"scheme": "CPV", "id": "45000000", "description": "works"}
PLACE = {
    "streetAddress": "1 Road",
    "locality": "Leeds",
    "region": "UKE",
    "postalCode": "LS1",
    "countryName": "UK",
    "country": "GB",
}
ITEM = {
    "id": "1",
    "description": "d",
    "classification": CODE,
    "additionalClassifications": [CODE],
    "quantity": 2,
    "unit": {"name": "each", "value": MONEY},
    "deliveryAddresses": [PLACE],
    "deliveryAddress": PLACE,
}
DOCUMENT = {
    "id": "1",
    "documentType": "notice",
    "title": "t",
    "url": "https://example.org",
    "format": "text/html",
    "datePublished": "2024-01-01",
}
ORGANIZATION = {"id": "GB-1", "name": "Ministry"}
AMENDMENT = {"id": "1", "date": "2024-01-01", "rationale": "r", "amendsReleaseID": "1", "releaseID": "2"}
TRANSACTION = {
    "id": "1",
    "date": "2024-01-01",
    "value": MONEY,
    "amount": MONEY,
    "payer": ORGANIZATION,
    "providerOrganization": {"scheme": "GB-COH", "id": "1", "legalName": "L"},
    "source": "s",
    "uri": "u",
}
FULL: dict[str, Any] = {
    "ocid": "ocds-213czf-1",
    "id": "1",
    "date": "2024-01-01T00:00:00Z",
    "tag": ["tender"],
    "language": "en",
    "initiationType": "tender",
    "buyer": ORGANIZATION,
    "parties": [
        ORGANIZATION
        | {
            "identifier": {"scheme": "GB-COH", "id": "1"},
            "address": PLACE,
            "roles": ["buyer"],
            "details": {"scale": "sme"},
        }
    ],
    "planning": {"budget": {"amount": MONEY}, "documents": [DOCUMENT]},
    "tender": {
        "id": "1",
        "title": "t",
        "value": MONEY,
        "minValue": MONEY,
        "tenderPeriod": PERIOD,
        "numberOfTenderers": 2,
        "items": [ITEM, ITEM | {"id": "2"}],
    }
    | {
        "procuringEntity": ORGANIZATION,
        "tenderers": [ORGANIZATION],
        "documents": [DOCUMENT],
        "lots": [{"id": "1", "value": MONEY}],
    },
    "awards": [
        {
            "id": "1",
            "date": "2024-01-01",
            "value": MONEY,
            "suppliers": [ORGANIZATION],
            "items": [ITEM],
            "contractPeriod": PERIOD,
        }
    ],
    "contracts": [
        {
            "id": "1",
            "awardID": "1",
            "value": MONEY,
            "period": PERIOD,
            "items": [ITEM],
            "documents": [DOCUMENT],
            "amendments": [AMENDMENT],
            "amendment": AMENDMENT,
            "implementation": {"transactions": [TRANSACTION]},
        }
    ],
    "bids": {
        "details": [
            {
                "id": "1",
                "date": "2024-01-01",
                "status": "valid",
                "value": MONEY,
                "tenderers": [ORGANIZATION],
                "items": [ITEM],
            }
        ]
    },
}
SCHEMA = {name: polars_type(field.annotation) for name, field in CompiledReleaseModel.model_fields.items()}


def routes(value: Any, route: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return ([route] if route else []) + [one for key, below in inside for one in routes(below, (*route, key))]


ROUTES = routes(FULL)
STRANGE: list[Any] = [
    None,
    True,
    0,
    -1,
    7,
    2**63,
    2**64 - 1,
    10**25,
    1.5,
    -0.0,
    1e300,
    1e308,
    "",
    "x",
    "12",
    "1,000.5",
    "nan",
    "-inf",
    "1e999",
    "2024-01-01",
]
STRANGE += [
    [],
    [None],
    [[]],
    [5],
    ["x"],
    [{}],
    [[{}]],
    [{"id": 1}],
    {},
    {"0": {}},
    {"0": None},
    {"id": 2**70},
    {"amount": "1"},
    "\x00",
    "\ufffd",
]


def changed(route: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    release = copy.deepcopy(FULL)
    holder: Any = release
    for part in route[:-1]:
        holder = holder[part]
    holder[route[-1]] = value
    return release


def test_a_release_with_every_field_needs_no_repair() -> None:
    (accepted,) = validate_release_element(json.dumps(FULL).encode(), SourceLocation(file="x"))
    assert isinstance(accepted, AcceptedRecord)
    assert [note.code for note in accepted.notes] == ["date_without_zone"]


@pytest.mark.slow
def test_every_strange_value_in_every_place_is_refused_or_left_readable() -> None:
    accepted: list[AcceptedRecord] = []
    for route in ROUTES:
        for value in STRANGE:
            found = validate_release_element(json.dumps(changed(route, value)).encode(), SourceLocation(file="x"))
            accepted += [one for one in found if isinstance(one, AcceptedRecord)]
    lines = b"\n".join(one.payload for one in accepted)
    assert pl.read_ndjson(io.BytesIO(lines), schema=SCHEMA).height == len(accepted) > len(ROUTES)


def complaints(check: Callable[[Any], Any], release: dict[str, Any]) -> list[tuple[Any, str]]:
    try:
        check(release)
    except ValidationError as error:
        return [(one["loc"], one["type"].replace("model_type", "dict_type")) for one in error.errors()]
    return []


def test_the_quick_checker_complains_of_what_the_models_complain_of() -> None:
    quick = checker(Release).validate_python
    found = [
        (complaints(quick, one), complaints(Release.model_validate, one))
        for route in ROUTES
        for value in STRANGE
        if (one := changed(route, value))
    ]
    assert [one for one, _ in found] == [two for _, two in found]
    assert sum(not one for one, _ in found) > len(ROUTES) < sum(bool(one) for one, _ in found)
    assert complaints(quick, {}) == complaints(Release.model_validate, {}) != []


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(ROUTES), st.sampled_from(STRANGE)), min_size=2, max_size=4))
def test_several_strange_values_at_once_end_valid_or_refused(changes: list[tuple[tuple[str | int, ...], Any]]) -> None:
    release = copy.deepcopy(FULL)
    for route, value in changes:
        holder: Any = release
        try:
            for part in route[:-1]:
                holder = holder[part]
            holder[route[-1]] = value
        except (LookupError, TypeError):
            continue
    for one in validate_release_element(json.dumps(release).encode(), SourceLocation(file="x")):
        if isinstance(one, AcceptedRecord):
            Release.model_validate(orjson.loads(one.payload))
