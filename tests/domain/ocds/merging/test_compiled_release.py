import json
import warnings
from copy import deepcopy
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import ocdsmerge
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.ocds.merging.compiled_release import OMITTED, CompiledRelease, ReleaseSource, compile_releases, ocds_merger
from domain.ocds.merging.inspection import inspect_release
from domain.ocds.merging.party_entries import merge_duplicate_parties
from domain.ocds.merging.rules import OCDS_1_1, Rules, rules_of

GOLDEN = Path(__file__).parents[3] / "golden" / "compile"
OCID = "ocds-213czf-1"
Release = dict[str, Any]


def source(release: Release, at: datetime | None = None) -> ReleaseSource:
    return ReleaseSource(
        f"{OCID}:{release['id']}", orjson.dumps(release), at or datetime.fromisoformat(release["date"])
    )


def releases(*bodies: Release) -> list[Release]:
    return [
        {"ocid": OCID, "id": str(n), "date": f"2024-01-{n:02d}T00:00:00+00:00", "tag": ["tender"], **body}
        for n, body in enumerate(bodies, 1)
    ]


def compiled(*bodies: Release) -> tuple[Release, CompiledRelease]:
    made = compile_releases([source(release) for release in releases(*bodies)])
    return orjson.loads(made.release), made


scalar = (
    st.none()
    | st.text(max_size=4)
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.booleans()
)
words = st.lists(st.text(max_size=3), max_size=3)
ids = st.sampled_from(["1", "2", "a/b", "", 1, 2, 7])


def objects(depth: int, *, with_id: bool) -> st.SearchStrategy[Release]:
    fields: dict[str, st.SearchStrategy[Any]] = {"title": scalar, "value": scalar, "words": words}
    if with_id:
        fields["id"] = ids
    if depth:
        fields |= {
            "unit": objects(depth - 1, with_id=False),
            "items": st.lists(objects(depth - 1, with_id=True), max_size=3),
        }
    return st.fixed_dictionaries({}, optional=fields)


party = st.fixed_dictionaries(
    {"id": ids},
    optional={
        "name": scalar,
        "roles": words,
        "additionalIdentifiers": st.lists(objects(1, with_id=True), max_size=2),
        "address": objects(0, with_id=False),
    },
)
zones = st.sampled_from([-480, -60, 0, 60, 330, 840])


@st.composite
def histories(draw: st.DrawFn) -> list[tuple[datetime, Release]]:
    """Generated releases of a process: dates with mixed UTC offsets, out of order, some equal."""
    found = []
    for number in range(draw(st.integers(1, 4))):
        at = datetime(2024, 1, 1, tzinfo=UTC) + timedelta(hours=draw(st.integers(0, 20)))
        body = draw(
            st.fixed_dictionaries(
                {},
                optional={
                    "tag": words,
                    "language": scalar,
                    "parties": st.lists(party, max_size=3),
                    "tender": objects(2, with_id=False),
                    "awards": st.lists(objects(2, with_id=True), max_size=3),
                    "extra": st.lists(objects(1, with_id=True), max_size=3),
                },
            )
        )
        text = at.astimezone(timezone(timedelta(minutes=draw(zones)))).isoformat()
        found.append((at, {"ocid": OCID, "id": f"r{number}", "date": text, **body}))
    return found


def merge_rules(rules: Rules) -> dict[tuple[str, ...], str]:
    """The rules in the form of the reference implementation."""
    return dict.fromkeys(rules.replaced, "wholeListMerge") | {(name,): "omitWhenMerged" for name in OMITTED}


def mixed(history: list[tuple[datetime, Release]]) -> bool:
    """Whether the same ids occur as numbers and as strings, which the reference implementation treats as different."""
    text = json.dumps([release for _, release in history])
    return any(f'"id": {number}' in text and f'"id": "{number}"' in text for number in (1, 2))


@settings(max_examples=150, deadline=None)
@given(histories())
def test_compiled_releases_are_those_of_the_merger_and_of_the_reference(
    history: list[tuple[datetime, Release]],
) -> None:
    ordered = sorted(history, key=lambda one: one[0])
    made = orjson.loads(compile_releases([source(release, at) for at, release in ordered]).release)
    ranked = [
        {**merge_duplicate_parties(deepcopy(release)), "date": f"{rank:06d}"}
        for rank, (_, release) in enumerate(ordered)
    ]
    which = rules_of([release for _, release in ordered], [None])
    newest = ordered[-1][1]["date"]
    told = {"date": newest, "id": f"{OCID}-{newest}"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fast = ocds_merger(which).create_compiled_release(deepcopy(ranked))
        reference = ocdsmerge.Merger(merge_rules=merge_rules(which)).create_compiled_release(deepcopy(ranked))
    if not mixed(history):
        assert made == reference | told
        assert made == fast | told


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-2, 2) | st.text(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "a", "b", "a/b", ""]), inner, max_size=3)
    ),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(["x", "y", "parties"]), anything, max_size=3), min_size=1, max_size=4))
def test_nothing_in_unmodelled_fields_makes_compiling_fail(bodies: list[Release]) -> None:
    release, made = compiled(*bodies)
    assert (release["ocid"], release["tag"]) == (OCID, ["compiled"])
    assert not any("stands alone" in note.message for note in made.notes)


def test_a_single_release_with_nothing_to_merge_never_meets_the_merger(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("domain.ocds.merging.compiled_release.ocds_merger", lambda _: pytest.fail("called"))
    release, _ = compiled(
        {"tender": {"items": [{"id": "1"}, {"id": "2"}]}, "parties": [{"id": "1", "roles": ["buyer"]}]}
    )
    assert release["tender"] == {"items": [{"id": "1"}, {"id": "2"}]}


@pytest.mark.parametrize(
    "body",
    [
        {"a": None},
        {"a": {}},
        {"a": []},
        {"a": [{"id": "1"}, {"id": "1"}]},
        {"a": [{"b": {}}]},
        {"a": [1, None]},
        {"a": [1, {"id": "2"}]},
    ],
)
def test_a_release_with_something_to_merge_is_seen(body: Release) -> None:
    assert not inspect_release(body, OCDS_1_1).nothing_to_merge


def test_the_last_of_two_elements_with_one_id_wins_and_the_release_is_named() -> None:
    release, made = compiled({"bids": {"details": [{"id": "1", "v": 1}, {"id": "1", "v": 2}]}})
    assert release["bids"] == {"details": [{"id": "1", "v": 2}]}
    assert [(note.code, note.path, note.record_id) for note in made.notes] == [
        ("duplicate_id", "/bids/details", f"{OCID}:1")
    ]


def test_ids_given_as_numbers_and_as_texts_mean_the_same_element() -> None:
    release, made = compiled({"lots": [{"id": 1, "a": "x"}, {"id": 2.0}]}, {"lots": [{"id": "1", "b": "y"}]})
    assert release["lots"] == [{"id": 1, "a": "x", "b": "y"}, {"id": "2"}]
    assert [(note.code, note.path, note.record_id) for note in made.notes] == [("number_as_text", "/lots", f"{OCID}:1")]


def test_where_releases_disagree_on_a_shape_the_newest_wins_and_the_rest_is_kept() -> None:
    release, made = compiled(
        {
            "tender": {
                "title": "t",
                "lots": [{"id": "a/b", "unit": "kg", "n": 1}, {"id": "2", "unit": "m"}, {"id": "3", "unit": "m"}],
            }
        },
        {"tender": {"lots": [{"id": "a/b", "unit": {"name": "kg"}}, {"id": "2", "unit": {"name": "m"}}]}},
        {"tender": {"lots": [{"id": "a/b", "unit": {"code": "KGM"}}]}},
    )
    lots = [
        {"id": "a/b", "n": 1, "unit": {"name": "kg", "code": "KGM"}},
        {"id": "2", "unit": {"name": "m"}},
        {"id": "3", "unit": "m"},
    ]
    assert release["tender"] == {"title": "t", "lots": lots}
    gave_way = [("merge_conflict", f"/tender/lots/{index}/unit", f"{OCID}:1") for index in (0, 1)]
    assert [(note.code, note.path, note.record_id) for note in made.notes] == gave_way


def test_tags_are_kept_in_order_of_first_appearance() -> None:
    _, made = compiled({"tag": ["planning", "tender"]}, {"tag": ["tender", "award"]}, {"tag": None})
    assert made.tags == ["planning", "tender", "award"]


def test_a_deeply_nested_release_compiles() -> None:
    deep: Any = {"end": 1}
    for _ in range(200):
        deep = {"in": deep}
    release, _ = compiled({"x": deep}, {"x": deep})
    assert release["x"] == deep


@pytest.mark.parametrize(
    "path",
    sorted(path for path in GOLDEN.glob("*.json") if not path.stem.endswith("-compiled")),
    ids=lambda path: path.stem,
)
def test_the_golden_histories_compile_as_recorded(path: Path) -> None:
    given_releases: list[Release] = json.loads(path.read_text("utf-8"))
    made = compile_releases(
        [source(release) for release in sorted(given_releases, key=lambda one: datetime.fromisoformat(one["date"]))]
    )
    expected = json.loads(path.with_name(f"{path.stem}-compiled.json").read_text("utf-8"))
    assert json.loads(made.release) == expected
