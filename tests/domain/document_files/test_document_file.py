"""Documents are judged strictly, get an id and a state, and keep what no model names."""

from typing import Any

import orjson
import pytest

from domain.document_files.document_file import validate_document_file, with_ocid
from domain.raw_records.record import AcceptedRecord, Kind, RefusedElement, SourceLocation
from domain.validation.elements import validate_element

PLACE = SourceLocation(file="notice.pdf")
GOOD: dict[str, Any] = {
    "id": "a/b",
    "filename": "notice.pdf",
    "pages": [{"page": 1, "text": "see ocds-b5fd17-abc-1"}],
    "more": {"kept": True},
}


def judged(document: Any) -> AcceptedRecord | RefusedElement:
    (found,) = validate_document_file(document if isinstance(document, bytes) else orjson.dumps(document), PLACE)
    return found


def accepted(document: Any) -> dict[str, Any]:
    found = judged(document)
    assert isinstance(found, AcceptedRecord), found
    payload: dict[str, Any] = orjson.loads(found.payload)
    return payload | {"record_id": found.record_id, "said": found.ocid, "notes": [note.code for note in found.notes]}


def test_a_good_document_is_kept_as_it_is_and_knows_its_process() -> None:
    found = accepted(GOOD)
    assert (found["record_id"], found["said"], found["state"], found["more"], found["notes"]) == (
        "a=2Fb",
        "ocds-b5fd17-abc-1",
        "text",
        {"kept": True},
        [],
    )
    assert validate_element(orjson.dumps(GOOD), PLACE, Kind.DOCUMENTS)[0] == judged(GOOD)


def test_the_id_is_the_beginning_of_the_hash_and_the_state_follows_the_text() -> None:
    found = accepted({"filename": "x.pdf", "sha256": "ab" * 32, "pages": [{"page": 1, "text": " "}]})
    assert (found["id"], found["record_id"], found["state"]) == ("ab" * 16, "ab" * 16, "empty")


def test_nul_and_half_surrogates_are_repaired_with_a_note() -> None:
    assert accepted(GOOD | {"title": "a\x00b"})["notes"] == ["nul_character"]
    found = accepted(b'{"id": "1", "filename": "a\\ud800.pdf"}')
    assert (found["filename"], found["notes"]) == ("a\ufffd.pdf", ["bad_surrogate"])


@pytest.mark.parametrize(
    ("document", "code", "path"),
    [
        (b"{", "invalid_json", ""),
        ([], "not_an_object", ""),
        ({"filename": "x.pdf"}, "missing_id", "/id"),
        ({"id": "1"}, "wrong_type", "/filename"),
        (GOOD | {"pages": [{"page": 1}, {"page": 1}]}, "wrong_type", "/pages/1/page"),
        (GOOD | {"pages": [{"page": 0}]}, "wrong_type", "/pages/0/page"),
        (GOOD | {"pages": [{"page": 2**31}]}, "wrong_type", "/pages/0/page"),
        (GOOD | {"pages": [{"page": 1, "text": 5}]}, "wrong_type", "/pages/0/text"),
        (GOOD | {"state": "fine"}, "wrong_type", "/state"),
        (GOOD | {"sha256": "short"}, "wrong_type", "/sha256"),
        (GOOD | {"ocid": " "}, "wrong_type", "/ocid"),
        (GOOD | {"facts": [{"name": "value", "value": True, "page": 1}]}, "wrong_type", None),
    ],
)
def test_what_can_not_be_used_is_refused_with_path_and_reason(document: Any, code: str, path: str | None) -> None:
    found = judged(document)
    assert isinstance(found, RefusedElement)
    assert found.code == code
    assert found.reason
    assert path is None or found.path == path


def test_a_document_nested_too_deep_is_refused() -> None:
    deep = b'{"id":"1","filename":"a","x":' + b"[" * 300 + b"]" * 300 + b"}"
    found = judged(deep)
    assert isinstance(found, RefusedElement)
    assert found.code == "too_deep"


def test_the_uploads_ocid_is_added_and_does_not_replace_the_documents_own() -> None:
    assert orjson.loads(with_ocid(b'{"filename": "a"}', "X")) == {"filename": "a", "ocid": "X"}
    assert orjson.loads(with_ocid(b'{"ocid": "own"}', "X")) == {"ocid": "own"}
