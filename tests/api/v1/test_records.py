"""Contracting processes as OCDS records and record packages."""

import json
from typing import Any

import pytest

from tests.api.conftest import Api
from tests.api.releases import CLOUD, PENS, ROADS, releases


def test_a_record_has_the_releases_as_published_and_both_merged_ones(api: Api) -> None:
    first = next(one for one in releases() if one["ocid"] == ROADS)
    later = first | {"id": "later", "date": "2024-01-15T10:00:00+02:00", "tag": ["tenderUpdate"]}
    later["tender"] = first["tender"] | {"title": "Roads again", "x_exact": "KEEP"}
    api.client.post("/v1/uploads?filename=first.json", content=json.dumps(first).encode())
    api.work()
    text = json.dumps(later).replace('"KEEP"', "0.12345678901234567890")
    api.client.post("/v1/uploads?filename=later.json", content=text.encode())
    api.work()
    answer = api.client.get(f"/v1/gold/processes/{ROADS}/record")
    record: dict[str, Any] = answer.json()
    assert list(record) == ["ocid", "releases", "compiledRelease", "versionedRelease"]
    assert record["ocid"] == ROADS
    assert [one["id"] for one in record["releases"]] == [first["id"], "later"]
    assert answer.text.count("0.12345678901234567890") == 3  # no digit is lost in any of the three
    assert record["compiledRelease"] == api.client.get(f"/v1/gold/processes/{ROADS}/compiled").json()
    title = record["versionedRelease"]["tender"]["title"]
    assert [(one["releaseID"], one["releaseDate"], one["value"]) for one in title] == [
        (first["id"], first["date"], first["tender"]["title"]),
        ("later", "2024-01-15T10:00:00+02:00", "Roads again"),
    ]
    assert len(record["versionedRelease"]["tender"]["procurementMethod"]) == 1  # unchanged since the first


def test_a_missing_process_has_no_record(full: Api) -> None:
    assert full.client.get("/v1/gold/processes/nothing/record").status_code == 404


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("/v1/gold/processes?format=ocds", [CLOUD, PENS, ROADS]),
        ("/v1/gold/processes?format=ocds&sort=published&currency=GBP&currency=EUR", None),
        ("/v1/gold/processes?format=ocds&currency=EUR", [CLOUD]),
        ("/v1/gold/processes?format=ocds&buyer=nobody", []),
        ("/v1/search?format=ocds&q=&sort=-published", [CLOUD, PENS, ROADS]),
        ("/v1/search?format=ocds&q=cloud&mode=keyword", [CLOUD]),
        ("/v1/search?format=ocds&q=zebra&mode=keyword", []),
    ],
)
def test_lists_and_searches_are_record_packages(full: Api, query: str, expected: list[str] | None) -> None:
    answer = full.client.get(query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == 'attachment; filename="records.json"'
    package = answer.json()
    assert package["version"] == "1.1"
    assert package["uri"].endswith(query)
    assert {"publishedDate", "publisher"} < set(package)
    found = [one["ocid"] for one in package["records"]]
    listed = [
        one["ocid"] for one in full.client.get(query.replace("format=ocds", "format=json")).json().get("items", [])
    ]
    assert found == (listed if expected is None else expected)


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("/v1/gold/processes?format=ocds&limit=5", "limit"),
        ("/v1/search?format=ocds&page=2", "page"),
        ("/v1/search?format=ocds&collection=organizations", "format"),
    ],
)
def test_pages_and_other_collections_are_no_packages(full: Api, query: str, parameter: str) -> None:
    answer = full.client.get(query)
    assert (answer.status_code, answer.json()["parameter"]) == (400, parameter)
