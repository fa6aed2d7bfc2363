"""Questions to the star."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.releases import CLOUD, PENS, ROADS, release, releases


def ocids(api: Api, query: str) -> list[str]:
    answer = api.client.get(f"/v1/gold/processes?{query}")
    assert answer.status_code == 200, answer.text
    return [one["ocid"] for one in answer.json()["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [CLOUD, PENS, ROADS]),
        ("buyer=GB-LAE-ABC", [CLOUD, PENS, ROADS]),
        ("buyer=northshire county COUNCIL", [CLOUD, PENS, ROADS]),
        ("buyer=nobody", []),
        ("supplier=Bolt Ltd&method=open", [CLOUD, ROADS]),
        ("status=complete&method=open&method=selective", [CLOUD, PENS, ROADS]),
        ("method=selective", [PENS]),
        ("category=works&country=GB&region=Northshire", [CLOUD, PENS, ROADS]),
        ("source=ocds-aaaaaa", [PENS, ROADS]),
        ("currency=EUR", [CLOUD]),
        ("classification=45", [ROADS]),
        ("classification=45&classification=72000000", [CLOUD, ROADS]),
        ("classification=4_", []),
        ("amount_from=400&amount_to=1000", [CLOUD]),
        ("published_from=2024-02-10&published_to=2024-02-10", [PENS]),
        ("published_from=2024-02-10T10:00:00.5Z", [CLOUD]),
        ("sort=-amount", [ROADS, CLOUD, PENS]),
        ("sort=amount", [CLOUD, ROADS, PENS]),
        ("sort=published", [ROADS, PENS, CLOUD]),
    ],
)
def test_processes_are_filtered_and_sorted(full: Api, query: str, expected: list[str]) -> None:
    assert ocids(full, query) == expected


def test_names_are_found_whatever_their_case_accents_and_all(api: Api) -> None:
    made = release("ocds-aaaaaa-1", "Énergie", "2024-01-10T10:00:00Z", 5.0, "EUR", "open", "45233142")
    text = json.dumps(made).replace("Northshire County Council", "École Énergie")
    api.client.post("/v1/uploads?filename=one.json", content=text.encode())
    api.work()
    assert [ocids(api, f"buyer={name}") for name in ("École Énergie", "école énergie", "ÉCOLE ÉNERGIE")] == [
        ["ocds-aaaaaa-1"]
    ] * 3


@pytest.mark.parametrize(
    "sort",
    [
        "amount",
        "-amount",
        "title",
        "-currency.code,-amount",
        "procedure.method,ocid",
        "-last_published",
        "first_published_date.year",
        "",
    ],
)
def test_pages_of_any_order_join_to_the_whole(full: Api, sort: str) -> None:
    whole = full.client.get(f"/v1/gold/facts/process?sort={sort}").json()
    assert whole["next"] is None
    seen: list[Any] = []
    url: str | None = f"/v1/gold/facts/process?sort={sort}&limit=1"
    while url:
        page = full.client.get(url).json()
        seen += page["items"]
        url = page["next"]
    assert seen == whole["items"]
    assert len(seen) == 3


def test_a_process_comes_with_all_that_hangs_on_it(full: Api) -> None:
    listed = full.client.get("/v1/gold/processes?currency=EUR").json()["items"][0]
    for path in (listed["links"]["self"], f"/v1/gold/processes/{CLOUD}"):
        found = full.client.get(path).json()
        assert found["buyer"]["name"] == "Northshire County Council"
        assert found["procuring_entity"] is None
        assert [award["amount"] for award in found["awards"]] == [400.0]
        assert [(one["name"], one["amount"]) for one in found["awards"][0]["suppliers"]] == [
            ("Acme, Smith Ltd", 200.0),
            ("Bolt Ltd", 200.0),
        ]
        assert found["contracts"][0]["award_id"] == "a1"
        assert found["items"][0]["classification"]["code"] == "72000000"
        assert {party["name"]: party["roles"] for party in found["parties"]}["Bolt Ltd"] == ["supplier"]
        assert listed.items() <= found.items()


def test_the_compiled_release_keeps_every_field(full: Api) -> None:
    for ocid, sent in zip((ROADS, PENS, CLOUD), releases(), strict=True):
        answer = full.client.get(f"/v1/gold/processes/{ocid}/compiled")
        assert answer.headers["content-type"] == "application/json"
        compiled = answer.json()
        assert compiled["tag"] == ["compiled"]
        assert {name: compiled[name] for name in ("ocid", "x_unknown", "tender", "awards")} == {
            name: sent[name] for name in ("ocid", "x_unknown", "tender", "awards")
        }


def test_a_process_that_is_not_there_is_a_404(full: Api) -> None:
    for path in (
        "/v1/gold/processes/nothing",
        "/v1/gold/processes/nothing/compiled",
        "/v1/gold/facts/bids",
        "/v1/gold/dimensions/colour",
        "/v1/jobs/none",
    ):
        answer = full.client.get(path)
        assert answer.status_code == 404
        assert answer.json()["title"] == "Not found"


@pytest.mark.parametrize(
    ("fact", "query", "expected"),
    [
        ("award", "", 6),
        ("award", "currency.code=GBP", 2),
        ("award", "amount__gte=200&amount__lte=500.25", 4),
        ("award", "supplier=GB-COH-1", 3),
        ("award", "supplier.name=Acme, Smith Ltd&currency.code=EUR", 1),
        ("award", "amount__null=true", 2),
        ("award", "date.year=2024&date.month=1", 2),
        ("award", "process.title__prefix=Cloud", 2),
        ("award", "award_date=2024-01-10", 2),
        ("award", "award_id__in=a1,a2&currency.code__in=GBP", 2),
        ("award", "supplier__in=GB-COH-1", 3),
        ("award", "date.year__in=2023,2024&date.month=1", 2),
        ("award", "process.title__like=%SERVICES", 2),
        ("award", "process.title__like=cloud%&process.title__like=_ens%", 4),
        ("award", "process.title__like=cloud_", 0),
        ("process", "title__like=%25\\%25%25", 0),
        ("process", "tender_start_date.year__null=true", 3),
        ("process", "last_published=2024-02-10", 1),
        ("process", "last_published=2024-02-10&last_published=2024-01-10", 2),
        ("process", "last_published=2024-02-10&last_published=2024-01-10T10:00:00Z&last_published=1999-01-01", 2),
        ("process", "last_published__gte=2024-03-01&last_published=2024-02-10", 0),
        ("process", "last_published=2024-02-10&last_published__gte=2024-02-10", 1),
        ("process", "buyer.country=GB&title__prefix=Pens", 1),
        ("contract", "contract_id=c1", 3),
        ("item", "classification.division=45", 1),
        ("item", "level=tender&quantity=2", 3),
    ],
)
def test_facts_are_filtered_by_fields_and_dimensions(full: Api, fact: str, query: str, expected: int) -> None:
    answer = full.client.get(f"/v1/gold/facts/{fact}?{query}")
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["items"]) == expected


def test_surrogate_keys_are_text_and_lead_from_facts_to_dimensions(full: Api) -> None:
    award = full.client.get("/v1/gold/facts/award?sort=-amount&limit=1").json()["items"][0]
    assert isinstance(award["supplier_key"], str)
    found = full.client.get(f"/v1/gold/dimensions/organization?organization_key={award['supplier_key']}").json()[
        "items"
    ]
    assert [one["name"] for one in found] == [award["supplier"]["name"]]


@pytest.mark.parametrize(
    ("dimension", "query", "expected"),
    [
        ("date", "year=2024&month=2", 29),
        ("organization", "is_current=true&name__prefix=Acme", 1),
        ("procedure", "", 2),
        ("classification", "class=4523", 1),
        ("location", "country=GB", 1),
        ("currency", "code=EUR", 1),
        ("source", "", 2),
        ("status", "of=award", 1),
    ],
)
def test_dimensions_can_be_listed(full: Api, dimension: str, query: str, expected: int) -> None:
    answer = full.client.get(f"/v1/gold/dimensions/{dimension}?{query}")
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["items"]) == expected


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/gold/facts/award?amuont=1", 400),
        ("/v1/gold/facts/award?amount__gte=abc", 400),
        ("/v1/gold/facts/award?amount__gte=nan", 400),
        ("/v1/gold/facts/award?amount__gte=1&amount__gte=2", 400),
        ("/v1/gold/facts/award?position=99999999999999999999", 400),
        ("/v1/gold/facts/award?position=9223372036854775808", 400),
        ("/v1/gold/facts/award?position=٣", 400),
        ("/v1/gold/facts/award?award_date__gte=yesterday", 400),
        ("/v1/gold/facts/award?award_date__gte=0001-01-01T00:00:00%2B14:00", 400),
        ("/v1/gold/facts/award?amount__prefix=1", 400),
        ("/v1/gold/facts/award?amount__like=1%25", 400),
        ("/v1/gold/facts/award?title__like=a%5C", 400),
        ("/v1/gold/facts/award?title__in=,", 400),
        ("/v1/gold/facts/award?amount__in=1,x", 400),
        ("/v1/gold/facts/award?buyer__like=A%25", 400),
        ("/v1/gold/facts/award?buyer__gte=1", 400),
        ("/v1/gold/facts/award?amount__drop=1", 400),
        ("/v1/gold/facts/award?sort=colour", 400),
        ("/v1/gold/facts/award?sort=amount,-amount", 400),
        ("/v1/gold/facts/award?cursor=rubbish", 400),
        ("/v1/gold/facts/award?cursor=W10", 400),
        ("/v1/gold/facts/award?cursor=WyIiLG51bGxd", 400),
        ("/v1/gold/facts/award?cursor=WyIiLFtdXQ", 400),
        ("/v1/gold/facts/award?cursor=ü", 400),
        ("/v1/gold/facts/award?limit=0", 422),
        ("/v1/gold/facts/award?limit=-1", 422),
        ("/v1/gold/facts/award?limit=1001", 422),
        ("/v1/gold/facts/award?limit=99999999999999999999999", 422),
        ("/v1/gold/processes?amount_from=inf", 422),
        ("/v1/gold/processes?amount_from=1e999", 422),
        ("/v1/gold/processes?published_from=2024-13-01", 422),
        ("/v1/gold/processes?colour=red", 400),
        ("/v1/gold/processes?sort=colour", 400),
        ("/v1/jobs?cursor=WyJ4IiwieSJd", 400),
        ("/v1/jobs?cursor=WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwieSJd", 400),
        ("/v1/jobs?status=odd", 422),
        ("/v1/search?page=0", 422),
        ("/v1/search?page=100000&per_page=100", 400),
        ("/v1/search?sort=colour", 400),
        ("/v1/search?facet_by=title", 400),
        ("/v1/search?collection=organizations&buyer=x", 400),
        ("/v1/search?collection=things", 422),
        ("/v1/search?classification=45,72000000", 400),
        ("/v1/search?q=%00", 400),
        ("/v1/search?q=%ff", 400),
        ("/v1/gold/processes/%00", 400),
        ("/v1/gold/processes/a%0Ab", 400),
        ("/v1/gold/processes/%ed%a0%80", 400),
        ("/nowhere", 404),
        ("/v1/raw/releases?cursor=WyJhXHUwMDAwIl0", 400),
        ("/v1/gold/processes?" + "&".join(f"classification={n}full" for n in range(1_200)), 400),
        ("/v1/gold/facts/process?" + "&".join(f"title__prefix={n}full" for n in range(1_200)), 400),
        ("/v1/gold/facts/process?last_published__within=2024-01-01", 400),
        ("/v1/uploads", 405),
    ],
)
def test_what_the_caller_got_wrong_is_a_problem_of_the_4xx(full: Api, path: str, status: int) -> None:
    answer = full.client.get(path)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["title"]
    assert problem["detail"]


def test_a_wrong_name_is_answered_with_the_right_ones(full: Api) -> None:
    assert "amount" in full.client.get("/v1/gold/facts/award?amuont=1").json()["allowed"]
    assert full.client.get("/v1/gold/facts/bids").json()["allowed"] == [
        "process",
        "award",
        "contract",
        "item",
        "bid",
        "transaction",
        "amendment",
        "document",
        "note",
        "red_flag",
    ]
    assert "buyer" in full.client.get("/v1/gold/processes?buyr=1").json()["allowed"]
    wrong = full.client.get("/v1/gold/processes?limit=x&amount_to=y").json()["errors"]
    assert [(one["where"], one["got"]) for one in wrong] == [("query.amount_to", "y"), ("query.limit", "x")]


def test_what_changed_since_an_instant_is_listed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2024, 1, 1, tzinfo=UTC)
    for module in ("services.pipeline.publishing.processes", "services.pipeline.publishing.exchange_rates"):
        monkeypatch.setattr(f"{module}.now", lambda: at)

    def changed(path: str, since: str) -> set[str]:
        answer = api.client.get(f"/v1/gold/{path}?updated_since={since}")
        assert answer.status_code == 200, answer.text
        return {one["ocid"] for one in answer.json()["items"]}

    for one in releases():
        api.client.post("/v1/uploads?filename=one.json", content=json.dumps(one).encode())
        api.work()
        at += timedelta(days=1)
    assert changed("processes", "2024-01-02") == {PENS, CLOUD}
    assert changed("facts/award", "2024-01-03") == {CLOUD}
    assert changed("facts/process", "2024-01-03T00:00:30Z") == {CLOUD}  # it may have been written a little later
    assert changed("facts/process", "2024-01-03T00:02:00Z") == set()
    rate = {"date": "2024-01-10", "base": "EUR", "currency": "GBP", "rate": 0.86}
    assert api.client.post("/v1/raw/exchange-rates", json=rate).status_code == 202
    api.work()
    assert changed("facts/process", "2024-01-04") == {ROADS}  # the only one in GBP that is older than the rate
    row = api.client.get(f"/v1/gold/processes/{ROADS}").json()
    assert (row["updated_at"], row["amount_base"] is None) == ("2024-01-04T00:00:00Z", False)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("country_code=GB", ["ocds-aaaaaa-1", "ocds-aaaaaa-2"]),
        ("country_code=FR", ["ocds-aaaaaa-3"]),
        ("region_code=UKM", ["ocds-aaaaaa-2"]),
        ("region_code=UKM82&region_code=UKI", ["ocds-aaaaaa-1", "ocds-aaaaaa-2"]),
    ],
)
def test_places_are_found_by_codes_however_they_are_written(api: Api, query: str, found: list[str]) -> None:
    places = [("United Kingdom", "London"), (None, "UKM82"), ("France", "Corse")]
    made = [
        {"ocid": f"ocds-aaaaaa-{number}", "id": "1", "date": f"2024-01-0{number}T00:00:00Z", "tag": ["tender"]}
        | {"tender": {"items": [{"id": "1", "deliveryAddress": {"countryName": country, "region": region}}]}}
        for number, (country, region) in enumerate(places, 1)
    ]
    api.client.post("/v1/uploads?filename=one.json", content=json.dumps({"releases": made}).encode())
    api.work()
    assert sorted(ocids(api, query)) == found
    rows = api.client.get("/v1/gold/facts/item/aggregate?measure=count&by=location.country_code").json()["items"]
    assert [(row["location.country_code"], row["count"]) for row in rows] == [("FR", 1), ("GB", 2)]
