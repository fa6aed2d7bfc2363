"""`tenderlake restore`: what it checks of a backup, and what it says."""

import json
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from cli.main import app, main
from infrastructure.backup import back_up
from infrastructure.settings import Settings
from services.ports.parts import Parts
from services.shared.clock import now
from tests.support import connection_of, lake_in, lines, load, release, submit

pytestmark = pytest.mark.sqlite  # the database is a file of the folder


@pytest.fixture
def home(tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parts]:
    """An installation with two processes in `home`; `restored` is the data folder of the settings."""
    monkeypatch.setenv("TENDERLAKE_DATA_DIR", str(tmp_path / "restored"))
    monkeypatch.setenv("TENDERLAKE_EMBEDDINGS", "off")
    with lake_in(tmp_path / "home", migrated) as parts:
        load(parts, "a.jsonl", lines([release("ocds-1-1"), release("ocds-1-2")]))
        yield parts


def backup(tmp_path: Path) -> Path:
    back_up(Settings(data_dir=tmp_path / "home", embeddings="off", _env_file=None), tmp_path / "backup")
    return tmp_path / "backup"


def restoring(source: Path, *options: str) -> tuple[int, list[str]]:
    done = CliRunner().invoke(app, ["restore", str(source), *options])
    return done.exit_code, [line for line in done.output.splitlines() if line]


@pytest.mark.usefixtures("home")
def test_a_restore_counts_and_compares_with_bronze(tmp_path: Path) -> None:
    code, said = restoring(backup(tmp_path))
    assert (code, said[1]) == (0, "silver and gold equal a rebuild from bronze")
    assert "all checksums and the numbers of rows of" in said[0]
    assert list((tmp_path / "restored").glob("verify-*")) == []


def test_differences_from_bronze_are_listed_unless_left_out(home: Parts, tmp_path: Path) -> None:
    with home.warehouse.write() as work:
        connection_of(work).execute(text("UPDATE fact_process SET title = 'odd' WHERE ocid = 'ocds-1-2'"))
        work.commit()
    code, said = restoring(backup(tmp_path))
    assert (code, said[-1]) == (1, "1 rows differ; `tenderlake rebuild` rebuilds them")
    assert "gold.fact_process" in said[1]
    assert "odd" in said[1]
    (tmp_path / "restored").rename(tmp_path / "first")
    code, said = restoring(tmp_path / "backup", "--no-verify")
    assert (code, len(said)) == (0, 2)
    assert said[1].startswith("`tenderlake up` migrates")


def test_a_backup_of_unfinished_work_is_restored_and_said_to_be_not_compared(home: Parts, tmp_path: Path) -> None:
    with home.warehouse.write() as work:
        mark = work.watermarks.start("publish", now())
        connection_of(work).execute(text("UPDATE watermark SET silver_batch = 0 WHERE stage = 'publish'"))
        work.commit()
    assert mark.silver_batch == 1
    submit(home, "b.jsonl", lines([release("ocds-1-3")]))
    code, said = restoring(backup(tmp_path))
    assert code == 0
    assert said[1].startswith("not compared with bronze yet: stages are behind the log (refine at 1 of 1, publish at 0")


def test_a_backup_of_an_older_version_is_said_to_be_not_compared(home: Parts, tmp_path: Path) -> None:
    source = backup(tmp_path)
    del home
    manifest = json.loads((source / "manifest.json").read_text())
    (source / "manifest.json").write_text(json.dumps(manifest | {"revision": "0020"}))
    code, said = restoring(source)
    assert code == 0
    assert said[1] == "not compared with bronze yet: an older version of tenderlake made the backup (revision 0020)"


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize("part", ["database/record", "lake/bronze/releases"])
def test_a_table_with_other_rows_than_the_manifest_names_is_refused(
    tmp_path: Path, part: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = backup(tmp_path)
    manifest = json.loads((source / "manifest.json").read_text())
    assert manifest["rows"][part] == 2
    assert manifest["rows"]["lake/silver/process"] == 2
    manifest["rows"][part] = 3
    (source / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setattr("sys.argv", ["tenderlake", "restore", str(source)])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 1
    assert f"the backup is incomplete, nothing was restored: {part} has 2 rows instead of 3" in capsys.readouterr().err
    assert not (tmp_path / "restored").exists()


@pytest.mark.usefixtures("home")
def test_a_backup_that_lacks_a_file_of_the_lake_and_its_entry_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    source = backup(tmp_path)
    (data_file,) = (source / "lake/bronze/releases").glob("*.parquet")
    assert pl.read_parquet(data_file).height == 2
    data_file.unlink()
    manifest = json.loads((source / "manifest.json").read_text())
    manifest["files"] = [one for one in manifest["files"] if not one["path"].endswith(data_file.name)]
    (source / "manifest.json").write_text(json.dumps(manifest))
    monkeypatch.setattr("sys.argv", ["tenderlake", "restore", str(source)])
    with pytest.raises(SystemExit):
        main()
    assert f"{data_file.name}" in capsys.readouterr().err
    assert not (tmp_path / "restored").exists()
