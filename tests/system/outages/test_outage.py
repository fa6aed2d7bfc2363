"""What a process knows of a server: said once, tried once a second, and repeated lines counted."""

import time
from typing import Any

import pytest

from domain.shared.errors import AwayError
from infrastructure.logging import Repeats
from infrastructure.system.outage import Server


def test_an_outage_is_said_when_it_begins_and_when_it_ends(said: list[str]) -> None:
    server = Server("PostgreSQL", pause=0.0)
    server.answered()
    for _ in range(5):
        server.admit()
        server.failed("connection refused")
    server.answered()
    server.answered()
    assert len(said) == 2
    assert "PostgreSQL is away since" in said[0]
    assert "connection refused" in said[0]
    assert said[1].startswith("PostgreSQL is back after 0 s, 5 attempts")


def test_one_caller_tries_a_server_that_is_away_and_the_others_are_refused() -> None:
    server = Server("Redis", pause=0.05)
    server.admit()
    server.failed("")
    with pytest.raises(AwayError):
        server.admit()
    time.sleep(0.06)
    server.admit()
    with pytest.raises(AwayError, match="Redis does not answer"):
        server.admit()
    server.answered()
    server.admit()
    server.admit()


def test_waiting_ends_with_the_outage_or_after_a_while() -> None:
    server = Server("Redis", pause=0.01)
    server.wait(lambda: pytest.fail("nobody asks a server that answers"), 1)
    left = 3

    def check() -> None:
        nonlocal left
        server.admit()
        left -= 1
        if left:
            raise server.failed("refused")
        server.answered()

    server.failed("refused")
    server.wait(check, 5)
    assert left == 0

    def always() -> None:
        raise server.failed("refused")

    server.failed("refused")
    with pytest.raises(AwayError):
        server.wait(always, 0.05)


def test_a_warning_that_repeats_is_shown_once_a_minute_with_how_often_it_came() -> None:
    now = 0.0
    repeats = Repeats(clock=lambda: now)

    def shown(message: str, level: int = 30, line: int = 1) -> str | None:
        record: Any = {
            "level": type("Level", (), {"no": level}),
            "name": "n",
            "line": line,
            "message": message,
            "exception": None,
        }
        return record["message"] if repeats(record) else None

    assert shown("search is away") == "search is away"
    assert shown("search is away") is None
    assert shown("search is away") is None
    assert shown("another line") == "another line"
    assert shown("search is away", line=2) == "search is away"
    assert shown("sweep: sending embed again", level=20) == shown("sweep: sending embed again", level=20) != None  # noqa: E711
    now = 61.0
    assert shown("search is away") == "search is away (2 more of these in the last 61 s)"
    now = 122.0
    assert shown("search is away") == "search is away"
