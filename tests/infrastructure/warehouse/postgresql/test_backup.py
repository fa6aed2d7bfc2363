"""A backup of an installation over PostgreSQL, restored into another database."""

from pathlib import Path

import pytest

from domain.shared.errors import ConflictError, InvalidError
from infrastructure.backup import back_up, restore
from infrastructure.settings import Settings
from infrastructure.warehouse.engine import SqlWarehouse
from services.maintenance.rebuild import index_again_if_lost
from services.ports.parts import Parts
from tests.database_server import DatabaseServer
from tests.services.pipeline.publishing.test_deletions import FULL
from tests.support import drain, gold, lake_over, lines, load, messages, release, submit, verified


def test_a_backup_of_postgresql_passes_verify_in_another_database(
    lake_on_postgres: Parts, database: str, server: DatabaseServer, tmp_path: Path
) -> None:
    odd = 'back\\slash\t"tab"\n\\N 😀'
    load(lake_on_postgres, "a.jsonl", lines([release("ocds-1-1", **FULL), release("ocds-1-2", tender={"title": odd})]))
    submit(lake_on_postgres, "b.jsonl", lines([release("ocds-1-3")]))  # is still to be landed
    live = Settings(data_dir=tmp_path / "home", database_url=database, _env_file=None)
    back_up(live, tmp_path / "backup")
    other = server.url(server.create())
    empty = Settings(data_dir=tmp_path / "restored", database_url=other, _env_file=None)
    restore(empty, tmp_path / "backup")
    with lake_over(tmp_path / "restored", SqlWarehouse(other)) as parts:
        assert gold(parts) == gold(lake_on_postgres)
        index_again_if_lost(parts.warehouse, parts.search)
        with parts.warehouse.read() as work:
            for job in work.jobs.waiting(10):
                messages(parts).send("land", job)
        messages(parts).send("index")
        drain(parts)
        load(parts, "c.jsonl", lines([release("ocds-1-4")]))  # new rows get keys of their own
        assert verified(parts, tmp_path / "restored") == []
        assert len(gold(parts)["fact_process"]) == 4
    with pytest.raises(ConflictError, match="database is not empty"):
        restore(empty.model_copy(update={"data_dir": tmp_path / "third"}), tmp_path / "backup")
    with pytest.raises(InvalidError, match="names sqlite"):
        restore(Settings(data_dir=tmp_path / "third", _env_file=None), tmp_path / "backup")
    assert not (tmp_path / "third").exists()
