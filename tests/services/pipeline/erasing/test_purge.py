"""A purged record is erased from lake, files, gold, search, quarantine and the databases' free pages."""

import gzip
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from domain.raw_records.record import Kind
from services.pipeline.erasing.erase import erase
from tests.api.conftest import Api
from tests.services.raw_records.support import IDS, RECORDS, RELEASE, done, path, release, sound
from tests.support import job_of

SECRET = "xylophonist"
URL = path(Kind.RELEASES, IDS[Kind.RELEASES])


def told(data: Path, word: str = SECRET) -> list[str]:
    """Files below the data folder that contain the word, packed or not."""
    return [str(one.relative_to(data)) for one in data.rglob("*") if one.is_file() and word.encode() in _plain(one)]


def _plain(file: Path) -> bytes:
    content = file.read_bytes()
    if content.startswith(b"\x1f\x8b"):
        return gzip.decompress(content)
    if content.startswith(b"PAR1"):
        return str(pl.read_parquet(file).rows()).encode()
    return content


def secret(number: int = 1, **fields: Any) -> dict[str, Any]:
    return release(
        number, tender={"id": "t", "title": f"A {SECRET} for the zoo", "description": f"{SECRET} " * 2_000}, **fields
    )


def test_a_purged_release_is_told_of_nowhere_and_its_neighbours_stay(api: Api) -> None:
    upload = b"".join(orjson.dumps(one) + b"\n" for one in [secret(), release(2), secret(id="r9", date=SECRET)])
    first = api.client.post("/v1/uploads", params={"filename": "a.jsonl"}, content=upload).json()
    api.client.post("/v1/uploads", params={"filename": "b.jsonl.gz"}, content=gzip.compress(upload))
    done(api, api.client.patch(URL, json={"tender": {"description": f"{SECRET} once more"}}))
    done(api, api.client.post("/v1/raw/releases", json=[secret(), release(4)]))
    done(api, api.client.put(URL, json=secret(title=SECRET)))
    done(api, api.client.patch(path(Kind.RELEASES), json=[{"id": IDS[Kind.RELEASES], "patch": {"date": SECRET}}]))
    assert len(told(api.settings.data_dir)) > 5
    job = done(api, api.client.delete(URL, params={"purge": True}))
    assert job["status"] == "succeeded"
    assert told(api.settings.data_dir) == []
    assert api.client.get(URL).status_code == 404
    assert [one["deleted"] for one in api.client.get(f"{URL}/versions").json()["items"]] == [True]
    assert [one["id"] for one in api.client.get("/v1/raw/releases").json()["items"]] == [
        "ocds-b5fd17-bar-2:r1",
        "ocds-b5fd17-bar-4:r1",
    ]
    assert api.client.get("/v1/gold/processes/ocds-b5fd17-bar-2").status_code == 200
    assert api.client.get("/v1/gold/processes/ocds-b5fd17-bar-1").status_code == 404
    assert sound(api) == []
    (entry,) = api.client.get("/v1/audit").json()["items"]
    assert (entry["actor"], entry["action"], entry["record_id"], entry["job_id"], entry["status"]) == (
        "admin",
        "purge",
        IDS[Kind.RELEASES],
        job["id"],
        "done",
    )
    assert entry["erased"]["versions"] == [1, 2, 3, 4]
    assert len(entry["erased"]["files"]) == 6
    assert SECRET not in orjson.dumps(entry).decode()
    (refused,) = api.client.get(f"/v1/jobs/{first['id']}/errors").json()["items"]
    assert (refused["code"], refused["line"], refused["excerpt"], refused["reason"]) == (
        "unreadable_date",
        3,
        "",
        "erased",
    )


@pytest.mark.parametrize("kind", list(Kind))
def test_a_record_of_each_kind_can_be_purged_and_come_again(api: Api, kind: Kind) -> None:
    title = {Kind.RELEASES: "tag", Kind.EXCHANGE_RATES: "note"}.get(kind, "title")
    record = RECORDS[kind] | {title: [SECRET] if title == "tag" else SECRET}
    done(api, api.client.post(path(kind), json=record))
    assert told(api.settings.data_dir) != []
    done(api, api.client.delete(path(kind, IDS[kind]), params={"purge": True}))
    assert told(api.settings.data_dir) == []
    assert sound(api) == []
    again = done(api, api.client.post(path(kind), json=RECORDS[kind]))
    assert again["counts"]["accepted"] == 1
    assert api.client.get(path(kind, IDS[kind])).json()["version"] == 3
    assert sound(api) == []


def test_what_was_deleted_before_can_still_be_purged(api: Api) -> None:
    done(api, api.client.post("/v1/raw/releases", json=secret()))
    done(api, api.client.delete(URL))
    assert told(api.settings.data_dir) != []
    job = done(api, api.client.delete("/v1/raw/releases", params={"id": [IDS[Kind.RELEASES], "never"], "purge": True}))
    assert (job["status"], job["counts"]["accepted"], job["counts"]["quarantined"]) == ("succeeded", 1, 1)
    assert told(api.settings.data_dir) == []
    assert [one["version"] for one in api.client.get(f"{URL}/versions").json()["items"]] == [2]
    assert sound(api) == []


def test_a_file_that_a_job_still_reads_is_erased_behind_it(api: Api) -> None:
    content = orjson.dumps(secret()) + b"\n" + orjson.dumps(release(2)) + b"\n"
    api.client.post("/v1/uploads", params={"filename": "a.jsonl"}, content=content)
    api.work()
    purge = api.client.delete(URL, params={"purge": True})
    api.messages.sent, held = [], api.messages.sent
    late = api.client.post("/v1/uploads", params={"filename": "a.jsonl"}, content=content)
    api.messages.sent = held
    with api.parts.warehouse.write() as work:  # a slow worker has leased it
        work.jobs.claim([late.json()["id"]], job_of(api.parts, late.json()["id"]).created_at)
        work.commit()
    api.work()
    assert api.client.get(f"/v1/jobs/{purge.json()['id']}").json()["status"] == "running"
    api.messages.sent = [("land", late.json()["id"])]  # the sweep sends it again
    api.work()
    assert api.client.get(f"/v1/jobs/{purge.json()['id']}").json()["status"] == "succeeded"
    assert api.client.get(URL).json()["version"] == 3  # loaded again after the purge
    assert [one["version"] for one in api.client.get(f"{URL}/versions").json()["items"]] == [3, 2]
    assert sound(api) == []


def test_erasing_again_changes_nothing_and_writers_may_not_purge(api: Api) -> None:
    done(api, api.client.post("/v1/raw/releases", json=RELEASE))
    assert api.client.delete(URL, params={"purge": True}, auth=("wendy", "wendy!")).status_code == 403
    assert (
        api.client.delete("/v1/raw/releases", params={"id": "x", "purge": True}, auth=("wendy", "wendy!")).status_code
        == 403
    )
    done(api, api.client.delete(URL, params={"purge": True}))
    before = api.client.get("/v1/audit").json()
    erase(api.parts)
    assert (
        api.client.get("/v1/audit", params={"kind": "releases", "id": IDS[Kind.RELEASES], "actor": "admin"}).json()
        == before
    )
    assert api.client.get("/v1/audit", params={"kind": "documents"}).json()["items"] == []
    assert sound(api) == []


@pytest.mark.slow
def test_a_release_that_shared_its_id_is_purged_from_every_file_that_held_it(api: Api) -> None:
    both = [release(1), secret()]
    for extra in ([], [release(2)]):  # the second file brings no version of the record
        content = b"".join(orjson.dumps(one) + b"\n" for one in both + extra)
        api.client.post("/v1/uploads", params={"filename": "a.jsonl"}, content=content)
        api.work()
    own = next(
        one["id"]
        for one in api.client.get(path(Kind.RELEASES)).json()["items"]
        if one["id"].startswith(f"{IDS[Kind.RELEASES]}-")
    )
    assert told(api.settings.data_dir) != []
    done(api, api.client.delete(path(Kind.RELEASES, own), params={"purge": True}))
    assert told(api.settings.data_dir) == []
    assert api.client.get(URL).json()["payload"]["tender"]["title"] == RELEASE["tender"]["title"]
    assert sound(api) == []
