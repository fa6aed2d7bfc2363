"""Dramatiq over Redis, set so that a killed worker's message comes back within seconds and a short outage loses none."""

import redis
from dramatiq import Message
from dramatiq.brokers.redis import RedisBroker
from dramatiq.middleware import Retries, ShutdownNotifications, TimeLimit
from redis.backoff import ExponentialBackoff
from redis.retry import Retry

from domain.errors import UnavailableError

HEARTBEAT_TIMEOUT = 15_000  # ms; longer than any stretch in which a stage holds the interpreter
ALWAYS = 1_000_000  # maintenance at every command: what dead workers held comes back at once
DEFAULT_URL = "redis://127.0.0.1:6379/0"


def client(url: str | None, *, patience: int = 60) -> redis.Redis:
    """A client that tries on for about half of `patience` seconds while the server is away."""
    retry = Retry(ExponentialBackoff(cap=0.5, base=0.05), retries=patience)
    found: redis.Redis = redis.Redis.from_url(url or DEFAULT_URL, socket_timeout=10, retry=retry)
    return found


def make_broker(url: str | None, worker: str | None = None) -> RedisBroker:
    """The broker. With a worker's name, what its dead predecessors of that name held is redelivered at once."""
    middleware = [TimeLimit(), ShutdownNotifications(), Retries()]
    broker = RedisBroker(client=client(url), middleware=middleware, heartbeat_timeout=HEARTBEAT_TIMEOUT, maintenance_chance=ALWAYS)
    if worker is not None:
        forget(broker.client, f"{broker.namespace}:__heartbeats__", f"{worker}/")
        broker.broker_id = f"{worker}/{broker.broker_id}"
    return broker


def forget(connection: redis.Redis, heartbeats: str, prefix: str = "") -> None:
    """Age the heartbeats of the workers whose name begins so: maintenance takes them for dead and requeues their messages."""
    for name in connection.zrange(heartbeats, 0, -1):  # type: ignore[union-attr]
        if name.decode().startswith(prefix):
            connection.zadd(heartbeats, {name: 0})


class Dispatcher:
    """The port `Messages`: wakes a stage up."""

    def __init__(self, url: str | None) -> None:
        self.url = url
        self._broker: RedisBroker | None = None

    def send(self, actor: str, *args: str) -> None:
        """Enqueue. UnavailableError where the queue does not answer for a second or two; the sweep makes up for it."""
        message: Message[None] = Message(queue_name=actor, actor_name=actor, args=args, kwargs={}, options={})
        try:
            self.broker.enqueue(message)
        except redis.RedisError as error:
            raise UnavailableError(f"the queue does not answer: {error}") from error

    def check(self) -> None:
        """UnavailableError where the queue does not answer."""
        try:
            self.broker.client.ping()
        except redis.RedisError as error:
            raise UnavailableError(f"the queue does not answer: {error}") from error

    @property
    def broker(self) -> RedisBroker:
        """The broker behind it, made at first use."""
        if self._broker is None:
            self._broker = RedisBroker(client=client(self.url, patience=4), middleware=[], maintenance_chance=0)
        return self._broker
