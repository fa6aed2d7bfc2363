"""Dramatiq over Redis, set so that a killed worker's message comes back within seconds, a short outage loses none, and rest writes nothing."""

import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import redis
from dramatiq import Broker, Message, Middleware
from dramatiq.broker import MessageProxy
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.common import dq_name
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import Retries, ShutdownNotifications, TimeLimit
from loguru import logger
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from infrastructure.queue.dispatcher import redis_client
from infrastructure.queue.queue_selection import QueueLength, QueueSelection

HEARTBEAT_TIMEOUT_MS = 15_000  # ms; longer than any stretch in which a stage holds the interpreter


MAINTENANCE_CHANCE = 1_000_000  # maintenance at every fetch: what dead workers held comes back at once


HEARTBEAT_SECONDS = 2.0  # seconds between the fetches of an empty queue, which carry the heartbeat and the maintenance


class StripTracebacks(Middleware):
    """Keeps tracebacks, which may quote a record, out of the queue's file: `Retries` puts them into messages."""

    # pylint: disable-next=unused-argument
    def before_enqueue(self, broker: Broker, message: Message[Any], delay: int | None) -> None:
        """Take the traceback out of a message that is tried again."""
        message.options.pop("traceback", None)


class QueueBroker(RedisBroker):
    """A broker whose workers look before they fetch: every fetch is a write with an fsync, and idle workers fetch many times a second.

    There is a thread for each queue: while they have nothing to do, one of them looks for all, and while the worker is busy none does, for each
    time that one wakes up the stage under way is held up. Of the queues of `share` one message is held at a time, so that a busy worker does
    not sit on what an idle one could take.
    """

    def __init__(self, connection: redis.Redis, worker: str, share: QueueSelection) -> None:
        middleware = [TimeLimit(), ShutdownNotifications(), Retries(), StripTracebacks()]
        super().__init__(  # type: ignore[no-untyped-call]
            client=connection, middleware=middleware, heartbeat_timeout=HEARTBEAT_TIMEOUT_MS, maintenance_chance=MAINTENANCE_CHANCE
        )
        self.broker_id = worker
        self.share = share
        self._fetched: dict[str, float] = {}
        self._choosing = threading.Lock()
        self._looking = threading.Lock()
        self._changed = threading.Condition()
        self._at: str | None = None  # the queue of the message that is held

    def do_fetch(self, queue: str, count: int) -> list[bytes]:
        """Up to `count` messages of the queue; none where the worker holds one already, or another queue's turn is first."""
        with self._choosing:
            found: list[bytes] = []
            if self._turn_of(queue):
                found = [message for message in self._fetch(queue, count) if message is not None]
                if found and queue in self.share.queues:
                    self._at = queue
            elif time.monotonic() - self._fetched.get(queue, -HEARTBEAT_SECONDS) >= HEARTBEAT_SECONDS:
                self._fetch(queue, 0)
            return found

    def do_ack(self, queue: str, message_id: str) -> None:
        """The message was handled."""
        self._dispatch("ack")(queue, message_id)  # type: ignore[no-untyped-call]
        self._let_go(queue)

    def do_nack(self, queue: str, message_id: str) -> None:
        """The message failed for good."""
        self._dispatch("nack")(queue, message_id)  # type: ignore[no-untyped-call]
        self._let_go(queue)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> "QueueConsumer":
        """A consumer of the queue; where one failed before it, it may have lost the message that it held."""
        self._let_go(queue_name)
        return QueueConsumer(self, queue_name, prefetch, timeout)

    def wait_for_message(self, seconds: float) -> None:
        """Return after so long, or once there is something to fetch."""
        if self._at is None and self._looking.acquire(blocking=False):  # pylint: disable=consider-using-with  # who does not get it waits below
            try:
                self._look_out(time.monotonic() + seconds)
            finally:
                self._looking.release()
        else:
            with self._changed:
                self._changed.wait(seconds)

    def _look_out(self, end: float) -> None:
        while self._at is None and time.monotonic() < end:
            with self._choosing:
                found = self._at is None and self._anything_to_fetch()
            with self._changed:
                if found:
                    self._changed.notify_all()
                    return
                self._changed.wait(self.share.poll_seconds)

    def _let_go(self, queue: str) -> None:
        if self._at == queue:
            self._at = None
            with self._changed:
                self._changed.notify_all()

    def _fetch(self, queue: str, count: int) -> list[Any]:
        self._fetched[queue] = time.monotonic()
        fetch: Callable[..., list[Any]] = self._dispatch("fetch")  # type: ignore[no-untyped-call]
        return fetch(queue, count)

    def _turn_of(self, queue: str) -> bool:
        if queue not in self.share.queues:
            return bool(self.client.llen(self._named(queue)))
        return self._at is None and bool(self.client.llen(self._named(queue))) and self.share.choose(self._counts()) == queue

    def _anything_to_fetch(self) -> bool:
        delayed = [self._named(dq_name(queue)) for queue in self.share.queues]
        if not self.client.exists(*map(self._named, self.share.queues), *delayed):
            return False
        return bool(self.client.exists(*delayed)) or self.share.choose(self._counts()) is not None

    def _counts(self) -> dict[str, QueueLength]:
        """Of each queue of the share; only asked while no message is held. A message stays in the hash of its queue until it is acknowledged.

        What this worker holds all the same, as Redis has it, was fetched by a command whose answer got lost: it goes back, or nobody would
        take anything of its queue again.
        """
        counts = {}
        for name, waiting, known, lost in self._lengths():
            if lost:
                logger.info("gave back {} message(s) of {} whose answer was lost", len(lost), name)
                self.do_requeue(name, *lost)
            counts[name] = QueueLength(waiting + len(lost), known - waiting - len(lost))
        return counts

    def _lengths(self) -> Iterator[tuple[str, int, int, set[str]]]:
        """Of each queue of the share: its name, messages in its list, messages in its hash, ids of those that this worker holds."""
        with self.client.pipeline(transaction=True) as asked:
            for name in self.share.queues:
                asked.llen(self._named(name))
                asked.hlen(f"{self._named(name)}.msgs")
                asked.smembers(self._named(f"__acks__.{self.broker_id}.{name}"))
            answers = asked.execute()
        yield from zip(self.share.queues, answers[::3], answers[1::3], answers[2::3], strict=True)

    def _named(self, queue: str) -> str:
        return f"{self.namespace}:{queue}"

    def reclaim(self) -> int:
        """Requeue what a predecessor of the same name held when it died; how many messages. For a worker that has not begun to fetch."""
        found = 0
        for queue in self.queues | {dq_name(queue) for queue in self.queues}:
            held: Any = self.client.smembers(f"{self.namespace}:__acks__.{self.broker_id}.{queue}")
            if held:
                self.do_requeue(queue, *held)
            found += len(held)
        return found


class QueueConsumer(_RedisConsumer):
    """A consumer that rests where there is nothing to fetch, `timeout` ms at most."""

    def __init__(self, broker: QueueBroker, queue_name: str, prefetch: int, timeout: int) -> None:
        super().__init__(broker, queue_name, prefetch, 0)  # type: ignore[no-untyped-call]
        self.longest = timeout / 1000

    def __next__(self) -> MessageProxy | None:
        found: MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call]
        if found is None:
            try:
                self.broker.wait_for_message(self.longest)
            except redis.ConnectionError as error:
                raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
        return found


def make_broker(url: str | None, worker: str, share: QueueSelection) -> QueueBroker:
    """The broker of a worker process. `worker` names it, the same at every start and unlike any other that lives: see `reclaim`."""
    # However long the server is away: what gave up would lose a message's next try, and fill the log.
    retry = Retry(ExponentialBackoff(cap=0.5, base=0.05), retries=-1)
    return QueueBroker(redis_client(url, socket_timeout=10, retry=retry), worker, share)
