"""Backups while a purge runs: each one restores into a whole installation, which can finish or repeat the purge."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from infrastructure import backup as backups
from infrastructure.backup import back_up, restore
from infrastructure.bootstrap import bootstrap
from infrastructure.lake.snapshot import table_files, table_versions
from infrastructure.settings import Settings
from services.maintenance.rebuild import index_again_if_lost
from services.shared.clock import now
from tests.api.conftest import Api, Kept, api, fresh, settings_of  # noqa: F401  the fixtures are used by name
from tests.applications import application
from tests.services.pipeline.erasing.leftovers import in_files, traces
from tests.support import lines, release, verified

WORD = "Vambrecluster"
RECORD = "/v1/raw/releases/ocds-9-1:1"

pytestmark = pytest.mark.sqlite  # the folder of a backup is restored into SQLite


@pytest.fixture
def loaded(api: Api) -> Api:  # noqa: F811
    """An installation with a record to purge and twenty neighbours, which share its file and another one."""
    secret = release("ocds-9-1", tender={"id": "t", "title": f"{WORD} enclosure"}, buyer={"name": f"{WORD} Council"})
    first = [secret, *(release(f"ocds-9-{n}") for n in range(2, 12))]
    for name, content in (
        ("a.jsonl", lines(first)),
        ("b.jsonl", lines([release(f"ocds-9-{n}") for n in range(12, 22)])),
    ):
        assert api.client.post("/v1/uploads", params={"filename": name}, content=content).status_code == 202
        api.work()
    assert api.client.get(RECORD).status_code == 200
    return api


def purge(installation: Api) -> None:
    """Purge the record, and handle all messages."""
    assert installation.client.delete(RECORD, params={"purge": True}).status_code == 202
    installation.work()


@contextmanager
def restored(backup: Path, folder: Path) -> Iterator[Api]:
    """The installation of the backup, once its unfinished work is done."""
    settings: Settings = settings_of(folder)
    restore(settings, backup)
    messages = Kept()
    parts = replace(bootstrap(settings), messages=messages)
    index_again_if_lost(parts.warehouse, parts.search)
    with application(settings, parts) as app, TestClient(app) as client:
        client.auth = ("admin", "admin!")
        found = Api(client, TestClient(app), parts, messages, settings)
        with parts.warehouse.write() as work:  # as a worker does with the leases of its dead predecessor
            for job in work.jobs.unlanded(idle_since=now()):
                messages.send("land", job)
            work.commit()
        for _ in range(3):
            for stage in ("refine", "publish", "match", "index", "erase"):
                messages.send(stage)
            found.work()
        yield found
    parts.warehouse.close()  # type: ignore[attr-defined]


def test_a_backup_whose_files_a_purge_removes_starts_again_and_holds_nothing_of_the_record(
    loaded: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    purged: list[str] = []

    def purging(table: Path, version: int) -> Iterator[Path]:
        if not purged:  # after the snapshot of the first attempt, before its files are copied
            purged.append(table.name)
            purge(loaded)
        yield from table_files(table, version)

    monkeypatch.setattr(backups, "table_files", purging)
    back_up(loaded.settings, tmp_path / "backup")
    assert purged
    assert [place for place, text in in_files(tmp_path / "backup") if WORD in text] == []
    with restored(tmp_path / "backup", tmp_path / "restored") as copy:
        assert verified(copy.parts, copy.settings.data_dir) == []
        assert copy.client.get(RECORD).status_code == 404
        assert copy.client.get("/v1/raw/releases", params={"limit": 50}).json()["items"][0]["id"] == "ocds-9-10:1"
        assert traces(copy, WORD) == []


def test_a_file_that_is_removed_after_the_snapshot_is_not_left_out_silently(
    loaded: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[int] = []

    def counting(root: Path) -> dict[Path, int]:
        attempts.append(1)
        return table_versions(root)

    def removing(table: Path, version: int) -> Iterator[Path]:
        if len(attempts) == 1:  # the lake is read whole, then the stored file goes
            for path in (loaded.settings.data_dir / "files").glob("*/*"):
                path.unlink()
        yield from table_files(table, version)

    monkeypatch.setattr(backups, "table_versions", counting)
    monkeypatch.setattr(backups, "table_files", removing)
    back_up(loaded.settings, tmp_path / "backup")
    assert len(attempts) == 2


def test_backups_made_during_a_purge_pass_verify_and_the_purge_can_be_repeated(loaded: Api, tmp_path: Path) -> None:
    assert loaded.client.delete(RECORD, params={"purge": True}).status_code == 202
    working = threading.Thread(target=loaded.work)
    made = [tmp_path / "backup-0"]
    back_up(loaded.settings, made[0])  # the purge is accepted, but nothing of it is done
    working.start()
    while working.is_alive() and len(made) < 5:
        made.append(tmp_path / f"backup-{len(made)}")
        back_up(loaded.settings, made[-1])
    working.join()
    made.append(tmp_path / "backup-last")
    back_up(loaded.settings, made[-1])
    for backup in (made[0], made[len(made) // 2], made[-1]):
        with restored(backup, tmp_path / f"of-{backup.name}") as copy:
            assert verified(copy.parts, copy.settings.data_dir) == []
            assert copy.client.get(RECORD).status_code == 404, "the restored installation finishes the purge"
            assert traces(copy, WORD) == []


def test_a_purge_is_repeated_in_an_installation_restored_from_a_backup_before_it(loaded: Api, tmp_path: Path) -> None:
    back_up(loaded.settings, tmp_path / "backup")
    purge(loaded)
    with restored(tmp_path / "backup", tmp_path / "restored") as copy:
        assert copy.client.get(RECORD).status_code == 200, "an older backup has the record"
        purge(copy)
        assert verified(copy.parts, copy.settings.data_dir) == []
        assert traces(copy, WORD) == []
