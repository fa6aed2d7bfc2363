"""Organisations, exchange rates and classifications: good ones are kept whole, others refused with the field and the
reason.
"""

import json
from typing import Any

import pytest

from domain.raw_records.record import AcceptedRecord, Kind, RefusedElement, SourceLocation
from domain.reference_data.records import validate_reference_record
from domain.validation.elements import validate_element

PLACE = SourceLocation(file="a.json", line=3)
ORGANISATION = {"id": "GB-1", "name": "Ministry"}
RATE = {"date": "2024-01-31", "base": "EUR", "currency": "USD", "rate": 1.0837}
CODE = {"scheme": "CPV", "code": "45000000", "description": "Works"}


def one(kind: Kind, record: Any) -> AcceptedRecord | RefusedElement:
    (found,) = validate_element(record if isinstance(record, bytes) else json.dumps(record).encode(), PLACE, kind)
    return found


@pytest.mark.parametrize(
    ("kind", "record", "record_id"),
    [
        (Kind.ORGANIZATIONS, ORGANISATION | {"parent_id": "GB-0", "own": [1]}, "GB-1"),
        (Kind.ORGANIZATIONS, ORGANISATION | {"id": "a/b c"}, "a=2Fb=20c"),
        (Kind.EXCHANGE_RATES, RATE, "EUR-USD-2024-01-31"),
        (Kind.CLASSIFICATIONS, CODE | {"parent": None}, "CPV:45000000"),
    ],
)
def test_a_good_record_is_kept_with_all_its_fields(kind: Kind, record: dict[str, Any], record_id: str) -> None:
    found = one(kind, record)
    assert isinstance(found, AcceptedRecord)
    assert (found.kind, found.record_id, found.ocid, found.place) == (kind, record_id, None, PLACE)
    assert json.loads(found.payload) == record
    assert len(found.content_hash) == 16


def test_a_rate_is_of_its_day_and_of_the_euro_where_no_base_is_given() -> None:
    found = one(Kind.EXCHANGE_RATES, {name: value for name, value in RATE.items() if name != "base"})
    assert isinstance(found, AcceptedRecord)
    assert json.loads(found.payload) == RATE
    assert found.date is not None
    assert found.date.isoformat() == "2024-01-31T00:00:00+00:00"


def test_the_same_record_written_otherwise_has_the_same_content() -> None:
    written = [json.dumps(RATE | {"rate": 1}).encode(), b'{"rate": 1.0, "currency": "USD", "date": "2024-01-31"}']
    first, second = (one(Kind.EXCHANGE_RATES, text) for text in written)
    assert isinstance(first, AcceptedRecord)
    assert isinstance(second, AcceptedRecord)
    assert first.content_hash == second.content_hash


def test_numbers_as_ids_become_texts_with_a_note_and_no_text_holds_a_null_character() -> None:
    found = one(Kind.ORGANIZATIONS, {"id": 7, "name": " Mini\x00stry ", "parent_id": 1})
    assert isinstance(found, AcceptedRecord)
    assert json.loads(found.payload) == {"id": "7", "name": "Ministry", "parent_id": "1"}
    assert [note.code for note in found.notes] == ["nul_character", "integer_id", "integer_id", "whitespace_removed"]


@pytest.mark.parametrize(
    ("kind", "record", "code", "path", "said"),
    [
        (Kind.ORGANIZATIONS, {"id": "1"}, "missing_value", "/name", "name: missing or empty"),
        (Kind.ORGANIZATIONS, {"id": " ", "name": "x"}, "missing_value", "/id", "missing or empty"),
        (Kind.ORGANIZATIONS, ORGANISATION | {"country": 5}, "wrong_type", "/country", "expected a text, got 5"),
        (Kind.EXCHANGE_RATES, RATE | {"date": "2024-02-30"}, "invalid_value", "/date", "expected a day"),
        (Kind.EXCHANGE_RATES, RATE | {"date": "20240131"}, "invalid_value", "/date", "expected a day"),
        (Kind.EXCHANGE_RATES, RATE | {"currency": "usd"}, "invalid_value", "/currency", "three capital letters"),
        (Kind.EXCHANGE_RATES, RATE | {"rate": 0}, "invalid_value", "/rate", "a number above 0"),
        (Kind.EXCHANGE_RATES, RATE | {"rate": 1e13}, "invalid_value", "/rate", "a number up to"),
        (Kind.EXCHANGE_RATES, RATE | {"rate": "1.08"}, "wrong_type", "/rate", "expected a number, got '1.08'"),
        (Kind.EXCHANGE_RATES, RATE | {"rate": None}, "missing_value", "/rate", "missing or empty"),
        (Kind.EXCHANGE_RATES, RATE | {"currency": "EUR"}, "invalid_value", "", "one EUR can't be 1.0837 EUR"),
        (Kind.CLASSIFICATIONS, {"scheme": "CPV", "code": "1"}, "missing_value", "/description", "missing"),
        (Kind.CLASSIFICATIONS, "text", "not_an_object", "", "expected an object"),
        (Kind.ORGANIZATIONS, b'{"id": ', "invalid_json", "", "not valid JSON"),
        (
            Kind.ORGANIZATIONS,
            json.dumps(ORGANISATION)[:-1].encode() + b', "x": ' + b"[" * 300 + b"]" * 300 + b"}",
            "too_deep",
            "",
            "nested too deep",
        ),
    ],
)
def test_a_bad_record_is_refused_with_the_field_and_the_reason(
    kind: Kind, record: Any, code: str, path: str, said: str
) -> None:
    found = one(kind, record)
    assert isinstance(found, RefusedElement)
    assert (found.code, found.path, found.place) == (code, path, PLACE)
    assert said in found.reason
    assert found.excerpt


def test_the_elements_of_an_array_are_judged_one_by_one() -> None:
    found = validate_reference_record(
        json.dumps([CODE, {}, CODE | {"code": "2"}]).encode(), PLACE, Kind.CLASSIFICATIONS
    )
    assert [isinstance(each, AcceptedRecord) for each in found] == [True, False, True]
    assert [each.place.path for each in found] == ["/0", "/1", "/2"]


def test_a_blank_text_of_a_field_that_may_lack_says_nothing() -> None:
    found = one(Kind.ORGANIZATIONS, {"id": "1", "name": "N", "country": "", "region": " ", "note": ""})
    assert isinstance(found, AcceptedRecord)
    assert json.loads(found.payload) == {"id": "1", "name": "N", "note": ""}
    assert [(note.code, note.path) for note in found.notes] == [("blank_value", "/country"), ("blank_value", "/region")]
