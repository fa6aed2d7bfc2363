"""GET /v1/quality: coverage, checks and notes of what was loaded."""

from typing import Any

import pytest

from services.maintenance.rebuild import rebuild_gold
from tests.api.conftest import Api
from tests.api.releases import CLOUD, PENS, ROADS, releases
from tests.support import connection_of, lines, verified


def get(api: Api, path: str, **parameters: Any) -> dict[str, Any]:
    answer = api.client.get(path, params=parameters or None)
    assert answer.status_code == 200, (path, answer.text)
    found: dict[str, Any] = answer.json()
    return found


def load(api: Api, *loaded: dict[str, Any]) -> None:
    api.client.post("/v1/uploads?filename=a.jsonl", content=lines(loaded))
    api.work()


def faulty() -> list[dict[str, Any]]:
    """The three; the roads end before they start, and the pens are awarded before the end."""
    roads, pens, cloud = releases()
    roads["tender"]["tenderPeriod"] = {"startDate": "2024-01-09T00:00:00Z", "endDate": "2024-01-01T00:00:00Z"}
    pens["tender"]["tenderPeriod"] = {"startDate": "2024-02-01T00:00:00Z", "endDate": "2024-03-01T00:00:00Z"}
    return [roads, pens, cloud]


def check(report: dict[str, Any], code: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in report["checks"] if one["code"] == code)
    return found


def test_checks_are_counted_by_source_with_examples_that_open(api: Api) -> None:
    load(api, *faulty())
    report = get(api, "/v1/quality")
    assert report["processes"] == 3
    assert report["sources"] == [{"source": "ocds-aaaaaa", "processes": 2}, {"source": "ocds-bbbbbb", "processes": 1}]
    period = check(report, "tender_period_order")
    assert [period[name] for name in ("checked", "passed", "failed", "not_applicable")] == [2, 1, 1, 1]
    assert period["sources"] == [{"source": "ocds-aaaaaa", "applicable": 2, "failed": 1}]
    assert [one["ocid"] for one in period["examples"]] == [ROADS]
    (note,) = get(api, period["links"]["notes"])["items"]
    assert (note["ocid"], note["code"], note["path"]) == (ROADS, "tender_period_order", "/tender/tenderPeriod")
    for link in period["examples"][0]["links"].values():
        get(api, link)
    assert [one["ocid"] for one in check(report, "award_before_tender_end")["examples"]] == [PENS]


def test_a_process_shows_its_notes_and_the_result_of_each_check(api: Api) -> None:
    load(api, *faulty())
    process = get(api, f"/v1/gold/processes/{ROADS}")
    assert process["counts"]["notes"] == len(process["notes"])
    assert {note["code"] for note in process["notes"]} == {"tender_period_order"}
    quality = get(api, process["links"]["quality"])
    results = {one["code"]: one["result"] for one in quality["checks"]}
    assert results["tender_period_order"] == "failed"
    assert results["award_contract_period_order"] == "not_applicable"
    assert results["party_not_found"] == results["duplicate_process"] == "passed"
    assert quality["notes"] == process["notes"]
    assert {"tender.title", "awards.suppliers"} <= set(quality["present"])
    assert "tender.description" in quality["missing"]
    assert api.client.get("/v1/quality/processes/ocds-none-1").status_code == 404


def test_coverage_counts_the_processes_that_may_have_a_field(api: Api) -> None:
    roads, pens, cloud = releases()
    del roads["awards"], roads["contracts"], pens["awards"][0]["date"]
    load(api, roads, pens, cloud)
    fields = {one["field"]: one for one in get(api, "/v1/quality")["coverage"]}
    assert [fields["awards"][name] for name in ("applicable", "present", "missing", "share")] == [3, 2, 1, 0.6667]
    assert [fields["awards.date"][name] for name in ("applicable", "present", "share")] == [2, 1, 0.5]
    assert fields["awards.date"]["sources"] == [
        {"source": "ocds-aaaaaa", "applicable": 1, "failed": 1},
        {"source": "ocds-bbbbbb", "applicable": 1, "failed": 0},
    ]
    assert (fields["documents"]["present"], fields["documents"]["share"]) == (0, 0.0)


def test_filters_choose_sources_and_checks(api: Api) -> None:
    load(api, *faulty())
    report = get(api, "/v1/quality", source="ocds-bbbbbb", check=["tender_period_order", "duplicate_id"])
    assert (report["processes"], [one["code"] for one in report["checks"]]) == (
        1,
        ["tender_period_order", "duplicate_id"],
    )
    assert check(report, "tender_period_order")["not_applicable"] == 1
    assert get(api, "/v1/quality", source="ocds-none")["processes"] == 0
    refused = api.client.get("/v1/quality?check=nothing")
    assert (refused.status_code, "duplicate_process" in refused.json()["allowed"]) == (400, True)
    assert api.stranger.get("/v1/quality").status_code == 401


@pytest.mark.slow
def test_one_process_under_two_ocids_is_found_and_forgotten_again(api: Api) -> None:
    roads = releases()[0]
    other = releases()[0] | {"ocid": "ocds-cccccc-1", "id": "other"}
    load(api, roads)
    load(api, other)
    found = check(get(api, "/v1/quality"), "duplicate_process")
    assert (found["failed"], [one["ocid"] for one in found["examples"]]) == (2, [ROADS, "ocds-cccccc-1"])
    assert get(api, f"/v1/quality/processes/{ROADS}")["alike"] == ["ocds-cccccc-1"]
    only = check(get(api, "/v1/quality", source="ocds-cccccc"), "duplicate_process")
    assert (only["failed"], [one["ocid"] for one in only["examples"]]) == (1, ["ocds-cccccc-1"])
    api.client.delete("/v1/raw/releases/ocds-cccccc-1:other")
    api.work()
    assert check(get(api, "/v1/quality"), "duplicate_process")["failed"] == 0
    assert get(api, f"/v1/quality/processes/{ROADS}")["alike"] == []


def test_quality_after_changes_equals_a_rebuild(api: Api) -> None:
    load(api, *faulty())
    better = faulty()[0] | {"id": "r2", "date": "2024-06-01T00:00:00Z"}
    better["tender"]["tenderPeriod"]["endDate"] = "2024-03-01T00:00:00Z"
    load(api, better, releases()[1] | {"ocid": "ocds-cccccc-1"})
    api.client.delete(f"/v1/raw/releases/{CLOUD.replace('/', '=2F')}:{CLOUD.replace('/', '=2F')}-r1")
    api.work()
    report = get(api, "/v1/quality")
    assert (report["processes"], check(report, "tender_period_order")["failed"]) == (3, 0)
    assert [note["code"] for note in report["notes"]] == ["award_before_tender_end"]
    assert verified(api.parts, api.settings.data_dir) == []


def test_a_rebuild_counts_the_totals_anew(api: Api) -> None:
    load(api, *faulty(), releases()[1] | {"ocid": "ocds-cccccc-1"})
    before = get(api, "/v1/quality")
    with api.parts.warehouse.write() as work:
        connection_of(work).exec_driver_sql("UPDATE quality_total SET failed = failed + 7, applicable = 99")
        connection_of(work).exec_driver_sql("DELETE FROM quality_total WHERE kind = 'note'")
        work.commit()
    assert get(api, "/v1/quality")["checks"] != before["checks"]
    rebuild_gold(api.parts)
    assert get(api, "/v1/quality") == before
