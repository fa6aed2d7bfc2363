"""Searches over HTTP: codes in every spelling, ids as displayed, words of any script, and queries without words."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.api.conftest import Api, started
from tests.api.releases import release

BARE, CHECKED, OTHER = "ocds-cpv001-1", "ocds-cpv001-2", "ocds-cpv001-3"
FIRM = "ocds-cpv001:kumquat-interiors-teoranta"


@pytest.fixture(scope="module")
def coded(fresh: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """Processes whose codes have or lack their check digit, and a supplier whose id is made of its name."""
    made = [
        release(BARE, "図書館の屋根の修理工事", "2024-01-10T10:00:00Z", 5.0, "GBP", "open", "45233142"),
        release(CHECKED, "Road marking", "2024-02-10T10:00:00Z", 7.0, "GBP", "open", "45233142-6"),
        release(OTHER, "Pens and buses", "2024-03-10T10:00:00Z", 9.0, "GBP", "open", "30192000-1"),
    ]
    made[2]["parties"][1] = {"id": "local-7", "name": "Kumquat Interiors Teoranta", "roles": ["supplier"]}
    made[2]["awards"][0]["suppliers"] = [{"id": "local-7", "name": "Kumquat Interiors Teoranta"}]
    with started(fresh, tmp_path_factory.mktemp("coded") / "data") as api:
        api.client.post(
            "/v1/uploads?filename=coded.jsonl", content=b"\n".join(json.dumps(one).encode() for one in made)
        )
        api.work()
        yield api


def found(api: Api, path: str, **query: Any) -> dict[str, Any]:
    answer = api.client.get(path, params=query)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


SPELLINGS = ["45233142", "45233142-6", "CPV:45233142", "CPV:45233142-6", "cpv:45233142"]


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", ["classification", "q"])
def test_filter_and_query_take_a_code_in_any_spelling(coded: Api, name: str, spelling: str) -> None:
    assert {hit["id"] for hit in found(coded, "/v1/search", mode="keyword", **{name: spelling})["hits"]} == {
        BARE,
        CHECKED,
    }


def test_a_division_is_one_with_its_scheme_too(coded: Api) -> None:
    for division in ("45", "CPV:45"):
        assert found(coded, "/v1/search", classification=division)["found"] == 2


def test_the_facet_of_codes_counts_the_spellings_as_one(coded: Api) -> None:
    counts = {one["value"]: one["count"] for one in found(coded, "/v1/search", facet_by="codes")["facets"]["codes"]}
    assert counts == {"45233142": 2, "30192000": 1}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize(
    ("path", "name", "expected"),
    [
        ("/v1/gold/processes", "classification", 2),
        ("/v1/gold/facts/process", "classification.code", 2),
        ("/v1/gold/facts/process", "classification.code__prefix", 2),
        ("/v1/gold/facts/item", "classification.code", 2),
        ("/v1/gold/dimensions/classification", "code", 2),
    ],
)
def test_gold_takes_a_code_in_any_spelling(coded: Api, path: str, name: str, expected: int, spelling: str) -> None:
    assert len(found(coded, path, **{name: spelling})["items"]) == expected


@pytest.mark.parametrize("query", [{"mode": "keyword"}, {}])
def test_an_organisation_is_found_by_its_id(coded: Api, query: dict[str, str]) -> None:
    assert [hit["id"] for hit in found(coded, "/v1/search", collection="organizations", q=FIRM, **query)["hits"]] == [
        FIRM
    ]
    assert [hit["id"] for hit in found(coded, "/v1/search", q=FIRM, **query)["hits"]] == [OTHER]


def test_counts_and_pages_are_whole_numbers(coded: Api) -> None:
    answer = found(coded, "/v1/search", collection="organizations", q=FIRM, facet_by="role")
    document = answer["hits"][0]["document"]
    numbers = [
        answer["found"],
        answer["page"],
        answer["facets"]["role"][0]["count"],
        document["processes"],
        document["awards"],
    ]
    assert [(number, type(number)) for number in numbers] == [(1, int)] * 5


@pytest.mark.parametrize("mode", ["keyword", "hybrid", "semantic"])
@pytest.mark.parametrize("text", ["%", "🙂", "-", '""', "b" * 300, "b" * 10_000])
def test_what_is_no_word_finds_nothing_and_is_told(coded: Api, text: str, mode: str) -> None:
    answer = found(coded, "/v1/search", q=text, mode=mode, facet_by="buyer")
    assert (answer["found"], answer["hits"], answer["facets"], answer["mode"]) == (0, [], {"buyer": []}, mode)
    assert answer["notes"]
    assert found(coded, "/v1/search/suggest", q=text)["items"] == []


def test_an_empty_query_lists_all_and_a_long_one_is_cut(coded: Api) -> None:
    assert (found(coded, "/v1/search", q=" ")["found"], found(coded, "/v1/search", q=" ")["notes"]) == (3, [])
    long = found(coded, "/v1/search", q="marking " * 200, mode="keyword")
    assert [hit["id"] for hit in long["hits"]] == [CHECKED]
    assert long["notes"][0].startswith("only the first 1,000 characters")


@pytest.mark.parametrize(
    ("text", "expected"), [("屋根", [BARE]), ("bus", [OTHER]), ("pens -bus", []), ("-図書館 -bus", [CHECKED])]
)
def test_words_are_found_inside_sentences_and_in_either_number(coded: Api, text: str, expected: list[str]) -> None:
    assert [hit["id"] for hit in found(coded, "/v1/search", q=text, mode="keyword")["hits"]] == expected
