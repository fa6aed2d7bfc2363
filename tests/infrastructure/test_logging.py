"""Log lines as JSON, with the ids of what they belong to."""

import json
import threading
from collections.abc import Iterator
from contextvars import copy_context

import pytest
from loguru import logger

from domain.shared.log_context import log_context
from infrastructure.logging import json_line


@pytest.fixture
def lines() -> Iterator[list[dict[str, object]]]:
    """The lines logged in the test."""
    found: list[dict[str, object]] = []
    handler = logger.add(lambda message: found.append(json.loads(json_line(message.record))), format="{message}")
    yield found
    logger.remove(handler)


def test_a_line_has_the_ids_of_its_context_alone(lines: list[dict[str, object]]) -> None:
    with log_context(request_id="r-1"):
        with log_context(job_id="j-1", batch=7, stage=None):
            logger.info("landed {} “files”\nof {}", 2, "Łódź")
        logger.warning("still in the request")
    logger.info("outside")
    inside, request, outside = lines
    assert inside["message"] == "landed 2 “files”\nof Łódź"
    assert (inside["level"], inside["request_id"], inside["job_id"], inside["batch"]) == ("INFO", "r-1", "j-1", 7)
    assert "stage" not in inside
    assert str(inside["time"]).endswith("Z")
    assert request["request_id"] == "r-1"
    assert "job_id" not in request
    assert "request_id" not in outside


def test_an_exception_is_part_of_its_line(lines: list[dict[str, object]]) -> None:
    try:
        raise ValueError("no amount")
    except ValueError as error:
        logger.opt(exception=error).error("the stage failed")
    assert lines[0]["message"] == "the stage failed"
    assert "ValueError: no amount" in str(lines[0]["exception"])


def test_a_thread_that_gets_the_context_logs_its_ids(lines: list[dict[str, object]]) -> None:
    with log_context(job_id="j-1"):
        thread = threading.Thread(target=copy_context().run, args=(logger.info, "in the background"))
    thread.start()
    thread.join()
    assert lines[0]["job_id"] == "j-1"
