"""What changed since an instant: rows of dimensions, and search documents on both engines."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.search.search_documents import SPECS
from domain.star.queries import DIMENSIONS
from infrastructure.search.typesense.engine import TypesenseSearch
from tests.api.conftest import Api, over
from tests.api.releases import CLOUD, PENS, ROADS, release, releases
from tests.infrastructure.pdf.pdfs import pdf
from tests.infrastructure.search.typesense.stand_in.http import served
from tests.infrastructure.search.typesense.stand_in.server import Typesense

DATED = (
    *(f"publishing.{name}" for name in ("processes", "organizations", "classifications", "document_files")),
    *(f"publishing.{name}" for name in ("exchange_rates", "organization_totals")),
    "matching.recompute",
)
Days = Callable[[int], None]


@pytest.fixture
def on_day(monkeypatch: pytest.MonkeyPatch) -> Days:
    """Sets the day of January 2024 on which gold is written."""

    def set_day(day: int) -> None:
        for module in DATED:
            monkeypatch.setattr(f"services.pipeline.{module}.now", lambda: datetime(2024, 1, day, tzinfo=UTC))

    return set_day


@pytest.fixture(params=["embedded", "typesense"])
def searched(request: pytest.FixtureRequest, api: Api) -> Iterator[Api]:
    """An installation per search engine."""
    if request.param == "embedded":
        yield api
        return
    with served(Typesense()) as url:
        engine = TypesenseSearch(url, "k", SPECS)
        with over(api, replace(api.parts, search=engine)) as other:
            yield other
        engine.close()


def upload(api: Api, *made: dict[str, Any]) -> None:
    api.client.post("/v1/uploads?filename=a.json", content=json.dumps({"releases": made}).encode())
    api.work()


def rows(api: Api, dimension: str, query: str) -> list[dict[str, Any]]:
    answer = api.client.get(f"/v1/gold/dimensions/{dimension}?{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def codes(api: Api, since: str) -> dict[str, str]:
    return {row["code"]: row["updated_at"] for row in rows(api, "currency", f"code__null=false&updated_since={since}")}


def ids(api: Api, query: str) -> set[str]:
    answer = api.client.get(f"/v1/search?{query}")
    assert answer.status_code == 200, answer.text
    hits = answer.json()["hits"]
    assert answer.json()["found"] == len(hits)
    return {hit["id"] for hit in hits}


def test_rows_of_dimensions_are_dated_when_they_are_written(api: Api, on_day: Days) -> None:
    for day, one in enumerate(releases(), 1):
        on_day(day)
        upload(api, one)
    assert codes(api, "2024-01-01") == {"GBP": "2024-01-01T00:00:00Z", "EUR": "2024-01-03T00:00:00Z"}
    assert codes(api, "2024-01-03") == {"EUR": "2024-01-03T00:00:00Z"}
    assert set(codes(api, "2024-01-03T00:00:30Z")) == {"EUR"}  # it may have been written a little later
    assert codes(api, "2024-01-03T00:02:00Z") == {}
    assert {row["code"] for row in rows(api, "classification", "updated_since=2024-01-02")} == {"30192000", "72000000"}
    on_day(9)  # other uses are a change of the row; what no fact uses is deleted
    assert api.client.delete(f"/v1/raw/releases/{ROADS}:{ROADS}-r1").status_code == 202
    api.work()
    assert codes(api, "2024-01-01") == {"EUR": "2024-01-03T00:00:00Z"}
    (council,) = rows(api, "organization", "organization_id=GB-LAE-ABC&updated_since=2024-01-09")
    assert (council["uses"], council["updated_at"]) == (2, "2024-01-09T00:00:00Z")


def test_rows_of_reference_records_and_rates_are_dated(api: Api, on_day: Days) -> None:
    on_day(1)
    upload(api, releases()[0])
    on_day(2)
    made: dict[str, dict[str, Any]] = {
        "classifications": {"scheme": "CPV", "code": "03000000", "description": "Farming"},
        "organizations": {"id": "GB-COH-1", "scheme": "GB-COH", "identifier": "1", "name": "Acme"},
        "exchange-rates": {"date": "2024-01-02", "base": "EUR", "currency": "GBP", "rate": 0.86},
    }
    for kind, body in made.items():
        answer = api.client.post(f"/v1/raw/{kind}", json=body)
        assert answer.status_code == 202, answer.text
    api.work()
    since = "updated_since=2024-01-02"
    assert [row["code"] for row in rows(api, "classification", since)] == ["03000000"]
    assert [row["currency"] for row in rows(api, "exchange_rate", since)] == ["GBP"]
    names = {(row["name"], row["is_current"]) for row in rows(api, "organization", f"organization_id=GB-COH-1&{since}")}
    assert names == {("Acme", True), ("Acme, Smith Ltd", False)}  # the record takes precedence: that is a change
    on_day(3)
    made["classifications"]["description"] = "Agriculture"
    assert api.client.post("/v1/raw/classifications", json=made["classifications"]).status_code == 202
    api.work()
    assert [row["description"] for row in rows(api, "classification", "updated_since=2024-01-03")] == ["Agriculture"]


@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_every_dimension_says_what_changed(full: Api, dimension: str) -> None:
    every = rows(full, dimension, "limit=50")
    assert every or dimension == "exchange_rate"
    assert all(row["updated_at"] for row in every)
    assert rows(full, dimension, "limit=50&updated_since=2024-01-01") == every
    assert rows(full, dimension, f"updated_since={datetime.now(UTC) + timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}") == []


def test_pages_and_files_have_only_what_changed(api: Api, on_day: Days) -> None:
    for day, one in enumerate(releases(), 1):
        on_day(day)
        upload(api, one)
    path: str | None = "/v1/gold/dimensions/classification?updated_since=2024-01-02&limit=1&sort=-code"
    found = []
    while path:
        page = api.client.get(path).json()
        found += [row["code"] for row in page["items"]]
        path = page["next"]
    assert found == ["72000000", "30192000"]
    text = api.client.get(
        "/v1/gold/dimensions/classification?updated_since=2024-01-02&sort=code&fields=code&format=csv"
    ).text
    assert text.split() == ["code", "30192000", "72000000"]


def test_rows_of_facts_do_not_show_when_their_dimensions_changed(full: Api) -> None:
    (row, *_) = full.client.get("/v1/gold/facts/award").json()["items"]
    assert not [name for name in row if "updated_at" in name]
    assert "updated_at" not in row["supplier"]
    assert full.client.get("/v1/gold/facts/award?supplier.updated_at__gte=2024-01-01").json()["items"]


@pytest.mark.parametrize("path", ["gold/facts/award/aggregate", "marts/spend"])
def test_aggregates_and_marts_take_no_time_of_change(full: Api, path: str) -> None:
    answer = full.client.get(f"/v1/{path}?updated_since=2024-01-01")
    assert answer.status_code == 400
    assert "updated_since" in answer.json()["detail"]


def test_searches_find_what_changed(searched: Api, on_day: Days) -> None:
    for day, one in enumerate(releases(), 1):
        on_day(day)
        upload(searched, one)
    assert ids(searched, "updated_since=2023-12-31") == {ROADS, PENS, CLOUD}
    assert ids(searched, "updated_since=2024-01-02") == {PENS, CLOUD}
    assert ids(searched, "q=cloud&mode=keyword&updated_since=2024-01-02") == {CLOUD}
    assert ids(searched, "updated_since=2024-01-03T00:00:30Z") == {CLOUD}  # it may have been written a little later
    assert ids(searched, "updated_since=2024-01-03T00:02:00Z") == set()
    organizations = "collection=organizations&updated_since=2024-01"
    assert ids(searched, f"{organizations}-03") == {"GB-LAE-ABC", "GB-COH-1", "GB-COH-2"}
    on_day(7)
    changed = release(PENS, "Pencils", "2024-04-10T10:00:00Z", 7.0, "GBP", "open", "30192000")
    del changed["awards"], changed["contracts"]
    changed["parties"] = changed["parties"][:1]
    upload(searched, changed | {"id": "r2"})
    assert ids(searched, "updated_since=2024-01-07") == {PENS}
    hits = searched.client.get("/v1/search?sort=-updated_at").json()["hits"]
    assert [(hit["id"], hit["document"]["updated_at"]) for hit in hits] == [
        (PENS, "2024-01-07T00:00:00Z"),
        (CLOUD, "2024-01-03T00:00:00Z"),
        (ROADS, "2024-01-01T00:00:00Z"),
    ]


def test_an_organisation_changes_with_its_totals(searched: Api, on_day: Days) -> None:
    on_day(1)
    upload(searched, releases()[0])
    upload(searched, release("ocds-aaaaaa-3", "Hay", "2024-01-05T10:00:00Z", 5.0, "EUR", "open", "03000000"))
    on_day(2)
    rate = {"date": "2024-01-10", "base": "EUR", "currency": "GBP", "rate": 0.5}
    assert searched.client.post("/v1/raw/exchange-rates", json=rate).status_code == 202
    searched.work()
    found = searched.client.get("/v1/search?collection=organizations&role=buyer&updated_since=2024-01-02").json()
    assert [(hit["id"], hit["document"]["spend"]) for hit in found["hits"]] == [("GB-LAE-ABC", 2006.0)]


def test_a_passage_changes_with_its_file_and_its_process(searched: Api, on_day: Days) -> None:
    on_day(1)
    files = {"file": ("notice.pdf", pdf(f"gravel for {ROADS}"))}
    assert searched.client.post("/v1/uploads", files=files).status_code == 202
    searched.work()
    found = "collection=documents&q=gravel&mode=keyword&updated_since=2024-01"
    assert len(ids(searched, f"{found}-01")) == 1
    assert ids(searched, f"{found}-02") == set()
    for day, title in ((2, "Roads"), (3, "Lanes")):  # first its link changes, then only what its process says
        on_day(day)
        made = release(ROADS, title, f"2024-01-1{day}T10:00:00Z", 1.0, "GBP", "open", "45233142")
        upload(searched, made | {"id": f"r{day}"})
        assert len(ids(searched, f"{found}-0{day}")) == 1
    (hit,) = searched.client.get(f"/v1/search?{found}-03").json()["hits"]
    assert hit["document"]["process_title"] == "Lanes"


def test_a_wrong_instant_is_refused_as_elsewhere(full: Api) -> None:
    answers = [full.client.get(f"/v1/{path}?updated_since=soon") for path in ("search", "gold/processes")]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].json()["errors"] == answers[1].json()["errors"]
    answer = full.client.get("/v1/gold/dimensions/currency?updated_since=soon")
    assert (answer.status_code, answer.json()["errors"]) == (422, answers[0].json()["errors"])
