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
        (
            "q=&status=complete&category=works&country=GB&region=Northshire&buyer=Northshire County Council",
            {ROADS, PENS, CLOUD},
        ),
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
    pages = [
        full.client.get(f"/v1/search?sort=-published&per_page=1&page={page}").json()["hits"] for page in (1, 2, 3, 4)
    ]
    assert [[hit["id"] for hit in page] for page in pages] == [[CLOUD], [PENS], [ROADS], []]


def test_organisations_are_found_too(full: Api) -> None:
    hits = full.client.get("/v1/search?q=northshire&collection=organizations&role=buyer").json()["hits"]
    assert [hit["id"] for hit in hits] == ["GB-LAE-ABC"]


def test_what_is_typed_is_completed(full: Api) -> None:
    assert full.client.get("/v1/search/suggest?q=resurf").json() == {"items": ["Resurfacing of roads"]}
    assert full.client.get("/v1/search/suggest?q=").json() == {"items": []}


@pytest.mark.parametrize("path", ["/v1/search", "/v1/search/suggest"])
def test_who_is_calling_is_asked_before_what_is_asked(full: Api, path: str) -> None:
    assert full.stranger.get(f"{path}?limit=many&nonsense=1").status_code == 401


@pytest.mark.parametrize(
    ("path", "status", "where"),
    [
        ("/v1/search?per_page=101", 422, ["query.per_page"]),
        ("/v1/search?per_page=ten&mode=odd", 422, ["query.mode", "query.per_page"]),
        ("/v1/search?value_from=", 422, ["query.value_from"]),
        ("/v1/search?published_from=soon", 422, ["query.published_from"]),
        ("/v1/search/suggest", 422, ["query.q"]),
        ("/v1/search/suggest?q=a&limit=0", 422, ["query.limit"]),
        ("/v1/search?q=a&byer=b", 400, None),
        ("/v1/search/suggest?q=a&per_page=3", 400, None),
    ],
)
def test_parameters_that_make_no_sense_are_refused_by_name(
    full: Api, path: str, status: int, where: list[str] | None
) -> None:
    answer = full.client.get(path)
    assert answer.status_code == status
    body = answer.json()
    assert [one["where"] for one in body["errors"]] == where if where else body["parameter"] in body["detail"]
    assert where or "q" in body["allowed"]


def test_of_a_parameter_that_takes_one_value_the_last_counts(full: Api) -> None:
    assert full.client.get("/v1/search?q=roads&per_page=1&page=7&page=1").json()["page"] == 1


def test_the_parameters_are_described_one_by_one(full: Api) -> None:
    document = full.client.get("/openapi.json").json()
    search = {one["name"]: one for one in document["paths"]["/v1/search"]["get"]["parameters"]}
    assert search["buyer"]["schema"]["type"] == "array"
    assert search["per_page"]["schema"]["maximum"] == 100
    suggest = {one["name"]: one["required"] for one in document["paths"]["/v1/search/suggest"]["get"]["parameters"]}
    assert suggest == {"q": True, "collection": False, "limit": False}
