"""Validates each input in tests/golden/judge against its `…-judged.json`, and cases that files can't show."""

import json
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.ocds.validation import REFUSALS, validate_release_element
from domain.raw_records.identity import release_record_id
from domain.raw_records.note_codes import NOTES
from domain.raw_records.record import AcceptedRecord, RefusedElement, SourceLocation, ValidationResult

GOLDEN = Path(__file__).parents[2] / "golden" / "judge"
CASES = sorted(path.stem for path in GOLDEN.glob("*.json") if not path.stem.endswith("-judged"))
PLACE = SourceLocation(file="golden.json", line=1, offset=0)
RELEASE: dict[str, Any] = {"ocid": "ocds-213czf-1", "id": "1", "date": "2024-03-01T09:00:00Z", "tag": ["tender"]}
NOT_THE_JUDGES = {"compiled_supersedes", "repeated_release_id", "integer_id", "merge_conflict", "award_not_found"} | {
    "award_status_unknown",
    "organization_differs",
    "party_not_found",
    "whitespace_removed",
    "too_large",
    "truncated_file",
    "numeric_date",
    "digits_lost",
}


def shown(judgement: ValidationResult) -> dict[str, Any]:
    if isinstance(judgement, RefusedElement):
        return {
            "refused": judgement.code,
            "at": judgement.place.path,
            "path": judgement.path,
            "reason": judgement.reason,
            "ocid": judgement.ocid,
        }
    notes = [f"{note.code} {note.path}: {note.message}" for note in judgement.notes]
    date = judgement.date.isoformat() if judgement.date else None
    return {
        "accepted": judgement.record_id,
        "at": judgement.place.path,
        "date": date,
        "notes": notes,
        "payload": orjson.loads(judgement.payload),
    }


def judged(release: Any) -> ValidationResult:
    (judgement,) = validate_release_element(
        release if isinstance(release, bytes) else json.dumps(release).encode(), PLACE
    )
    return judgement


@pytest.mark.parametrize("case", CASES)
def test_each_golden_input_is_judged_as_its_neighbour_says(case: str) -> None:
    raw = (GOLDEN / f"{case}.json").read_bytes()
    expected = json.loads((GOLDEN / f"{case}-judged.json").read_text(encoding="utf-8"))
    assert [shown(judgement) for judgement in validate_release_element(raw, PLACE)] == expected


def test_every_code_has_a_golden_case_but_those_that_only_bytes_can_show() -> None:
    shown_codes = "".join((GOLDEN / f"{case}-judged.json").read_text(encoding="utf-8") for case in CASES)
    by_bytes = {"invalid_utf8", "too_deep"}
    assert not [code for code in {*NOTES, *REFUSALS} - NOT_THE_JUDGES - by_bytes if code not in shown_codes]


def test_a_repaired_release_is_judged_good_and_unchanged_the_second_time() -> None:
    for case in CASES:
        for first in validate_release_element((GOLDEN / f"{case}.json").read_bytes(), PLACE):
            if isinstance(first, AcceptedRecord):
                again = judged(first.payload)
                assert isinstance(again, AcceptedRecord)
                assert (again.payload, again.record_id, again.content_hash, again.date) == (
                    first.payload,
                    first.record_id,
                    first.content_hash,
                    first.date,
                )


def test_the_order_of_keys_and_the_white_space_do_not_change_the_hash() -> None:
    shuffled = json.dumps(dict(reversed(RELEASE.items())), indent=4).encode()
    one, other = judged(RELEASE), judged(shuffled)
    assert isinstance(one, AcceptedRecord)
    assert isinstance(other, AcceptedRecord)
    assert one.content_hash == other.content_hash
    assert len(one.content_hash) == 16


def test_bytes_that_are_not_utf8_are_refused_with_their_offset_in_the_file() -> None:
    raw = json.dumps(RELEASE | {"title": "cafX"}).encode().replace(b"cafX", b"caf\xe9")
    (refused,) = validate_release_element(raw, SourceLocation(file="a.json", line=3, offset=1_000))
    assert isinstance(refused, RefusedElement)
    assert refused.code == "invalid_utf8"
    assert f"0xE9 at offset {1_000 + raw.index(0xE9)}" in refused.reason


@pytest.mark.parametrize("depth", [300, 1_000, 5_000, 200_000])
@pytest.mark.parametrize("suspicious", ["", "\\u0000"])
def test_nesting_without_end_is_refused_and_nothing_breaks(depth: int, suspicious: str) -> None:
    nested = '{"id": 5, "x": ' * depth + f'"{suspicious}"' + "}" * depth
    refused = judged(json.dumps(RELEASE).replace('"tag"', f'"deep": {nested}, "tag"').encode())
    assert isinstance(refused, RefusedElement)
    assert refused.code == "too_deep"


def test_a_release_without_id_gets_the_same_one_each_time_and_another_for_other_content() -> None:
    nameless = {key: value for key, value in RELEASE.items() if key != "id"}
    first, again, other = (
        judged(release) for release in (nameless, dict(reversed(nameless.items())), nameless | {"language": "en"})
    )
    assert isinstance(first, AcceptedRecord)
    assert isinstance(again, AcceptedRecord)
    assert isinstance(other, AcceptedRecord)
    assert first.record_id == again.record_id != other.record_id


def test_a_refused_release_shows_its_beginning_and_not_that_of_its_package() -> None:
    package = {"publisher": {"name": "P" * 3_000}, "releases": [RELEASE | {"buyer": "x", "ocid": "ocds-213czf-9"}]}
    refused = judged(package)
    assert isinstance(refused, RefusedElement)
    assert refused.place.path == "/releases/0"
    assert refused.ocid == "ocds-213czf-9"
    assert refused.excerpt.startswith('{"buyer":"x"')
    assert len(judged(RELEASE | {"ocid": 5, "title": "x" * 9_000}).excerpt) == 2_000  # type: ignore[union-attr]


def test_an_empty_package_holds_nothing_to_judge() -> None:
    assert validate_release_element(b'{"releases": []}', PLACE) == []
    assert validate_release_element(b'{"records": []}', PLACE) == []
    assert validate_release_element(b"[]", PLACE) == []


def test_fields_that_no_model_knows_are_kept_as_they_are() -> None:
    extra = {"x": {"y": [1, 2.5, None, {"z": "é\u2028"}]}}
    accepted = judged(RELEASE | {"extension": extra, "tender": {"extension": extra}})
    assert isinstance(accepted, AcceptedRecord)
    payload = orjson.loads(accepted.payload)
    assert payload["extension"] == payload["tender"]["extension"] == extra
    assert accepted.notes == ()


@given(st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1)), min_size=2, max_size=2, unique=True))
def test_two_pairs_of_ids_never_share_a_record_id(pairs: list[tuple[str, str]]) -> None:
    first, second = (release_record_id(*pair) for pair in pairs)
    assert first != second
    assert first.isascii()
    assert not set(first) & set("/?#%&+ \x00")


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["id", "amount", "0", "items", "value", "url", "x"]), inner, max_size=3)
    ),
    max_leaves=12,
)
FIELDS = [
    "ocid",
    "id",
    "date",
    "tag",
    "parties",
    "buyer",
    "tender",
    "awards",
    "contracts",
    "bids",
    "releases",
    "compiledRelease",
    "records",
    "url",
]


@given(st.dictionaries(st.sampled_from(FIELDS), json_values, max_size=5), st.booleans())
def test_whatever_comes_is_accepted_or_refused_and_never_raises(fields: dict[str, Any], proper: bool) -> None:
    raw = json.dumps((RELEASE if proper else {}) | fields).encode()
    for judgement in validate_release_element(raw, PLACE):
        if isinstance(judgement, AcceptedRecord):
            assert judged(judgement.payload) is not None
            assert orjson.loads(judgement.payload)["ocid"] == judgement.ocid
        else:
            assert judgement.code in REFUSALS
            assert judgement.reason


def test_how_json_is_spaced_makes_no_other_record_of_it() -> None:
    release: dict[str, Any] = {
        "ocid": "ocds-test01-1",
        "id": 7,
        "date": "2024-01-01T00:00:00Z",
        "tag": ["tender"],
        "relatedProcesses": [{"id": 9}],
    }
    release |= {"tender": {"id": "t", "amendments": [{"id": 3}], "milestones": [{"id": 4, "relatedLots": [1]}]}}
    texts = [
        json.dumps(release, separators=separators).encode()
        for separators in ((",", ":"), (", ", " : "), (",", "\t:\n"))
    ]
    (first, *others) = [validate_release_element(text, SourceLocation(file=""))[0] for text in texts]
    assert isinstance(first, AcceptedRecord)
    assert json.loads(first.payload)["relatedProcesses"] == [{"id": 9}]
    assert [one.content_hash for one in others if isinstance(one, AcceptedRecord)] == [first.content_hash] * 2
