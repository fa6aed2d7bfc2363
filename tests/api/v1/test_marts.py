"""The marts over HTTP: lists, pages, filters, files and their description."""

import csv
from io import BytesIO, StringIO
from typing import Any

import orjson
import polars as pl
import pytest

from domain.marts.marts import MARTS
from tests.api.conftest import Api
from tests.api.releases import CLOUD, release


def items(api: Api, path: str) -> list[dict[str, Any]]:
    answer = api.client.get(path)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_the_marts_are_listed_with_their_columns_and_as_of(full: Api) -> None:
    marts = items(full, "/v1/marts")
    assert [mart["name"] for mart in marts] == list(MARTS)
    for mart in marts:
        answer = full.client.get(mart["links"]["rows"]).json()
        assert mart["as_of"] == answer["as_of"] is not None
        assert mart["base_currency"] == answer["base_currency"] == "EUR"
        assert mart["name"] == "red-flags" or answer["items"]
        for row in answer["items"]:
            assert {name for name, value in row.items() if not isinstance(value, dict)} == set(mart["columns"])


def test_a_list_has_named_organisations_and_known_amounts_only(full: Api) -> None:
    names = ("month", "awards", "awards_without_amount", "amount_base")
    assert [tuple(row[name] for name in names) for row in items(full, "/v1/marts/spend")] == [
        ("2024-01", 1, 1, None),
        ("2024-02", 1, 1, None),
        ("2024-03", 1, 0, 400.0),
    ]
    relation = items(full, "/v1/marts/relations?sort=-supplier_id&limit=1")[0]
    assert relation["buyer"] == {"name": "Northshire County Council", "country": "GB"}
    assert (relation["supplier_id"], relation["supplier"]["name"]) == ("GB-COH-2", "Bolt Ltd")
    assert (relation["first_award"], relation["last_award"]) == ("2024-01-10", "2024-03-10")


@pytest.mark.parametrize(
    ("query", "months"),
    [
        ("month=2024-02", ["2024-02"]),
        ("month__gte=2024-02&sort=-month", ["2024-03", "2024-02"]),
        ("month__prefix=2024&amount_base__gte=1", ["2024-03"]),
        ("amount_base__null=true&month=2024-01&month=2024-03", ["2024-01"]),
        ("buyer=northshire county council&year=2024&awards__lte=1&month=2024-01", ["2024-01"]),
        ("buyer.country=GB&buyer=GB-LAE-ABC&month=2024-01", ["2024-01"]),
        ("buyer=nobody", []),
    ],
)
def test_columns_and_organisations_are_filters(full: Api, query: str, months: list[str]) -> None:
    assert [row["month"] for row in items(full, f"/v1/marts/spend?{query}")] == months


def test_pages_follow_each_other_without_gaps(full: Api) -> None:
    found, path = [], "/v1/marts/spend?limit=1"
    while path:
        answer = full.client.get(path).json()
        found += [row["month"] for row in answer["items"]]
        path = answer["next"]
    assert found == ["2024-01", "2024-02", "2024-03"]


def test_a_mart_is_a_file_too(full: Api) -> None:
    text = full.client.get("/v1/marts/relations?format=csv").text
    rows = list(csv.DictReader(StringIO(text)))
    assert [(row["buyer.name"], row["supplier_id"], row["awards"]) for row in rows] == [
        ("Northshire County Council", "GB-COH-1", "3"),
        ("Northshire County Council", "GB-COH-2", "3"),
    ]
    parquet = full.client.get("/v1/marts/market", headers={"Accept": "application/vnd.apache.parquet"})
    assert pl.read_parquet(BytesIO(parquet.content))["division"].to_list() == ["30", "45", "72"]


@pytest.mark.parametrize(
    ("path", "status", "named"),
    [
        ("/v1/marts/nothing", 404, ""),
        ("/v1/marts/spend?cents=1", 400, "cents"),
        ("/v1/marts/spend?sort=spend_key", 400, "spend_key"),
        ("/v1/marts/spend?year=x", 400, "year"),
        ("/v1/marts?limit=1", 400, "limit"),
    ],
)
def test_what_a_mart_does_not_have_is_refused(full: Api, path: str, status: int, named: str) -> None:
    answer = full.client.get(path)
    assert answer.status_code == status
    assert named in answer.json()["detail"]


@pytest.mark.parametrize("path", ["", *(f"/{name}" for name in MARTS)])
def test_marts_need_a_caller(full: Api, path: str) -> None:
    assert full.stranger.get(f"/v1/marts{path}").status_code == 401
    assert full.client.get(f"/v1/marts{path}", auth=("rita", "rita!")).status_code == 200


def test_openapi_describes_each_column(full: Api) -> None:
    document = full.client.get("/openapi.json").json()
    for mart in MARTS.values():
        operation = document["paths"][f"/v1/marts/{mart.name}"]["get"]
        page = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[1]
        schemas = document["components"]["schemas"]
        row = schemas[page]["properties"]["items"]["items"]["$ref"].rsplit("/", 1)[1]
        described = {name: field["description"] for name, field in schemas[row]["properties"].items()}
        assert described == dict(mart.columns)


def test_a_changed_process_moves_its_numbers(api: Api) -> None:
    for day, amount in (("2024-03-10T10:00:00Z", 400.0), ("2024-04-01T10:00:00Z", 90.0)):
        changed = release(CLOUD, "Cloud services", day, amount, "EUR", "open", "72000000") | {"id": day}
        api.client.post("/v1/uploads", files={"file": ("one.json", orjson.dumps(changed))})
        api.work()
        assert [(row["month"], row["amount_base"]) for row in items(api, "/v1/marts/spend")] == [(day[:7], amount)]
