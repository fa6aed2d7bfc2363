"""The dramatiq broker of a worker process: messages of killed workers are handled again within seconds, none is lost in
an outage, and nothing is written at rest.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis
from dramatiq import Broker, Consumer, Message, Middleware
from dramatiq.broker import MessageProxy
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import Retries, ShutdownNotifications, TimeLimit
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from domain.shared.log_context import reset_log_ids, set_log_ids
from infrastructure.queue.dispatcher import CARRIED_IDS, redis_client
from infrastructure.queue.message_store import MessageStore
from infrastructure.queue.queue_selection import QueueSelection


class StripTracebacks(Middleware):
    """Removes the tracebacks that `Retries` adds to messages: they may quote a record, and Redis persists messages."""

    # pylint: disable-next=unused-argument
    def before_enqueue(self, broker: Broker, message: Message[Any], delay: int | None) -> None:
        """Remove the traceback from a message that is retried."""
        message.options.pop("traceback", None)


class LogIds(Middleware):
    """Gives the log lines of a message its stage, and the ids of the request and job that it was sent for."""

    def __init__(self) -> None:
        self._tokens = threading.local()

    # pylint: disable-next=unused-argument
    def before_process_message(self, broker: Broker, message: MessageProxy) -> None:
        """Set the ids in the worker's thread."""
        ids = {name: message.options[name] for name in CARRIED_IDS if name in message.options}
        self._tokens.token = set_log_ids({**ids, "stage": message.actor_name})

    # pylint: disable-next=unused-argument
    def after_process_message(
        self, broker: Broker, message: MessageProxy, *, result: Any = None, exception: BaseException | None = None
    ) -> None:
        """Remove the ids."""
        reset_log_ids(self._tokens.token)


class QueueBroker(Broker):
    """Holds one message at a time of all queues of `selection`: a busy worker prefetches none that an idle one could
    handle.

    `worker` is its name: unique, and the same at every start, since a worker resumes what its predecessor held.
    """

    def __init__(self, store: MessageStore, worker: str, selection: QueueSelection) -> None:
        super().__init__(middleware=[LogIds(), TimeLimit(), ShutdownNotifications(), Retries(), StripTracebacks()])
        self.store = store
        self.worker = worker
        self.selection = selection
        self.idle = threading.Event()
        self.idle.set()

    def declare_queue(self, queue_name: str) -> None:
        """Declare a queue; Redis needs no preparation."""
        if queue_name not in self.queues:
            self.emit_before("declare_queue", queue_name)
            self.queues[queue_name] = queue_name
            self.emit_after("declare_queue", queue_name)

    def enqueue(self, message: Message[Any], *, delay: int | None = None) -> Message[Any]:
        """Enqueue a message, to be handled after `delay` milliseconds."""
        self.emit_before("enqueue", message, delay)
        self.store.add(message, (delay or 0) / 1000)
        self.emit_after("enqueue", message, delay)
        return message

    # pylint: disable-next=unused-argument
    def consume(self, queue_name: str, prefetch: int = 1, timeout: int = 5000) -> "QueueConsumer":
        """The consumer of all queues; dramatiq knows it by the name of one."""
        return QueueConsumer(self, queue_name, timeout / 1000)


class QueueConsumer(Consumer):
    """Takes the messages of all queues of a broker. While the worker is busy it only renews the lease: each poll would
    slow down the running stage.
    """

    def __init__(self, broker: QueueBroker, queue_name: str, timeout_seconds: float) -> None:
        self.broker = broker
        self.queue_name = queue_name
        self.timeout_seconds = timeout_seconds

    def __next__(self) -> MessageProxy | None:
        broker, store, end = self.broker, self.broker.store, time.monotonic() + self.timeout_seconds
        with _as_broker_errors():
            if not broker.idle.wait(self.timeout_seconds):
                store.renew(broker.worker)
                return None
            message = store.take(broker.worker, broker.selection)
            while message is None and time.monotonic() < end:
                time.sleep(broker.selection.poll_seconds)
                if store.has_waiting(broker.selection.queues):
                    message = store.take(broker.worker, broker.selection)
        if message is None:
            return None
        broker.idle.clear()
        return MessageProxy(message.copy(queue_name=self.queue_name))  # dramatiq finds the consumer by this name

    def ack(self, message: MessageProxy) -> None:
        """Delete a handled message."""
        with _as_broker_errors():
            self.broker.store.release(self.broker.worker)
        self.broker.idle.set()

    nack = ack  # a message that has failed for good is deleted too: the ledger knows the reason


@contextmanager
def _as_broker_errors() -> Iterator[None]:
    """Raise errors of Redis as dramatiq's, which tries again without a traceback in the log."""
    try:
        yield
    except redis.RedisError as error:
        raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]


def make_broker(url: str | None, worker: str, selection: QueueSelection) -> QueueBroker:
    """The broker of a worker process."""
    # Retry without limit during an outage: giving up would lose a message's retry, and flood the log.
    retry = Retry(ExponentialBackoff(cap=0.5, base=0.05), retries=-1)
    return QueueBroker(MessageStore(redis_client(url, socket_timeout=10, retry=retry)), worker, selection)
