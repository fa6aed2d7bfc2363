"""GET /v1/lineage/{ocid}: from gold back to releases, jobs and files."""

import hashlib
from typing import Any

import orjson

from tests.api.conftest import Api
from tests.api.releases import CLOUD, ROADS, releases
from tests.infrastructure.pdf import pdfs
from tests.support import lines


def lineage(api: Api, ocid: str, **parameters: str) -> dict[str, Any]:
    answer = api.client.get(f"/v1/lineage/{ocid}", params=parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def upload(api: Api, name: str, content: bytes, **parameters: str) -> str:
    answer = api.client.post("/v1/uploads", files={"file": (name, content)}, params=parameters)
    assert answer.status_code == 202, answer.text
    api.work()
    return str(answer.json()["id"])


def get(api: Api, path: str) -> dict[str, Any]:
    answer = api.client.get(path)
    assert answer.status_code == 200, (path, answer.text)
    found: dict[str, Any] = answer.json()
    return found


def test_lineage_goes_from_gold_to_every_release_and_the_lines_of_its_file(api: Api) -> None:
    first, second = releases()[0], releases()[0]
    second |= {"id": "r2", "date": "2024-05-01T00:00:00Z", "tag": ["awardUpdate"]}
    second["awards"][0]["title"] = "Renamed"
    content = lines([releases()[1], first])
    job_1, job_2 = upload(api, "a.jsonl", content), upload(api, "b.jsonl", lines([second]))
    found = lineage(api, ROADS)
    process = get(api, f"/v1/gold/processes/{ROADS}")
    assert process["links"]["lineage"] == f"/v1/lineage/{ROADS}"
    assert found["silver"]["batch"] == process["silver_batch"]
    assert found["current"] is found["search"]["current"] is True
    assert {one["table"]: one["rows"] for one in found["gold"]["facts"]} == {
        **{"fact_process": 1, "fact_award": 2, "fact_contract": 1, "fact_item": 1, "fact_red_flag": 8}
    }
    for one in found["gold"]["facts"]:
        assert len(get(api, one["links"]["rows"])["items"]) == one["rows"]
        assert one["silver_batch"] == process["silver_batch"]
    assert {"table": "award_supplier", "rows": 2} in found["silver"]["tables"]
    assert [(one["id"], one["job_id"], one["source"]["line"]) for one in found["releases"]] == [
        (f"{ROADS}:{ROADS}-r1", job_1, 2),
        (f"{ROADS}:r2", job_2, 1),
    ]
    for one in found["releases"]:
        record, version = get(api, one["links"]["record"]), get(api, one["links"]["version"])
        assert record["payload"] == version["payload"]
        assert (record["id"], record["version"], record["source"]) == (one["id"], one["version"], one["source"])
        assert get(api, one["links"]["job"])["id"] == one["job_id"]
    assert [one["id"] for one in found["jobs"]] == [job_1, job_2]
    assert [(one["batch"], one["seq"]) for one in found["releases"]] == [(1, 1), (2, 2)]
    assert found["silver"]["upto_seq"] == found["search"]["seq"] == 2
    assert found["files"][0] == {
        "sha256": hashlib.sha256(content).hexdigest(),
        "files": ["a.jsonl"],
        "lines": [2],
        "records": [f"{ROADS}:{ROADS}-r1"],
        "jobs": [job_1],
    }


def test_a_row_of_a_fact_is_traced_to_the_elements_that_say_it(api: Api) -> None:
    first, second, third = releases()[0], releases()[0], releases()[0]
    second |= {"id": "r2", "date": "2024-05-01T00:00:00Z", "awards": []}
    third |= {"id": "r3", "date": "2024-06-01T00:00:00Z"}
    third["awards"].insert(0, {"id": "a0", "status": "active"})
    upload(api, "a.jsonl", lines([first, second, third]))
    (row, _) = get(api, f"/v1/gold/facts/award?ocid={ROADS}&award_id=a1")["items"]
    found = lineage(api, ROADS, fact="award", key=row["award_key"])
    assert found["gold"]["row"]["row"] == row
    assert [one["elements"] for one in found["releases"]] == [["/awards/0"], [], ["/awards/1"]]


def test_only_the_versions_that_gold_is_made_of_are_shown(api: Api) -> None:
    first, second = releases()[0], releases()[0]
    second |= {"id": "r2", "date": "2024-05-01T00:00:00Z"}
    upload(api, "a.jsonl", lines([first, second]))
    url = f"/v1/raw/releases/{ROADS}:r2"
    api.client.patch(url, json={"tender": {"title": "Bridges"}})
    api.client.patch(url, json={"tender": {"title": "Tunnels"}})
    api.client.delete(f"/v1/raw/releases/{ROADS}:{ROADS}-r1")
    while api.messages.sent and api.messages.sent[0][0] == "land":
        api.work_one()
    behind = lineage(api, ROADS)
    assert ([(one["id"], one["version"]) for one in behind["releases"]], behind["current"]) == (
        [(f"{ROADS}:{ROADS}-r1", 1), (f"{ROADS}:r2", 1)],
        False,
    )
    api.work()
    found = lineage(api, ROADS)
    assert ([(one["id"], one["version"]) for one in found["releases"]], found["current"]) == (
        [(f"{ROADS}:r2", 3)],
        True,
    )


def test_releases_that_a_compiled_release_stands_for_are_listed_apart(api: Api) -> None:
    compiled = releases()[0] | {"id": "c", "date": "2024-05-01T00:00:00Z", "tag": ["compiled"]}
    upload(api, "a.jsonl", lines([releases()[0], compiled]))
    found = lineage(api, ROADS)
    assert [one["id"] for one in found["releases"]] == [f"{ROADS}:c"]
    assert [one["id"] for one in found["superseded"]] == [f"{ROADS}:{ROADS}-r1"]


def test_documents_of_the_process_are_part_of_its_lineage(api: Api) -> None:
    upload(api, "a.jsonl", lines(releases()))
    job = upload(api, "notice.pdf", pdfs.pdf("Terms"), ocid=CLOUD)
    (document,) = lineage(api, CLOUD.replace("/", "%2F"))["documents"]
    assert (document["filename"], document["job_id"], document["version"]) == ("notice.pdf", job, 1)
    assert get(api, document["links"]["record"])["source"]["sha256"] == document["sha256"]
    assert lineage(api, ROADS)["documents"] == []


def test_unknown_processes_facts_and_rows_are_refused(full: Api) -> None:
    key = get(full, f"/v1/gold/facts/award?ocid={CLOUD}")["items"][0]["award_key"]
    for path, status in (
        ("ocds-none-1", 404),
        (f"{ROADS}?fact=award", 400),
        (f"{ROADS}?key=1", 400),
        (f"{ROADS}?fact=award&key=x", 400),
        (f"{ROADS}?fact=award&key={key}", 404),
        (f"{ROADS}?fact=nothing&key=1", 404),
        (f"{ROADS}?facts=award", 400),
    ):
        answer = full.client.get(f"/v1/lineage/{path}")
        assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), path
    assert full.stranger.get(f"/v1/lineage/{ROADS}").status_code == 401
    assert orjson.loads(full.client.get("/openapi.json").content)["paths"]["/v1/lineage/{ocid}"]
