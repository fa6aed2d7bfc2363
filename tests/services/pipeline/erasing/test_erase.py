"""Interrupted erasure is repeated to the end; batches that were set aside are not erased."""

import os
from dataclasses import replace
from datetime import timedelta

import pytest

from domain.raw_records.audit import NewAuditEntry
from domain.raw_records.record import Kind
from domain.shared.errors import UnavailableError
from infrastructure.lake.compaction import has_many_small_files
from infrastructure.lake.erasure import ABANDONED_SECONDS
from services.pipeline.erasing.erase import erase
from services.pipeline.stage import ATTEMPTS_BEFORE_SINGLE_BATCH
from services.pipeline.sweep import IDLE_DURATION, sweep
from services.shared.clock import now
from tests.api.conftest import STAGES, Api
from tests.services.pipeline.erasing.test_purge import SECRET, secret, told
from tests.services.raw_records.support import IDS, done, path, release, sound
from tests.support import Killed, connection_of

URL = path(Kind.RELEASES, IDS[Kind.RELEASES])


class Killing:
    """A warehouse that kills the process when its file is about to be rewritten."""

    def __init__(self, warehouse: object) -> None:
        self.warehouse = warehouse

    def __getattr__(self, name: str) -> object:
        return getattr(self.warehouse, name)

    def vacuum(self) -> None:
        raise Killed


def swept(api: Api) -> None:
    """Let the sweep find the idle purge and send it again."""
    with api.parts.warehouse.write() as work:
        long_ago = (now() - IDLE_DURATION - timedelta(seconds=1)).isoformat()
        connection_of(work).exec_driver_sql("UPDATE watermark SET updated_at = ?", (long_ago,))
        work.commit()
    assert ("erase",) in sweep(api.parts)
    api.work()


def test_erasing_that_was_interrupted_is_done_again_by_the_sweep(api: Api) -> None:
    done(api, api.client.post("/v1/raw/releases", json=secret()))
    purge = api.client.delete(URL, params={"purge": True}).json()
    while waiting := [one for one in api.messages.sent if one != ("erase",)]:
        api.messages.sent.remove(waiting[0])
        STAGES[waiting[0][0]](api.parts, *waiting[0][1:])
    assert ("erase",) in api.messages.sent
    with pytest.raises(Killed):
        erase(replace(api.parts, warehouse=Killing(api.parts.warehouse)))  # type: ignore[arg-type]
    api.messages.sent = []
    assert told(api.settings.data_dir) != []
    assert api.client.get(f"/v1/jobs/{purge['id']}").json()["status"] == "running"
    assert api.client.get("/v1/audit").json()["items"][0]["status"] == "pending"
    swept(api)
    assert told(api.settings.data_dir) == []
    assert api.client.get(f"/v1/jobs/{purge['id']}").json()["status"] == "succeeded"
    assert sound(api) == []


def test_what_a_stage_set_aside_is_not_erased(api: Api) -> None:
    done(api, api.client.post("/v1/raw/releases", json=secret()))
    job = done(api, api.client.delete(URL))
    with api.parts.warehouse.write() as work:
        work.audit.add(
            [NewAuditEntry(now(), "admin", Kind.RELEASES, IDS[Kind.RELEASES], None, job["id"], version=2, seq=1)]
        )
        connection_of(work).exec_driver_sql("UPDATE job SET status = 'failed' WHERE id = ?", (job["id"],))
        work.commit()
    erase(api.parts)
    assert told(api.settings.data_dir) != []
    assert [(one["status"], one["reason"]) for one in api.client.get("/v1/audit").json()["items"]] == [
        ("failed", "its job failed: without a reason")
    ]


class BrokenLake:
    """A lake that can't erase one record."""

    def __init__(self, lake: object, record_id: str) -> None:
        self.lake, self.record_id = lake, record_id

    def __getattr__(self, name: str) -> object:
        return getattr(self.lake, name)

    def erase_bronze(self, kind: str, record_id: str, *args: object) -> None:
        if record_id == self.record_id:
            raise OSError(f"a file of {SECRET} is damaged")
        self.lake.erase_bronze(kind, record_id, *args)  # type: ignore[attr-defined]


def test_a_purge_that_fails_again_and_again_is_failed_with_the_reason_and_can_be_requested_again(api: Api) -> None:
    done(api, api.client.post("/v1/raw/releases", json=[secret(), release(2)]))
    broken = replace(api.parts, lake=BrokenLake(api.parts.lake, IDS[Kind.RELEASES]))  # type: ignore[arg-type]
    ids = [IDS[Kind.RELEASES], "ocds-b5fd17-bar-2:r1"]
    purges = [api.client.delete(path(Kind.RELEASES, one), params={"purge": True}).json()["id"] for one in ids]
    while waiting := [one for one in api.messages.sent if one != ("erase",)]:
        api.messages.sent.remove(waiting[0])
        STAGES[waiting[0][0]](api.parts, *waiting[0][1:])
    for _ in range(2 * ATTEMPTS_BEFORE_SINGLE_BATCH):
        with pytest.raises(OSError, match="damaged"):
            erase(broken)
    api.messages.sent = []
    erase(broken)
    assert api.messages.sent == [("erase",)]  # for the other purge
    erase(broken)
    failed, good = (api.client.get(f"/v1/jobs/{one}").json() for one in purges)
    assert (failed["status"], good["status"]) == ("failed", "succeeded")
    assert "purge it again" in failed["error"]["title"]
    assert {stage["status"] for stage in failed["stages"]} == {"done"}
    entries = api.client.get("/v1/audit").json()["items"]
    reason = f"OSError: a file of {SECRET} is damaged"
    assert sorted((one["status"], one.get("reason")) for one in entries) == [("done", None), ("failed", reason)]
    assert told(api.settings.data_dir) != []
    api.messages.sent = []
    again = done(api, api.client.delete(URL, params={"purge": True}))
    assert (again["status"], told(api.settings.data_dir)) == ("succeeded", [])
    first = next(one for one in api.client.get("/v1/audit").json()["items"] if one["job_id"] == purges[0])
    assert (first["status"], first["reason"]) == ("failed", "erased")
    assert sound(api) == []


def test_an_outage_is_no_attempt_at_a_purge(api: Api) -> None:
    done(api, api.client.post("/v1/raw/releases", json=secret()))
    purge = api.client.delete(URL, params={"purge": True}).json()["id"]
    while waiting := [one for one in api.messages.sent if one != ("erase",)]:
        api.messages.sent.remove(waiting[0])
        STAGES[waiting[0][0]](api.parts, *waiting[0][1:])

    class Away(Killing):
        def vacuum(self) -> None:
            raise UnavailableError("the database is away")

    for _ in range(2 * ATTEMPTS_BEFORE_SINGLE_BATCH + 2):
        with pytest.raises(UnavailableError):
            erase(replace(api.parts, warehouse=Away(api.parts.warehouse)))  # type: ignore[arg-type]
    erase(api.parts)
    assert api.client.get(f"/v1/jobs/{purge}").json()["status"] == "succeeded"


def test_what_a_killed_append_left_is_waited_for(api: Api) -> None:
    done(api, api.client.post("/v1/raw/releases", json=secret()))
    (listed,) = api.settings.data_dir.glob("**/bronze/releases/*.parquet")
    left = listed.with_name("part-00000-left-behind.parquet")
    left.write_bytes(listed.read_bytes())
    purge = api.client.delete(URL, params={"purge": True})
    api.work()
    assert api.client.get(purge.headers["location"]).json()["status"] == "running"
    assert [one["status"] for one in api.client.get("/v1/audit").json()["items"]] == ["pending"]
    os.utime(left, (0, left.stat().st_mtime - ABANDONED_SECONDS - 1))
    swept(api)
    assert told(api.settings.data_dir) == []
    assert api.client.get(purge.headers["location"]).json()["status"] == "succeeded"
    assert sound(api) == []


@pytest.mark.slow
def test_the_sweep_has_small_files_merged_and_a_purge_erases_them_all_the_same(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "infrastructure.lake.delta_lake.has_many_small_files", lambda table: has_many_small_files(table, 5)
    )
    done(api, api.client.post("/v1/raw/releases", json=secret()))
    for number in range(5):
        assert ("erase",) not in sweep(api.parts)
        done(api, api.client.post("/v1/raw/releases", json=release(number)))
    api.messages.sent = []
    assert sweep(api.parts) == [("erase",)]
    api.work()
    assert sweep(api.parts) == []
    assert sound(api) == []
    purge = done(api, api.client.delete(URL, params={"purge": True}))
    assert purge["status"] == "succeeded"
    assert told(api.settings.data_dir) == []
    assert sound(api) == []
