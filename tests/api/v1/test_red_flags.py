"""Red flags over HTTP: filters, evidence with links, aggregates, exports, indicators, and the flags of a process."""

import csv
import io
import json
from typing import Any

import pytest

from domain.red_flags.registry import INDICATORS
from tests.api.conftest import Api
from tests.services.pipeline.red_flags.support import tendered

FLAGS = "/v1/gold/facts/red_flag"


@pytest.fixture(name="flagged")
def _flagged(api: Api) -> Api:
    """An installation with a process of a single bid, one of two, and one without bids."""
    releases = [
        tendered("single", 100, 110, numberOfTenderers=1),
        tendered("equal", 100, 100),
        {"ocid": "ocds-test01-bare", "id": "1", "date": "2024-01-01T00:00:00Z", "tag": ["tender"]},
    ]
    api.client.post("/v1/uploads?filename=one.jsonl", content="\n".join(map(json.dumps, releases)).encode())
    api.work()
    return api


def items(api: Api, url: str) -> list[dict[str, Any]]:
    answer = api.client.get(url)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def test_flags_are_found_by_indicator_result_process_and_organisation(flagged: Api) -> None:
    (single,) = items(flagged, f"{FLAGS}?indicator.code=R018&result=flagged")
    assert (single["ocid"], single["value"], single["missing"]) == ("ocds-test01-single", 1.0, None)
    assert single["indicator"] == {"code": "R018", "name": "Single bid received"}
    assert single["buyer"]["organization_id"] == "GB-COH-9"
    assert [one["ocid"] for one in items(flagged, f"{FLAGS}?indicator.code=R018&result=not_flagged")] == [
        "ocds-test01-equal"
    ]
    (bare,) = items(flagged, f"{FLAGS}?indicator.code=R018&ocid=ocds-test01-bare")
    assert (bare["result"], bare["missing"]) == (
        "not_computable",
        "tender.procurementMethod, tender.numberOfTenderers",
    )
    named = items(flagged, f"{FLAGS}?organization=GB-COH-2&indicator.code=R028")
    assert [(one["subject"], one["role"], one["ocid"]) for one in named] == [
        ("organization", "tenderer", "ocds-test01-equal")
    ]


def test_a_flagged_result_opens_the_facts_and_records_that_produced_it(flagged: Api) -> None:
    (flag,) = items(flagged, f"{FLAGS}?indicator.code=R028&result=flagged&subject=process")
    assert set(flag["evidence"]) == {"process", "bid"}
    bids = items(flagged, flag["links"]["bid"])
    assert {one["bid_key"] for one in bids} == set(flag["evidence"]["bid"])
    assert {(one["tenderer"]["name"], one["bid_amount"]) for one in bids} == {("Firm 1", 100.0), ("Firm 2", 100.0)}
    (record,) = items(flagged, flag["links"]["raw"])
    assert record["ocid"] == "ocds-test01-equal"
    (indicator,) = items(flagged, flag["links"]["indicator"])
    assert (indicator["code"], indicator["subjects"]) == ("R028", "process, tenderer")
    assert flagged.client.get(flag["links"]["process"]).json()["ocid"] == "ocds-test01-equal"


def test_organisations_are_compared_over_all_their_processes_in_each_role(flagged: Api) -> None:
    compared = items(flagged, f"{FLAGS}?indicator.code=R038&subject=organization&sort=role,organization_id")
    assert [(one["role"], one["organization"]["name"], one["ocid"]) for one in compared] == [
        ("buyer", "Firm 9", None),
        ("tenderer", "Firm 1", None),
        ("tenderer", "Firm 2", None),
    ]
    assert compared[0]["result"] == "not_computable"


def test_indicators_say_their_thresholds_quartiles_and_refresh(flagged: Api) -> None:
    found = {one["code"]: one for one in items(flagged, "/v1/gold/dimensions/indicator")}
    assert set(found) == {one.code for one in INDICATORS}
    assert found["R003"]["thresholds"]["threshold"] == 15
    assert found["R003"]["refreshed_at"] is None
    assert found["R058"]["refreshed_at"] is not None
    assert found["R058"]["quartiles"][0]["subjects"] == 2
    assert found["R058"]["definition"].endswith("/R/058.html")


def test_a_process_shows_all_its_results_flagged_ones_first(flagged: Api) -> None:
    found = flagged.client.get("/v1/gold/processes/ocds-test01-equal").json()["red_flags"]
    assert [(one["indicator"], one["organization"] and one["organization"]["name"]) for one in found[:3]] == [
        ("R028", None),
        ("R028", "Firm 1"),
        ("R028", "Firm 2"),
    ]
    assert {one["indicator"] for one in found} == {one.code for one in INDICATORS if "process" in one.subjects}
    assert found[0]["links"]["bid"].startswith("/v1/gold/facts/bid?bid_key=")


def test_flags_are_aggregated_and_exported(flagged: Api) -> None:
    groups = items(flagged, f"{FLAGS}/aggregate?measure=count&by=indicator.code,result&indicator.code=R018")
    assert {one["result"]: one["count"] for one in groups} == {"flagged": 1, "not_flagged": 1, "not_computable": 1}
    answer = flagged.client.get(f"{FLAGS}?result=flagged&format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert {"R018", "R028"} <= {row["indicator.code"] for row in rows}
    assert "evidence" not in rows[0]
    (row,) = items(flagged, f"{FLAGS}?indicator.code=R018&result=flagged&fields=ocid,indicator.name")
    assert row == {"ocid": "ocds-test01-single", "indicator": {"name": "Single bid received"}}
