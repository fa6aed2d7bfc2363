"""A PostgreSQL that is away, frozen, slow or full: every wait ends, and each becomes a 503."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response
from sqlalchemy.exc import OperationalError

from api.app import create_app
from domain.jobs.job import JobStatus
from domain.shared.errors import AwayError, UnavailableError
from infrastructure.bootstrap import bootstrap, vault
from infrastructure.credentials import PASSWORD_HASHER
from infrastructure.lake.delta_lake import DeltaLake
from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.migrate import upgrade
from infrastructure.warehouse.postgresql import Timeouts
from script.servers import PostgreSQL, Redis
from services.pipeline.landing.land import land
from services.pipeline.refining.refine import refine
from services.ports.parts import Parts
from services.users.accounts import ensure_admin
from tests.api.conftest import settings_of
from tests.api.releases import package
from tests.support import job_of, lake_over, submit

QUICK = Timeouts(connect_seconds=2, statement_seconds=2, pool_seconds=0.2)


@pytest.fixture
def warehouse(postgresql: PostgreSQL) -> Iterator[SqlWarehouse]:
    made = SqlWarehouse(postgresql.url, QUICK)
    yield made
    made.close()


def ask(warehouse: SqlWarehouse, sql: str = "SELECT 1") -> object:
    with warehouse.read() as work:
        return work.connection.exec_driver_sql(sql).scalar_one()


def seconds_of(act: Callable[[], object], raised: type[Exception]) -> float:
    begun = time.monotonic()
    with pytest.raises(raised):
        act()
    return time.monotonic() - begun


def test_a_frozen_server_ends_the_wait_and_spares_the_next_caller_it(
    postgresql: PostgreSQL, warehouse: SqlWarehouse, said: list[str]
) -> None:
    assert ask(warehouse) == 1
    under_way: list[float] = []
    waiting = threading.Thread(
        target=lambda: under_way.append(seconds_of(lambda: ask(warehouse, "SELECT pg_sleep(1.5)"), AwayError))
    )
    waiting.start()
    time.sleep(0.3)
    postgresql.freeze()
    assert seconds_of(lambda: ask(warehouse), AwayError) < 7
    assert seconds_of(lambda: ask(warehouse), AwayError) < 0.2
    waiting.join()
    assert under_way[0] < 7
    postgresql.thaw()
    begun = time.monotonic()
    warehouse.wait(10)
    assert time.monotonic() - begun < 3
    assert ask(warehouse) == 1
    assert [line.split(" since")[0].split(" after")[0] for line in said] == ["PostgreSQL is away", "PostgreSQL is back"]


def test_a_server_that_only_works_long_is_waited_for(postgresql: PostgreSQL) -> None:
    warehouse = SqlWarehouse(postgresql.url, Timeouts(connect_seconds=0.3))
    assert ask(warehouse, "SELECT 7 FROM pg_sleep(1.5)") == 7
    warehouse.close()


def test_a_statement_that_takes_too_long_is_cancelled_and_the_connection_serves_on(warehouse: SqlWarehouse) -> None:
    assert seconds_of(lambda: ask(warehouse, "SELECT pg_sleep(20)"), UnavailableError) < 4
    assert ask(warehouse) == 1


def test_a_pool_whose_connections_are_all_in_use_says_so(warehouse: SqlWarehouse) -> None:
    with ExitStack() as all_of_them:
        for _ in range(15):
            all_of_them.enter_context(warehouse.read())
        assert seconds_of(lambda: ask(warehouse), UnavailableError) < 2
    assert ask(warehouse) == 1


def test_a_setting_that_no_waiting_mends_is_no_outage(postgresql: PostgreSQL, said: list[str]) -> None:
    warehouse = SqlWarehouse(postgresql.url.replace("/postgres", "/nothing"), QUICK)
    with pytest.raises(OperationalError, match="does not exist"):
        ask(warehouse)
    assert said == []


def test_callers_get_503_with_a_time_to_come_back_while_the_server_is_away(
    postgresql: PostgreSQL, redis: Redis, tmp_path: Path, said: list[str]
) -> None:
    settings = settings_of(tmp_path / "data").model_copy(
        update={"database_url": postgresql.url, "redis_url": redis.url, "embeddings": "off"}
    )
    settings.data_dir.mkdir()
    upgrade(settings.warehouse_url)
    parts = bootstrap(settings, serving=True)
    with TestClient(create_app(settings, parts), raise_server_exceptions=False) as client:
        client.auth = ("admin", "admin!")
        ensure_admin(parts.warehouse, PASSWORD_HASHER, vault(settings), settings.admin_password)
        asked: list[Callable[[], Response]] = [
            lambda: client.post("/v1/uploads?filename=a.json", content=package()),
            lambda: client.get("/v1/jobs"),
            lambda: client.get("/v1/gold/facts/award"),
            lambda: client.get("/health/ready"),
            lambda: client.post("/v1/auth/token"),
        ]
        assert {one().status_code for one in asked} <= {200, 202}
        postgresql.stop()
        for _ in range(4):
            for one in asked:
                answer = one()
                assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2"), answer.text
                assert answer.headers["Content-Type"] == "application/problem+json"
        postgresql.start()
        parts.warehouse.wait(5)
        assert {one().status_code for one in asked} <= {200, 202}
        redis.stop()
        assert (
            client.post("/v1/uploads?filename=b.json", content=package()).status_code == 202
        )  # the sweep sends its message
        assert client.get("/health/ready").json()["parts"] == {
            "warehouse": "ok",
            "queue": "does not answer",
            "search": "ok",
        }
    assert [line for line in said if "is away" in line or "is back" in line] == [
        line for line in said if "not ready" not in line
    ]
    assert sum("PostgreSQL" in line for line in said) == 2


def test_outages_that_end_a_landing_or_a_stage_count_as_no_attempt(
    postgresql: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    upgrade(postgresql.url)
    with lake_over(tmp_path / "home", SqlWarehouse(postgresql.url, QUICK)) as parts:
        job_id = submit(parts, "a.json", package())
        append = DeltaLake.append_bronze

        def cut_off(lake: DeltaLake, *args: object) -> None:
            append(lake, *args)  # type: ignore[arg-type]
            postgresql.stop()
            threading.Timer(0.3, postgresql.start).start()

        with monkeypatch.context() as patched:
            patched.setattr(DeltaLake, "append_bronze", cut_off)
            for _ in range(4):  # one more than a slice that kills its worker gets
                with pytest.raises(AwayError):
                    land(parts, job_id)
        land(parts, job_id)
        assert job_of(parts, job_id).landed
        assert job_of(parts, job_id).status is not JobStatus.FAILED

        def interrupted(_parts: Parts, _mark: object) -> bool:
            postgresql.stop()
            threading.Timer(0.3, postgresql.start).start()
            with parts.warehouse.read():
                return False

        with pytest.raises(AwayError):
            replace(refine, due=lambda _parts, _work: True, run=interrupted)(parts)
        with parts.warehouse.read() as work:
            assert work.watermarks.get("refine").attempts == 0
