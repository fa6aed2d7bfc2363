"""The data folder is readable by its owner only, for any umask; older folders are tightened at the start."""

import os
from pathlib import Path

from cli.maintenance.doctor import examine
from infrastructure.settings import Settings
from infrastructure.system.file_permissions import open_to_others, restrict_permissions
from script.installation import Stack
from tests.cli.up.conftest import Start


def opened(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in open_to_others(folder))


def test_a_folder_that_others_could_read_is_tightened_at_the_start(start: Start, tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "lake" / "bronze").mkdir(parents=True)
    (data / "warehouse.db").touch()
    (data / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").touch(0o644)
    assert opened(data) == [".", "lake", "lake/bronze", "warehouse.db"]
    one = start().ready()
    assert opened(data) == []
    assert "4 files and folders" in one.said
    assert (tmp_path / "elsewhere").stat().st_mode & 0o777 == 0o644
    assert sorted(path.name for path in (data / "queue").iterdir()) == ["appendonly.aof", "redis.log", "redis.sock"]


def test_the_doctor_says_where_others_can_read(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "warehouse.db").touch()
    for path, mode in ((data, 0o755), (data / "warehouse.db", 0o644)):
        path.chmod(mode)
    settings = Settings(data_dir=data, _env_file=None)
    found = [check for check in examine(settings) if "by others" in check.finding]
    assert [(check.passed, str(data) in check.finding) for check in found] == [(False, True)]
    assert restrict_permissions(data) == 2
    assert [check.passed for check in examine(settings) if "by others" in check.finding] == [True]


def test_what_a_running_installation_writes_is_for_its_owner_alone(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        (tmp_path / "data").mkdir()
        with Stack(tmp_path / "data", TENDERLAKE_EMBEDDINGS="static") as stack:
            line = b'{"ocid": "ocds-aaaaaa-1", "id": "1", "date": "2024-01-01T00:00:00Z", "tag": ["tender"]}\n'
            assert stack.wait(stack.upload("a.jsonl", line))["status"] == "succeeded"
            there = {path.name for path in (tmp_path / "data").iterdir()}
            assert {"files", "lake", "queue", "search", "warehouse.db", "warehouse.db-wal"} <= there
            assert opened(tmp_path / "data") == []
    finally:
        os.umask(before)
