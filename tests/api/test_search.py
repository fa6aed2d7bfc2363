"""Searches over HTTP."""

import pytest

from tests.api.conftest import Api
from tests.api.releases import CLOUD, PENS, ROADS


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("q=roads", {ROADS}),
        ("q=resurfcing", {ROADS}),
        ("q=clou", {CLOUD}),
        ("q=", {ROADS, PENS, CLOUD}),
        ("q=&method=open,selective&classification=45,30", {ROADS, PENS}),
        ("q=&method=open&method=selective&source=Test", {ROADS, PENS, CLOUD}),
        ("q=&supplier=Acme, Smith Ltd", {ROADS, PENS, CLOUD}),
        ("q=&supplier=Acme", set()),
        ("q=&buyer_id=GB-LAE-ABC&classification=45,30", {ROADS, PENS}),
        ("q=&classification=72000000", {CLOUD}),
        ("q=&value_from=400&value_to=400", {CLOUD}),
        ("q=&published_from=2024-01-10&published_to=2024-02-10", {ROADS, PENS}),
        ("q=&status=complete&category=works&country=GB&region=Northshire&buyer=Northshire County Council", {ROADS, PENS, CLOUD}),
    ],
)
def test_processes_are_found_by_word_and_filter(full: Api, query: str, expected: set[str]) -> None:
    answer = full.client.get(f"/v1/search?{query}")
    assert answer.status_code == 200, answer.text
    assert {hit["id"] for hit in answer.json()["hits"]} == expected
    assert answer.json()["found"] == len(expected)


def test_answers_have_facets_highlights_pages_and_an_order(full: Api) -> None:
    answer = full.client.get("/v1/search?q=roads&facet_by=buyer,method").json()
    assert answer["hits"][0]["highlights"]["title"] == "Resurfacing of <mark>roads</mark>"
    assert answer["facets"]["method"] == [{"value": "open", "count": 1}]
    assert set(answer["facets"]) == {"buyer", "method"}
    assert {"found", "page", "per_page", "took_ms"} <= set(answer)
    pages = [full.client.get(f"/v1/search?sort=-published&per_page=1&page={page}").json()["hits"] for page in (1, 2, 3, 4)]
    assert [[hit["id"] for hit in page] for page in pages] == [[CLOUD], [PENS], [ROADS], []]


def test_organisations_are_found_too(full: Api) -> None:
    hits = full.client.get("/v1/search?q=northshire&collection=organizations&role=buyer").json()["hits"]
    assert [hit["id"] for hit in hits] == ["GB-LAE-ABC"]


def test_what_is_typed_is_completed(full: Api) -> None:
    assert full.client.get("/v1/search/suggest?q=resurf").json() == {"items": ["Resurfacing of roads"]}
    assert full.client.get("/v1/search/suggest?q=").json() == {"items": []}
