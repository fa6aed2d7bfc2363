"""Aggregates of facts over HTTP."""

from collections import Counter, defaultdict
from typing import Any

import orjson
import pytest

from tests.api.conftest import Api
from tests.api.releases import release

AWARD = "/v1/gold/facts/award/aggregate"


def groups(api: Api, path: str) -> list[dict[str, Any]]:
    answer = api.client.get(path)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", [{"count": 6}]),
        (
            "measure=sum:amount&by=currency.code",
            [
                {"currency.code": "EUR", "sum:amount": 400.0},
                {"currency.code": "GBP", "sum:amount": 1000.5},
                {"currency.code": None, "sum:amount": None},
            ],
        ),
        ("measure=sum:amount&currency.code=GBP", [{"sum:amount": 1000.5}]),
        (
            "measure=sum:amount,count,count:amount&currency.code=GBP&date.year=1990",
            [{"sum:amount": None, "count": 0, "count:amount": 0}],
        ),
        (
            "measure=count&measure=distinct:ocid&by=supplier.name",
            [
                {"supplier.name": "Acme, Smith Ltd", "count": 3, "distinct:ocid": 3},
                {"supplier.name": "Bolt Ltd", "count": 3, "distinct:ocid": 3},
            ],
        ),
        (
            "by=buyer.country,award_date.year,award_date.month&sort=-award_date.month",
            [
                {"buyer.country": "GB", "award_date.year": 2024, "award_date.month": month, "count": 2}
                for month in (3, 2, 1)
            ],
        ),
        (
            "measure=avg:amount,min:amount,max:amount&by=currency.code&having=max:amount__gte=300",
            [{"currency.code": "GBP", "avg:amount": 500.25, "min:amount": 500.25, "max:amount": 500.25}],
        ),
        (
            "by=currency.code&having=count__gte=2&having=count__lte=2&having=count=2&sort=-currency.code&limit=2",
            [{"currency.code": "GBP", "count": 2}, {"currency.code": "EUR", "count": 2}],
        ),
        ("by=currency.code&having=count=3", []),
        ("by=process.title&process.title__prefix=Cloud", [{"process.title": "Cloud services", "count": 2}]),
    ],
)
def test_groups_have_their_measures(full: Api, query: str, expected: list[dict[str, Any]]) -> None:
    assert groups(full, f"{AWARD}?{query}") == expected


@pytest.mark.parametrize(
    ("fact", "query", "expected"),
    [
        ("process", "measure=sum:awards&by=procedure.method", [("open", 2), ("selective", 1)]),
        (
            "item",
            "measure=sum:quantity&by=unit,classification.division",
            [(None, "30", 2.0), (None, "45", 2.0), (None, "72", 2.0)],
        ),
        (
            "contract",
            "measure=sum:amount&by=currency.code,signed_date.quarter",
            [("EUR", 1, 400.0), ("GBP", 1, 1000.5), (None, 1, None)],
        ),
    ],
)
def test_every_fact_is_aggregated(full: Api, fact: str, query: str, expected: list[tuple[Any, ...]]) -> None:
    found = groups(full, f"/v1/gold/facts/{fact}/aggregate?{query}")
    assert [tuple(row.values()) for row in found] == expected


@pytest.mark.parametrize("sort", ["", "sum:amount", "-sum:amount", "-process.title", "-count", "award_date"])
def test_pages_join_to_the_whole(full: Api, sort: str) -> None:
    path = f"{AWARD}?measure=sum:amount,count&by=currency.code,process.title,award_date&sort={sort}"
    whole = groups(full, path)
    assert len(whole) == 3
    seen: list[dict[str, Any]] = []
    url: str | None = f"{path}&limit=1"
    while url:
        page = full.client.get(url).json()
        seen += page["items"]
        url = page["next"]
    assert seen == whole


def test_measures_equal_those_of_the_rows(full: Api) -> None:
    rows = full.client.get("/v1/gold/facts/award?limit=1000").json()["items"]
    counted = Counter((row["currency"]["code"], row["supplier"]["name"]) for row in rows)
    summed: dict[tuple[Any, Any], float] = defaultdict(float)
    for row in rows:
        summed[row["currency"]["code"], row["supplier"]["name"]] += row["amount"] or 0
    for group in groups(full, f"{AWARD}?measure=count,sum:amount&by=currency.code,supplier.name"):
        name = (group["currency.code"], group["supplier.name"])
        assert (counted[name], summed[name]) == (group["count"], group["sum:amount"] or 0)


@pytest.mark.parametrize(
    ("query", "parameter", "words"),
    [
        ("measure=sum:amount", "measure", "would mix values of different currency.code"),
        ("measure=max:award_amount&currency.code=GBP&currency.code=EUR", "measure", "would mix"),
        ("having=avg:amount__gte=3", "measure", "would mix"),
        ("measure=sum:award_amount&by=currency.code", "measure", "can't be summed"),
        ("measure=sum:rate", "measure", "can't be summed"),
        ("measure=sum:title", "measure", "no number"),
        ("measure=median:amount", "measure", "is no measure"),
        ("measure=sum", "measure", "is no measure"),
        ("measure=sum:nothing", "measure", "there is no field nothing"),
        ("measure=sum:amount) from users--&by=currency.code", "measure", "there is no field"),
        ("measure=count:supplier", "measure", "there is no field supplier"),
        ("by=supplier", "by", "there is no field supplier to group by"),
        ("by=award_key", "by", "there is no field"),
        ("by=currency.code,1; drop table users", "by", "there is no field"),
        ("by=ocid,title,position,award_id,currency.code,supplier.name,buyer.name", "by", "at most 6"),
        (
            "measure="
            + ",".join(f"{one}:suppliers" for one in ("min", "max", "avg", "count", "distinct"))
            + ",count,"
            + ",".join(f"{one}:position" for one in ("min", "max", "avg", "count", "distinct")),
            "measure",
            "at most 10",
        ),
        ("sort=amount", "sort", "must be in `by` or `measure`"),
        ("by=ocid&sort=ocid,-ocid", "sort", "twice"),
        ("having=count", "having", "is written"),
        ("having=count__gte=many", "having", "whole number"),
        ("having=amount__gte=3", "having", "is no measure"),
        ("cursor=WyJ4IiwxXQ&by=ocid", "cursor", "another"),
        ("colour=red", "colour", "there is no field colour"),
    ],
)
def test_what_makes_no_sense_is_refused(full: Api, query: str, parameter: str, words: str) -> None:
    answer = full.client.get(f"{AWARD}?{query}")
    assert answer.status_code == 400, answer.text
    body = answer.json()
    assert words in body["detail"]
    assert body["parameter"] == parameter


def test_only_facts_are_aggregated(full: Api) -> None:
    assert full.client.get("/v1/gold/facts/currency/aggregate").status_code == 404
    assert full.stranger.get(AWARD).status_code == 401


def test_sums_of_money_have_no_noise_of_binary_fractions(api: Api) -> None:
    made = [
        release(f"ocds-aaaaaa-{number}", "Pens", "2024-01-10T10:00:00Z", 0.1 + number, "EUR", "open", "30192000")
        for number in range(40)
    ]
    api.client.post("/v1/uploads?filename=many.json", content=orjson.dumps(made))
    api.work()
    assert groups(api, f"{AWARD}?measure=sum:amount,avg:amount&currency.code=EUR") == [
        {"sum:amount": 784.0, "avg:amount": 9.8}
    ]


def test_what_counts_as_won_is_what_the_totals_of_organisations_say(api: Api) -> None:
    statuses = ["active", "ACTIVE", None, "pending", "cancelled", "unsuccessful", "terminated"]
    awards = [
        {"id": str(number), "value": {"amount": 10**number, "currency": "EUR"}, "suppliers": [{"name": "Acme Ltd"}]}
        | ({"status": status} if status else {})
        for number, status in enumerate(statuses, 1)
    ]
    one = {"ocid": "ocds-aaaaaa-1", "id": "1", "date": "2024-01-01T00:00:00Z", "awards": awards}
    api.client.post("/v1/uploads?filename=one.json", content=orjson.dumps(one))
    api.work()
    asked = "/v1/gold/facts/award/aggregate?measure=sum:amount_base,count&by=supplier.name&status.counts=true"
    assert api.client.get(asked).json()["items"] == [
        {"supplier.name": "Acme Ltd", "sum:amount_base": 1110.0, "count": 3}
    ]
    (hit,) = api.client.get("/v1/search?collection=organizations&q=acme").json()["hits"]
    assert (hit["document"]["won"], hit["document"]["awards"]) == (1110.0, 3)
