"""OpenAPI of the raw-record routes: request bodies with one example per kind, response models, headers."""

from typing import Any

from pydantic import BaseModel

from api.v1.raw_record_bodies import PATCHES, PDF
from api.v1.schemas import ListPage
from domain.raw_records.audit import Audit
from domain.raw_records.listing import RawVersion
from domain.raw_records.operations import Outcome
from domain.raw_records.record import Kind, RawRecord

RELEASE = {
    "ocid": "ocds-b5fd17-school-1",
    "id": "r1",
    "date": "2024-03-01T00:00:00Z",
    "tag": ["tender"],
    "buyer": {"id": "GB-LAE-NTH", "name": "Northshire County Council"},
    "tender": {"id": "t1", "title": "School buses", "status": "active", "value": {"amount": 120000, "currency": "GBP"}},
}
RECORDS: dict[Kind, dict[str, Any]] = {
    Kind.RELEASES: RELEASE,
    Kind.ORGANIZATIONS: {
        "id": "GB-LAE-NTH",
        "name": "Northshire County Council",
        "country": "GB",
        "region": "Northshire",
        "scale": "large",
    },
    Kind.EXCHANGE_RATES: {"date": "2024-01-31", "base": "EUR", "currency": "USD", "rate": 1.0837},
    Kind.CLASSIFICATIONS: {
        "scheme": "CPV",
        "code": "60130000",
        "description": "Special-purpose road passenger-transport services",
        "parent": "60100000",
    },
    Kind.DOCUMENTS: {
        "id": "notice-7",
        "filename": "notice-7.pdf",
        "ocid": RELEASE["ocid"],
        "pages": [{"page": 1, "text": "School buses are sought."}],
    },
}
IDS = {
    Kind.RELEASES: "ocds-b5fd17-school-1:r1",
    Kind.ORGANIZATIONS: "GB-LAE-NTH",
    Kind.EXCHANGE_RATES: "EUR-USD-2024-01-31",
    Kind.CLASSIFICATIONS: "CPV:60130000",
    Kind.DOCUMENTS: "notice-7",
}
OBJECT = {"type": "object"}
MANY = {"type": "array", "items": OBJECT, "minItems": 1, "maxItems": 10_000}
ONE_PATCH = {
    "summary": "a merge patch (RFC 7396): null removes a member",
    "value": {"tender": {"title": "School buses and minibuses", "value": None}},
}
EACH = {
    "summary": "many",
    "value": [{"id": IDS[Kind.RELEASES], "patch": {"tender": {"title": "Minibuses"}}, "if_version": 2}],
}


def _one(what: str) -> dict[str, Any]:
    return {f"{kind}": {"summary": f"{what} of {kind}", "value": record} for kind, record in RECORDS.items()}


def _body(content: dict[str, Any], *, required: bool = True) -> dict[str, Any]:
    return {"requestBody": {"required": required, "content": content}}


_RECORDS = {
    "schema": {"oneOf": [OBJECT, MANY]},
    "examples": _one("one") | {"many": {"summary": "many", "value": [RELEASE, {**RELEASE, "id": "r2"}]}},
}
_PATCHES = {
    "schema": {"oneOf": [OBJECT, MANY]},
    "examples": {"each": EACH, "same": {**ONE_PATCH, "summary": "one patch for every ?id=…"}},
}
_IDS = {"type": "array", "minItems": 1, "maxItems": 10_000, "items": {"oneOf": [{"type": "string"}, OBJECT]}}
POST_BODY = _body({"application/json": _RECORDS, PDF: {"schema": {"type": "string", "format": "binary"}}})
PUT_MANY_BODY = _body({"application/json": {"schema": MANY, "examples": {"many": _RECORDS["examples"]["many"]}}})
PUT_BODY = _body({"application/json": {"schema": OBJECT, "examples": _one("one")}})
PATCH_MANY_BODY = _body(dict.fromkeys(PATCHES, _PATCHES))
PATCH_BODY = _body({one: {"schema": OBJECT, "examples": {"patch": ONE_PATCH}} for one in PATCHES})
DELETE_BODY = _body(
    {
        "application/json": {
            "schema": _IDS,
            "examples": {"ids": {"value": [IDS[Kind.RELEASES], IDS[Kind.ORGANIZATIONS]]}},
        }
    },
    required=False,
)
TAG = {
    "ETag": {
        "description": 'the version and a hash of its content, to be sent back as If-Match, such as "3-0f…"',
        "schema": {"type": "string"},
    }
}
TAGGED: dict[int | str, dict[str, Any]] = {
    200: {"headers": TAG},
    304: {"description": "Unchanged: still the version that If-None-Match names", "headers": TAG},
}


class RawRecords(ListPage[RawRecord]):
    """A page of raw records, in the order of their ids."""


class RawVersions(BaseModel):
    """Every version of a raw record, newest first."""

    items: list[RawVersion]


class Outcomes(ListPage[Outcome]):
    """A page of the outcomes of a request's operations, in request order."""


class AuditTrail(ListPage[Audit]):
    """A page of the audit trail, newest first."""
