"""Dramatiq over Redis, set so that a killed worker's message comes back within seconds, a short outage loses none, and rest writes nothing."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import redis
from dramatiq import Broker, Message, Middleware
from dramatiq.broker import MessageProxy
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer
from dramatiq.common import dq_name
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import Retries, ShutdownNotifications, TimeLimit
from loguru import logger
from redis.backoff import ConstantBackoff, ExponentialBackoff
from redis.retry import Retry
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from domain.errors import UnavailableError
from infrastructure.outage import server_at
from infrastructure.queue.share import Count, Share

HEARTBEAT_TIMEOUT = 15_000  # ms; longer than any stretch in which a stage holds the interpreter
ALWAYS = 1_000_000  # maintenance at every fetch: what dead workers held comes back at once
BEAT = 2.0  # seconds between the fetches of an empty queue, which carry the heartbeat and the maintenance
OWNER_KEY = "tenderlake:installation"  # of the installation whose messages the queue holds
ANSWER_SECONDS = 2.0  # that a sender waits for the answer to a command
PATIENCE = 3.0  # seconds that a sender waits for a queue that is away


class IdsAlone(Middleware):
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

    def __init__(self, connection: redis.Redis, worker: str, share: Share) -> None:
        middleware = [TimeLimit(), ShutdownNotifications(), Retries(), IdsAlone()]
        super().__init__(  # type: ignore[no-untyped-call]
            client=connection, middleware=middleware, heartbeat_timeout=HEARTBEAT_TIMEOUT, maintenance_chance=ALWAYS
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
            elif time.monotonic() - self._fetched.get(queue, -BEAT) >= BEAT:
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

    def rest(self, seconds: float) -> None:
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
                self._changed.wait(self.share.every)

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

    def _counts(self) -> dict[str, Count]:
        """Of each queue of the share; only asked while no message is held. A message stays in the hash of its queue until it is acknowledged.

        What this worker holds all the same, as Redis has it, was fetched by a command whose answer got lost: it goes back, or nobody would
        take anything of its queue again.
        """
        counts = {}
        for name, waiting, known, lost in self._lengths():
            if lost:
                logger.info("gave back {} message(s) of {} whose answer was lost", len(lost), name)
                self.do_requeue(name, *lost)
            counts[name] = Count(waiting + len(lost), known - waiting - len(lost))
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
                self.broker.rest(self.longest)
            except redis.ConnectionError as error:
                raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]
        return found


def make_broker(url: str | None, worker: str, share: Share) -> QueueBroker:
    """The broker of a worker process. `worker` names it, the same at every start and unlike any other that lives: see `reclaim`."""
    # However long the server is away: what gave up would lose a message's next try, and fill the log.
    retry = Retry(ExponentialBackoff(cap=0.5, base=0.05), retries=-1)
    return QueueBroker(_client(url, socket_timeout=10, retry=retry), worker, share)


class Dispatcher:
    """The port `Messages`: wakes a stage up. An actor's queue bears its name. Its errors are AwayError while the server does not answer."""

    def __init__(self, url: str | None, seconds: float = ANSWER_SECONDS) -> None:
        self.url = url
        self.seconds = seconds
        self._server = server_at("Redis", url or "")
        self._broker: RedisBroker | None = None

    def send(self, actor: str, *args: str) -> None:
        """Enqueue. UnavailableError where the queue does not answer for some seconds; the sweep makes up for it."""
        message: Message[None] = Message(queue_name=actor, actor_name=actor, args=args, kwargs={}, options={})
        patience = 0.0 if self._server.away else PATIENCE
        again = retry_if_exception_type((redis.ConnectionError, redis.TimeoutError))
        with self._asking():
            for attempt in Retrying(stop=stop_after_delay(patience), wait=wait_fixed(0.1), retry=again, reraise=True):
                with attempt:
                    self.broker.enqueue(message)

    def pending(self, actor: str) -> set[tuple[str, ...]]:
        """The arguments of the messages that wait or are handled: one stays in the hash of its queue until it is acknowledged."""
        with self._asking():
            hashes = [f"{self.broker.namespace}:{name}.msgs" for name in (actor, dq_name(actor))]
            found: list[Any] = [one for name in hashes for one in self.broker.client.hvals(name)]
        return {tuple(Message.decode(one).args) for one in found}

    def check(self) -> None:
        """UnavailableError where the queue does not answer."""
        with self._asking():
            self.broker.client.ping()

    def wait(self, seconds: float) -> None:
        """Where the queue is away, return once it answers; AwayError where that takes longer."""
        self._server.wait(self.check, seconds)

    def claim(self, installation: str) -> str:
        """The installation that the queue serves: this one, where it served none. UnavailableError where it does not answer."""
        with self._asking():
            self.broker.client.set(OWNER_KEY, installation, nx=True)
            owner: Any = self.broker.client.get(OWNER_KEY)
        return bytes(owner).decode()

    @contextmanager
    def _asking(self) -> Iterator[None]:
        self._server.admit()
        try:
            yield
        except redis.RedisError as error:
            raise self._server.failed(error) from error
        self._server.answered()

    @property
    def broker(self) -> RedisBroker:
        """The broker behind it, made at first use."""
        if self._broker is None:
            once = Retry(ConstantBackoff(0.01), retries=1)  # for a connection that a restart of the server cut
            connection = _client(self.url, socket_timeout=self.seconds, retry=once)
            self._broker = RedisBroker(client=connection, middleware=[], maintenance_chance=0)  # type: ignore[no-untyped-call]
        return self._broker


def _client(url: str | None, *, socket_timeout: float, retry: Retry) -> redis.Redis:
    if url is None:
        raise UnavailableError("no queue is named: run tenderlake up, or set TENDERLAKE_REDIS_URL")
    found: redis.Redis = redis.Redis.from_url(url, socket_timeout=socket_timeout, retry=retry)
    return found
