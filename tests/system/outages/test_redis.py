"""A Redis that is away or frozen: senders hear so at once, and messages are sent again once it is back."""

import time

import pytest

from domain.shared.errors import AwayError
from infrastructure.queue.dispatcher import RedisMessageQueue
from script.servers import Redis


def test_a_frozen_server_ends_the_wait_and_spares_the_next_sender_it(redis: Redis, said: list[str]) -> None:
    sender = RedisMessageQueue(redis.url, seconds=0.5)
    sender.send("land", "before")
    redis.freeze()
    begun = time.monotonic()
    with pytest.raises(AwayError):
        sender.send("land", "one")
    assert time.monotonic() - begun < 6
    begun = time.monotonic()
    for ask in (lambda: sender.send("land", "two"), lambda: sender.pending("land"), sender.check):
        with pytest.raises(AwayError, match="Redis does not answer"):
            ask()
    assert time.monotonic() - begun < 0.2
    redis.thaw()
    sender.wait(5)
    sender.send("land", "after")
    assert {("before",), ("after",)} <= sender.pending("land")
    assert [line.split(" since")[0].split(" after")[0] for line in said] == ["Redis is away", "Redis is back"]


def test_a_server_that_is_stopped_is_told_once_however_often_it_is_asked(redis: Redis, said: list[str]) -> None:
    sender = RedisMessageQueue(redis.url, seconds=0.5)
    sender.check()
    redis.stop()
    for _ in range(50):
        with pytest.raises(AwayError):
            sender.check()
    assert len(said) == 1
    redis.start()
    sender.wait(5)
    assert len(said) == 2
