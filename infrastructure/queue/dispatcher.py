"""Sends messages to the queue."""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

import redis
from dramatiq import Message
from redis.backoff import ConstantBackoff
from redis.retry import Retry
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from domain.shared.errors import StartupError, UnavailableError, reason_of
from domain.shared.log_context import log_ids
from infrastructure.queue.keys import OWNER
from infrastructure.queue.message_store import MessageStore
from infrastructure.system.outage import server_at

ANSWER_SECONDS = 2.0  # that a sender waits for the answer to a command
CARRIED_IDS = ("request_id", "job_id")  # in log lines of the stage too that the message wakes
REFUSALS = (redis.AuthenticationError, redis.exceptions.NoPermissionError)  # no waiting cures them
SEND_TIMEOUT_SECONDS = 3.0  # seconds that a sender waits for a queue that is away


class RedisMessageQueue:
    """Implements the port `MessageQueue`.

    Each actor has a queue of its name. AwayError while the server does not answer.
    """

    def __init__(self, url: str | None, seconds: float = ANSWER_SECONDS) -> None:
        self.url = url
        self.seconds = seconds
        self._server = server_at("Redis", url or "")

    def send(self, actor: str, *args: str) -> None:
        """Enqueue a message. UnavailableError if the queue does not answer; the sweep sends it later."""
        options = {name: value for name, value in log_ids().items() if name in CARRIED_IDS}
        message: Message[None] = Message(queue_name=actor, actor_name=actor, args=args, kwargs={}, options=options)
        patience = 0.0 if self._server.away else SEND_TIMEOUT_SECONDS
        again = retry_if_exception_type((redis.ConnectionError, redis.TimeoutError))
        with self._asking():
            for attempt in Retrying(stop=stop_after_delay(patience), wait=wait_fixed(0.1), retry=again, reraise=True):
                with attempt:
                    self._store.add(message)

    def pending(self, actor: str) -> set[tuple[str, ...]]:
        """The arguments of the messages that wait or are handled."""
        with self._asking():
            return {tuple(message.args) for message in self._store.pending(actor)}

    def depths(self, actors: Sequence[str]) -> dict[str, int]:
        """The number of messages of each actor that wait or are handled."""
        with self._asking():
            return self._store.depths(actors)

    def check(self) -> None:
        """UnavailableError where the queue does not answer."""
        with self._asking():
            self._store.client.ping()

    def wait(self, seconds: float) -> None:
        """Where the queue is away, return once it answers; AwayError where that takes longer."""
        self._server.wait(self.check, seconds)

    def claim(self, installation: str) -> str:
        """The installation that the queue serves: this one, where it served none.

        UnavailableError where it does not answer.
        """
        with self._asking():
            self._store.client.set(OWNER, installation, nx=True)
            owner: Any = self._store.client.get(OWNER)
        return bytes(owner).decode()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        self._server.admit()
        try:
            yield
        except redis.RedisError as error:
            if isinstance(error, REFUSALS) or "CERTIFICATE_VERIFY_FAILED" in str(error):
                raise UnavailableError(f"Redis refuses: {reason_of(error)}; correct TENDERLAKE_REDIS_URL") from error
            raise self._server.failed(error) from error
        self._server.answered()

    @cached_property
    def _store(self) -> MessageStore:
        once = Retry(ConstantBackoff(0.01), retries=1)  # for a connection that a restart of the server cut
        return MessageStore(redis_client(self.url, socket_timeout=self.seconds, retry=once))


def redis_client(url: str | None, *, socket_timeout: float, retry: Retry) -> redis.Redis:
    """The client of a URL redis://, rediss:// (TLS), valkey://, valkeys:// or unix://. StartupError if it can't be
    read."""
    if url is None:
        raise UnavailableError("no queue is named: run tenderlake up, or set TENDERLAKE_REDIS_URL")
    try:
        path = urlsplit(url).path
        if not url.startswith("unix:") and not re.fullmatch(r"/?\d*", path):
            raise ValueError(f"{path!r} is no number of a database")
        address = re.sub("^valkey", "redis", url)
        client: redis.Redis = redis.Redis.from_url(address, socket_timeout=socket_timeout, retry=retry)
        client.connection_pool.make_connection()  # refuses unknown parameters; does not connect
    except (TypeError, ValueError, redis.RedisError) as error:
        raise StartupError(f"TENDERLAKE_REDIS_URL can't be used: {reason_of(error)}") from error
    return client
