"""Dramatiq over Redis: requeues messages of killed workers within seconds, loses none in outages, writes nothing at
rest.
"""

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

HEARTBEAT_TIMEOUT_MS = 15_000  # longer than a stage ever holds the GIL


MAINTENANCE_CHANCE = 1_000_000  # maintenance at every fetch, so that messages of dead workers return at once


HEARTBEAT_SECONDS = 2.0  # between fetches of an empty queue, which send the heartbeat and run maintenance


class StripTracebacks(Middleware):
    """Removes the tracebacks that `Retries` adds to messages: they may quote a record, and Redis persists messages."""

    # pylint: disable-next=unused-argument
    def before_enqueue(self, broker: Broker, message: Message[Any], delay: int | None) -> None:
        """Remove the traceback from a message that is retried."""
        message.options.pop("traceback", None)


class QueueBroker(RedisBroker):
    """A broker whose workers peek before they fetch: each fetch is a write with an fsync, and idle workers poll often.

    Each queue has a consumer thread. While the worker is idle, one thread peeks for all; while it is busy none does,
    because each wake-up slows down the running stage. Of the queues of `share`, one message is held at a time, so that
    a busy worker does not prefetch messages that an idle one could handle.
    """

    def __init__(self, connection: redis.Redis, worker: str, share: QueueSelection) -> None:
        middleware = [TimeLimit(), ShutdownNotifications(), Retries(), StripTracebacks()]
        super().__init__(  # type: ignore[no-untyped-call]
            client=connection,
            middleware=middleware,
            heartbeat_timeout=HEARTBEAT_TIMEOUT_MS,
            maintenance_chance=MAINTENANCE_CHANCE,
        )
        self.broker_id = worker
        self.share = share
        self._fetched: dict[str, float] = {}
        self._choosing = threading.Lock()
        self._peeking = threading.Lock()
        self._changed = threading.Condition()
        self._held_queue: str | None = None  # the queue of the message that is held

    def do_fetch(self, queue: str, count: int) -> list[bytes]:
        """Fetch up to `count` messages of the queue; none if the worker holds one or another queue is first."""
        with self._choosing:
            found: list[bytes] = []
            if self._may_fetch(queue):
                found = [message for message in self._fetch(queue, count) if message is not None]
                if found and queue in self.share.queues:
                    self._held_queue = queue
            elif time.monotonic() - self._fetched.get(queue, -HEARTBEAT_SECONDS) >= HEARTBEAT_SECONDS:
                self._fetch(queue, 0)
            return found

    def do_ack(self, queue: str, message_id: str) -> None:
        """Acknowledge a handled message."""
        self._dispatch("ack")(queue, message_id)  # type: ignore[no-untyped-call]
        self._release(queue)

    def do_nack(self, queue: str, message_id: str) -> None:
        """Reject a message that has failed permanently."""
        self._dispatch("nack")(queue, message_id)  # type: ignore[no-untyped-call]
        self._release(queue)

    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> "QueueConsumer":
        """A consumer of the queue. It replaces a failed one, which may have lost the message that it held."""
        self._release(queue_name)
        return QueueConsumer(self, queue_name, prefetch, timeout)

    def wait_for_message(self, seconds: float) -> None:
        """Block until a message can be fetched, `seconds` at most."""
        # pylint: disable-next=consider-using-with  # threads that don't get the lock wait below
        if self._held_queue is None and self._peeking.acquire(blocking=False):
            try:
                self._peek_until(time.monotonic() + seconds)
            finally:
                self._peeking.release()
        else:
            with self._changed:
                self._changed.wait(seconds)

    def _peek_until(self, end: float) -> None:
        while self._held_queue is None and time.monotonic() < end:
            with self._choosing:
                found = self._held_queue is None and self._anything_to_fetch()
            with self._changed:
                if found:
                    self._changed.notify_all()
                    return
                self._changed.wait(self.share.poll_seconds)

    def _release(self, queue: str) -> None:
        if self._held_queue == queue:
            self._held_queue = None
            with self._changed:
                self._changed.notify_all()

    def _fetch(self, queue: str, count: int) -> list[Any]:
        self._fetched[queue] = time.monotonic()
        fetch: Callable[..., list[Any]] = self._dispatch("fetch")  # type: ignore[no-untyped-call]
        return fetch(queue, count)

    def _may_fetch(self, queue: str) -> bool:
        if queue not in self.share.queues:
            return bool(self.client.llen(self._named(queue)))
        if self._held_queue is not None or not self.client.llen(self._named(queue)):
            return False
        return self.share.choose(self._counts()) == queue

    def _anything_to_fetch(self) -> bool:
        delayed = [self._named(dq_name(queue)) for queue in self.share.queues]
        if not self.client.exists(*map(self._named, self.share.queues), *delayed):
            return False
        return bool(self.client.exists(*delayed)) or self.share.choose(self._counts()) is not None

    def _counts(self) -> dict[str, QueueLength]:
        """Lengths of the queues of the share; called only while no message is held.

        A message stays in its queue's hash until it is acknowledged. If Redis shows messages as held by this worker,
        the reply of their fetch was lost: they are requeued, or no worker would ever handle them.
        """
        counts = {}
        for name, waiting, known, lost in self._lengths():
            if lost:
                logger.info("requeued {} message(s) of {} whose fetch reply was lost", len(lost), name)
                self.do_requeue(name, *lost)
            counts[name] = QueueLength(waiting + len(lost), known - waiting - len(lost))
        return counts

    def _lengths(self) -> Iterator[tuple[str, int, int, set[str]]]:
        """Per queue of the share: name, length of its list, length of its hash, ids of the messages held by this
        worker.
        """
        with self.client.pipeline(transaction=True) as pipeline:
            for name in self.share.queues:
                pipeline.llen(self._named(name))
                pipeline.hlen(f"{self._named(name)}.msgs")
                pipeline.smembers(self._named(f"__acks__.{self.broker_id}.{name}"))
            answers = pipeline.execute()
        yield from zip(self.share.queues, answers[::3], answers[1::3], answers[2::3], strict=True)

    def _named(self, queue: str) -> str:
        return f"{self.namespace}:{queue}"

    def reclaim(self) -> int:
        """Requeue the messages that a dead predecessor of the same name held; returns their number.

        Call before fetching.
        """
        found = 0
        for queue in self.queues | {dq_name(queue) for queue in self.queues}:
            held: Any = self.client.smembers(f"{self.namespace}:__acks__.{self.broker_id}.{queue}")
            if held:
                self.do_requeue(queue, *held)
            found += len(held)
        return found


class QueueConsumer(_RedisConsumer):
    """A consumer that blocks while no message can be fetched, `timeout` ms at most."""

    def __init__(self, broker: QueueBroker, queue_name: str, prefetch: int, timeout: int) -> None:
        super().__init__(broker, queue_name, prefetch, 0)  # type: ignore[no-untyped-call]
        self.timeout_seconds = timeout / 1000

    def __next__(self) -> MessageProxy | None:
        found: MessageProxy | None = super().__next__()  # type: ignore[no-untyped-call]
        if found is None:
            try:
                self.broker.wait_for_message(self.timeout_seconds)
            except redis.ConnectionError as error:
                raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
        return found


def make_broker(url: str | None, worker: str, share: QueueSelection) -> QueueBroker:
    """The broker of a worker process. `worker` is its name: unique, and the same at every start (see `reclaim`)."""
    # Retry without limit during an outage: giving up would lose a message's retry, and flood the log.
    retry = Retry(ExponentialBackoff(cap=0.5, base=0.05), retries=-1)
    return QueueBroker(redis_client(url, socket_timeout=10, retry=retry), worker, share)
