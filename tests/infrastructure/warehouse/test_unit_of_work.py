"""Transactions: nothing without commit, one writer at a time, readers that never wait."""

import threading
import time

import pytest

from domain.pipeline.watermark import Watermark
from domain.shared.errors import LostRaceError
from infrastructure.warehouse.engine import SqlWarehouse
from services.ports.parts import Parts
from services.shared.clock import now
from tests.factories import JobFactory


def test_leaving_without_commit_rolls_back(lake_home: Parts) -> None:
    job = JobFactory.build(id="one")
    with lake_home.warehouse.write() as work:
        work.jobs.add(job)
    with lake_home.warehouse.read() as work:
        assert work.jobs.get("one") is None


def test_a_job_comes_back_as_it_went_in(lake_home: Parts) -> None:
    job = JobFactory.build(id="one", position={"at": [1, {"ü": None}]})
    with lake_home.warehouse.write() as work:
        work.jobs.add(job)
        work.commit()
    with lake_home.warehouse.read() as work:
        assert work.jobs.get("one") == job


def test_a_reader_sees_one_state_and_does_not_wait_for_the_writer(lake_home: Parts) -> None:
    with lake_home.warehouse.read() as reading:
        assert reading.jobs.get("one") is None
        with lake_home.warehouse.write() as work:
            work.jobs.add(JobFactory.build(id="one"))
            started = time.monotonic()
            with lake_home.warehouse.read() as beside:
                assert beside.jobs.get("one") is None
            assert time.monotonic() - started < 5
            work.commit()
        assert reading.jobs.get("one") is None
    with lake_home.warehouse.read() as after:
        assert after.jobs.get("one") is not None


def test_writers_that_read_first_take_turns_and_lose_no_update(lake_home: Parts) -> None:
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    errors: list[Exception] = []

    def step() -> None:
        try:
            for _ in range(10):
                with lake_home.warehouse.write() as work:
                    mark: Watermark = work.watermarks.get("refine")
                    work.watermarks.compare_and_swap(mark, mark.model_copy(update={"seq": mark.seq + 1}), now())
                    work.commit()
        except Exception as error:  # pylint: disable=broad-exception-caught  # the test's own thread must tell
            errors.append(error)

    threads = [threading.Thread(target=step) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with lake_home.warehouse.read() as work:
        assert work.watermarks.get("refine").seq == 40


def test_of_two_who_move_a_watermark_from_one_place_the_second_loses(lake_home: Parts) -> None:
    with lake_home.warehouse.write() as work:
        seen = work.watermarks.start("publish", now())
        work.commit()
    with lake_home.warehouse.write() as work:
        work.watermarks.compare_and_swap(seen, seen.model_copy(update={"target": 4, "done": 1}), now())
        work.commit()
    with lake_home.warehouse.write() as work, pytest.raises(LostRaceError):
        work.watermarks.compare_and_swap(seen, seen.model_copy(update={"target": 4, "done": 1}), now())


def test_attempts_count_up_until_the_watermark_moves(lake_home: Parts) -> None:
    with lake_home.warehouse.write() as work:
        assert [work.watermarks.start("publish", now()).attempts for _ in range(3)] == [1, 2, 3]
        mark = work.watermarks.get("publish")
        work.watermarks.compare_and_swap(mark, mark.model_copy(update={"target": 4, "done": 1}), now())
        assert work.watermarks.start("publish", now()).attempts == 1
        mark = work.watermarks.get("publish")
        again = work.watermarks.restart(mark, now(), mark.attempts)
        assert (again.target, again.done, again.attempts) == (None, 0, 1)
