"""Values that PostgreSQL can't store are answered with 4xx, as on SQLite."""

import json
from base64 import urlsafe_b64encode
from typing import Any

from tests.api.conftest import Api
from tests.api.releases import package


def cursor(*place: Any) -> str:
    return urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def test_what_can_not_be_held_is_refused_and_stops_nothing(api: Api) -> None:
    asked = [
        f"/v1/raw/releases?cursor={cursor(chr(0))}",
        f"/v1/gold/facts/process?sort=title&cursor={cursor('title', chr(0), 1)}",
        f"/v1/jobs?cursor={cursor('2024-01-01T00:00:00+00:00', chr(0))}",
        "/v1/gold/facts/process?releases=9223372036854775807",
        "/v1/gold/facts/process?releases__gte=-9223372036854775808",
    ]
    answers = [api.client.get(path) for path in asked]
    answers += [
        api.client.post("/v1/searches", json={"name": "a\0b", "query": {"q": "x"}}),
        api.client.post("/v1/searches", json={"name": "ab", "query": {"q": "x\0"}}),
        api.client.post("/v1/webhooks", json={"url": "https://example.org", "description": "a\0"}),
        api.client.put("/v1/search/synonyms/a", json={"words": ["a\0b", "c"]}),
        api.client.patch("/v1/raw/releases", json=[{"id": "a\0b", "patch": {}}]),
        api.client.request("DELETE", "/v1/raw/releases", json=["a\0b"]),
    ]
    assert [answer.status_code for answer in answers] == [400] * 5 + [422] * 6
    assert all(answer.headers["content-type"] == "application/problem+json" for answer in answers)
    assert api.client.post("/v1/uploads", files={"file": ("three.json", package())}).status_code == 202
    unknown = api.client.patch("/v1/raw/organizations", json=[{"id": "a\0b", "name": "x"}])
    api.work()
    assert api.client.get(unknown.headers["location"]).json()["status"] == "failed"
    assert len(api.client.get("/v1/gold/processes?buyer=northshire county COUNCIL").json()["items"]) == 3


def test_aggregates_are_those_of_sqlite_to_the_last_page(api: Api) -> None:
    assert api.client.post("/v1/uploads", files={"file": ("three.json", package())}).status_code == 202
    api.work()
    path = "/v1/gold/facts/award/aggregate?measure=sum:amount,avg:amount,distinct:ocid&by=currency.code,award_date.year"
    expected = [
        ["GBP", 2024, 1000.5, 500.25, 1],
        ["EUR", 2024, 400.0, 200.0, 1],
        [None, 2024, None, None, 1],
    ]
    found: list[Any] = []
    url: str | None = f"{path}&sort=-sum:amount&limit=1&having=count__gte=2"
    while url:
        answer = api.client.get(url)
        assert answer.status_code == 200, answer.text
        found += answer.json()["items"]
        url = answer.json()["next"]
    assert [list(row.values()) for row in found] == expected
