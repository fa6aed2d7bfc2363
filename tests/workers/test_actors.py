"""The actors: an expected failure is logged in one line and retried; an unexpected one is logged with its traceback."""

from collections.abc import Iterator

import pytest
from dramatiq import Message, Worker
from dramatiq.brokers.stub import StubBroker
from loguru import logger

from domain.shared.errors import AwayError, NoSpaceError, UnavailableError
from infrastructure.logging import LoguruHandler
from services.pipeline.stage import LeasedStage
from services.pipeline.stages import STAGES
from services.ports.parts import Parts
from workers import actors


@pytest.fixture
def log_lines() -> Iterator[list[str]]:
    lines: list[str] = []
    handle = logger.add(lambda line: lines.append(str(line)), format="{level} {message}\n{exception}")
    yield lines
    logger.remove(handle)


def tries(parts: Parts, *failures: Exception) -> int:
    """The number of runs of a stage until it succeeds, if it first fails with these errors."""
    left, run = list(failures), 0

    def index(given: Parts) -> None:
        nonlocal run
        assert given is parts
        run += 1
        if left:
            raise left.pop(0)

    broker = StubBroker()
    actors.declare(broker, parts, [LeasedStage(name="index", run=index, idle=lambda _work, _since: [])])
    worker = Worker(broker, worker_timeout=100)
    worker.start()
    try:
        broker.enqueue(Message(queue_name="index", actor_name="index", args=(), kwargs={}, options={}))
        broker.join("index", timeout=20_000)
        worker.join()
    finally:
        worker.stop()
    return run


def test_a_failure_that_was_foreseen_is_a_line_and_another_try(lake_home: Parts, log_lines: list[str]) -> None:
    assert tries(lake_home, UnavailableError("the queue does not answer"), NoSpaceError("the disk is full")) == 3
    assert [line.strip() for line in log_lines if line.startswith(("WARNING", "ERROR"))] == [
        "WARNING index: the queue does not answer; will retry",
        "WARNING index: the disk is full; will retry",
    ]


def test_what_a_part_that_is_away_ended_is_tried_until_it_is_back_and_adds_no_line(
    lake_home: Parts, log_lines: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actors, "AWAY_DELAY_MS", 1)
    times = actors.MAX_RETRIES + 3
    assert tries(lake_home, *(AwayError("PostgreSQL does not answer") for _ in range(times))) == times + 1
    assert [line for line in log_lines if line.startswith(("WARNING", "ERROR"))] == []


def test_a_failure_that_nobody_foresaw_shows_where_it_happened(
    lake_home: Parts, log_lines: list[str], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(caplog.handler, "emit", LoguruHandler().emit)
    assert tries(lake_home, ZeroDivisionError("nobody foresaw this")) == 2
    error = next(line for line in log_lines if line.startswith("ERROR"))
    assert "index()" in error
    assert "ZeroDivisionError: nobody foresaw this" in error
    assert "test_actors.py" in error


def test_each_entry_of_the_registry_has_an_actor_with_its_queue_priority_and_time_limit(lake_home: Parts) -> None:
    declared = actors.declare(StubBroker(), lake_home)
    assert [(one.actor_name, one.queue_name, one.priority, one.options["time_limit"]) for one in declared] == [
        (stage.name, stage.name, stage.priority, 1_000 * stage.time_limit_seconds) for stage in STAGES
    ]
    assert {one.actor_name: one.priority for one in declared if one.priority != 1} == {
        "red_flags": 9,
        "embed": 9,
        "marts": 9,
        "export": 2,
    }
    limits = {one.actor_name: one.options["time_limit"] for one in declared}
    assert (limits["land"], limits["erase"], limits["refine"]) == (14_400_000, 14_400_000, 600_000)
