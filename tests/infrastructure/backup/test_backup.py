"""Backups of a running installation, and their restore."""

import json
import shutil
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.shared.errors import ConflictError, DamagedError, InvalidError, UnavailableError
from infrastructure import backup as backups
from infrastructure.backup import back_up, restore
from infrastructure.settings import Settings
from infrastructure.warehouse.engine import SqlWarehouse
from services.maintenance.rebuild import index_again_if_lost
from services.pipeline.sweep import sweep
from services.ports.parts import Parts
from services.shared.clock import now
from tests.support import drain, lake_in, lake_over, lines, load, messages, release, rows, submit, verified

PARTIES = [{"id": "1", "name": "Leeds", "roles": ["buyer"]}]


def settings_of(folder: Path) -> Settings:
    return Settings(data_dir=folder, embeddings="off", _env_file=None)


@pytest.fixture
def home(tmp_path: Path, migrated: Path) -> Iterator[tuple[Path, Parts]]:
    """An installation with two processes, and its folder."""
    with lake_in(tmp_path / "home", migrated, batch_records=40) as parts:
        (tmp_path / "home" / "sealing.key").write_bytes(b"a secret")
        load(
            parts, "first.jsonl", lines([release(f"ocds-1-{n}", parties=PARTIES, buyer={"id": "1"}) for n in range(2)])
        )
        yield tmp_path / "home", parts


def at_rest(folder: Path) -> tuple[list[str], int]:
    """Run the restored installation until it is idle: (differences from bronze, processes in gold)."""
    with lake_over(folder, SqlWarehouse(settings_of(folder).warehouse_url)) as parts:
        index_again_if_lost(parts.warehouse, parts.search)
        with parts.warehouse.write() as work:  # as a worker does with the leases of its dead predecessor
            for job in work.jobs.unlanded(idle_since=now()):
                messages(parts).send("land", job)
            work.commit()
        for _ in range(5):
            for stage in ("refine", "publish", "index"):
                messages(parts).send(stage)
            drain(parts)
            sweep(parts)
        return verified(parts, folder), len(rows(parts, "fact_process"))


def test_a_backup_made_under_load_passes_verify_once_restored(home: tuple[Path, Parts], tmp_path: Path) -> None:
    folder, parts = home
    ended = threading.Event()
    submit(parts, "large.jsonl", lines([release(f"ocds-2-{n}") for n in range(600)]))

    def work() -> None:
        drain(parts)
        ended.set()

    worked = threading.Thread(target=work)
    worked.start()
    made: list[Path] = []
    while not ended.is_set() and len(made) < 4:
        made.append(tmp_path / f"backup-{len(made)}")
        back_up(settings_of(folder), made[-1], made[-2] if made[1:] else None)
    worked.join()
    assert made
    for number, backup in enumerate(made[::3]):
        restored = tmp_path / f"restored-{number}"
        restore(settings_of(restored), backup)
        differences, processes = at_rest(restored)
        assert differences == []
        assert processes == 602


def test_a_restored_folder_has_the_secrets_and_is_private(home: tuple[Path, Parts], tmp_path: Path) -> None:
    folder, parts = home
    written = back_up(settings_of(folder), tmp_path / "backup")
    assert written.linked == 0
    restore(settings_of(tmp_path / "restored"), tmp_path / "backup")
    assert (tmp_path / "restored/sealing.key").read_bytes() == b"a secret"
    for place in (tmp_path / "backup", tmp_path / "restored"):
        for path in (place, *place.rglob("*")):
            mode = stat.S_IMODE(path.lstat().st_mode)
            assert mode & 0o077 == 0, f"{path} has mode {mode:o}"
    with lake_over(tmp_path / "restored", SqlWarehouse(settings_of(tmp_path / "restored").warehouse_url)) as copy:
        assert rows(copy, "job") == rows(parts, "job")
        assert {one["ocid"] for one in rows(copy, "fact_process")} == {"ocds-1-0", "ocds-1-1"}


def test_files_of_the_previous_backup_are_linked(home: tuple[Path, Parts], tmp_path: Path) -> None:
    folder, parts = home
    back_up(settings_of(folder), tmp_path / "one")
    load(parts, "second.jsonl", lines([release("ocds-3-1")]))
    written = back_up(settings_of(folder), tmp_path / "two", tmp_path / "one")
    assert 0 < written.linked < len(written.files)
    linked = [path for path in (tmp_path / "two").rglob("*") if path.is_file() and path.stat().st_nlink == 2]
    assert len(linked) == written.linked
    shutil.rmtree(tmp_path / "one")
    restore(settings_of(tmp_path / "restored"), tmp_path / "two")
    assert at_rest(tmp_path / "restored") == ([], 3)


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("harm", "reason"),
    [
        (_flip, "its content has changed"),
        (Path.unlink, "No such file or directory"),
        (lambda path: path.write_bytes(path.read_bytes()[:-1]), "bytes instead of"),
    ],
)
@pytest.mark.parametrize("pattern", ["database/warehouse.db", "lake/bronze/releases/*.parquet", "files/*/*"])
def test_a_damaged_backup_is_refused_with_the_files_name(
    home: tuple[Path, Parts], tmp_path: Path, harm: object, reason: str, pattern: str
) -> None:
    back_up(settings_of(home[0]), tmp_path / "backup")
    harmed = next((tmp_path / "backup").glob(pattern))
    harm(harmed)  # type: ignore[operator]
    with pytest.raises(DamagedError, match=reason) as refused:
        restore(settings_of(tmp_path / "restored"), tmp_path / "backup")
    assert harmed.relative_to(tmp_path / "backup").as_posix() in refused.value.detail
    assert not (tmp_path / "restored").exists()


def test_a_backup_that_is_not_whole_or_leads_elsewhere_is_refused(home: tuple[Path, Parts], tmp_path: Path) -> None:
    with pytest.raises(InvalidError, match="no complete backup"):
        restore(settings_of(tmp_path / "restored"), tmp_path)
    back_up(settings_of(home[0]), tmp_path / "backup")
    manifest = tmp_path / "backup/manifest.json"
    good = json.loads(manifest.read_text())
    manifest.write_text(json.dumps({**good, "revision": "9999"}))
    with pytest.raises(InvalidError, match="newer version"):
        restore(settings_of(tmp_path / "restored"), tmp_path / "backup")
    manifest.write_text(json.dumps({**good, "files": [{"path": "data/../../x", "bytes": 1, "sha256": ""}]}))
    with pytest.raises(DamagedError, match="leads out of the folder"):
        restore(settings_of(tmp_path / "restored"), tmp_path / "backup")
    manifest.write_text("{")
    with pytest.raises(DamagedError, match="can't be read"):
        restore(settings_of(tmp_path / "restored"), tmp_path / "backup")


def test_nothing_is_restored_over_data(home: tuple[Path, Parts], tmp_path: Path) -> None:
    back_up(settings_of(home[0]), tmp_path / "backup")
    with pytest.raises(ConflictError, match="not empty"):
        restore(settings_of(home[0]), tmp_path / "backup")
    with pytest.raises(InvalidError, match="exists already"):
        back_up(settings_of(home[0]), tmp_path / "backup")


def test_a_failed_backup_leaves_no_folder(
    home: tuple[Path, Parts], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home[0] / "unreadable.key").symlink_to("/proc/self/mem")  # opens, but can't be read
    with pytest.raises(OSError, match="error"):
        back_up(settings_of(home[0]), tmp_path / "backup")
    (home[0] / "unreadable.key").unlink()
    assert list(tmp_path.glob("backup*")) == []

    def vanishing(*_: object) -> Iterator[Path]:
        yield home[0] / "lake/bronze/gone.parquet"

    monkeypatch.setattr(backups, "table_files", vanishing)  # as if purges ran during each attempt
    with pytest.raises(UnavailableError, match="each of 5 attempts"):
        back_up(settings_of(home[0]), tmp_path / "backup")
    assert list(tmp_path.glob("backup*")) == []


def test_a_failed_restore_leaves_the_folder_as_it_was(home: tuple[Path, Parts], tmp_path: Path) -> None:
    back_up(settings_of(home[0]), tmp_path / "backup")
    target = tmp_path / "restored"
    target.mkdir()
    manifest = tmp_path / "backup/manifest.json"
    good = json.loads(manifest.read_text())
    twice = [*good["files"], next(file for file in good["files"] if file["path"].startswith("data/"))]
    manifest.write_text(json.dumps({**good, "files": twice}))  # the second copy of the file fails
    with pytest.raises(FileExistsError):
        restore(settings_of(target), tmp_path / "backup")
    assert list(target.iterdir()) == []
