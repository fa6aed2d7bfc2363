"""The messages in Redis: waiting for their time, or held by the worker that handles them."""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

import redis
from dramatiq import Message
from redis.client import Pipeline

from infrastructure.queue.keys import HELD, LEASES, WORKERS
from infrastructure.queue.keys import waiting as waiting_key
from infrastructure.queue.queue_selection import QueueSelection

LEASE_SECONDS = 15.0  # renewed while the worker lives; longer than a stage ever holds the GIL
EXPIRED_LEASE_SECONDS = 86_400.0  # for which an expired lease is kept


class MessageStore:
    """The messages of all actors and workers (see keys.py).

    A message moves from waiting to held in one transaction, which fails if another worker takes one at the same time:
    the choice of a queue is always made on the true counts.
    """

    def __init__(self, client: redis.Redis) -> None:
        self.client = client

    def add(self, message: Message[Any], delay_seconds: float = 0.0) -> None:
        """Let the message wait, and be handled after the delay."""
        self.client.zadd(waiting_key(message.actor_name), {message.encode(): time.time() + delay_seconds})

    def has_waiting(self, queues: Iterable[str]) -> bool:
        """Whether a message waits in one of the queues: the cheapest question, to be asked often."""
        return bool(self.client.exists(*map(waiting_key, queues)))

    def take(self, worker: str, selection: QueueSelection) -> Message[Any] | None:
        """The next message for an idle worker, which holds it from now on; None if there is none for it.

        What Redis says is held comes first if the lease has expired or is this worker's own: a dead predecessor of its
        name held it, or the reply to an earlier call was lost.
        """
        if not self._choose(worker, selection):
            return None
        with self.client.pipeline() as transaction:
            while True:
                with suppress(redis.WatchError):  # another worker took a message meanwhile, or the reply was lost
                    transaction.watch(HELD)  # type: ignore[no-untyped-call]
                    choice = self._choose(worker, selection)
                    return self._take(transaction, worker, *choice) if choice else None

    def renew(self, worker: str) -> None:
        """Renew the worker's lease on the message that it handles."""
        self.client.zadd(LEASES, {worker: time.time() + LEASE_SECONDS})

    def release(self, worker: str) -> None:
        """Delete the message that the worker has handled."""
        self.client.hdel(HELD, worker)

    def count_worker(self, worker: str) -> int:
        """Record that the worker lives; returns the number of live workers that record it."""
        now = time.time()
        with self.client.pipeline() as writes:
            writes.zadd(WORKERS, {worker: now + LEASE_SECONDS})
            writes.zremrangebyscore(WORKERS, 0, now)
            writes.zremrangebyscore(LEASES, 0, now - EXPIRED_LEASE_SECONDS)  # of workers that never come back
            writes.zcard(WORKERS)
            return int(writes.execute()[-1])

    def forget_worker(self, worker: str) -> None:
        """Record that the worker ends."""
        self.client.zrem(WORKERS, worker)

    def pending(self, actor: str) -> list[Message[Any]]:
        """The actor's messages that wait or are held."""
        with self.client.pipeline() as reads:
            reads.zrange(waiting_key(actor), 0, -1)
            reads.hvals(HELD)
            waiting, held = reads.execute()
        found = map(Message.decode, [*waiting, *held])
        return [message for message in found if message.actor_name == actor]

    def depths(self, actors: Sequence[str]) -> dict[str, int]:
        """The number of messages of each actor that wait or are held."""
        with self.client.pipeline() as reads:
            for actor in actors:
                reads.zcard(waiting_key(actor))
            reads.hvals(HELD)
            *waiting, held = reads.execute()
        handled = Counter(Message.decode(encoded).actor_name for encoded in held)
        return {actor: count + handled[actor] for actor, count in zip(actors, waiting, strict=True)}

    def _choose(self, worker: str, selection: QueueSelection) -> tuple[bytes, bytes] | None:
        """The encoded message to take, and the worker that holds it (this one, if it waits)."""
        now, own = time.time(), worker.encode()
        with self.client.pipeline(transaction=False) as reads:
            reads.hgetall(HELD)
            reads.zrangebyscore(LEASES, now, "+inf")
            for queue in selection.queues:
                reads.zrangebyscore(waiting_key(queue), 0, now, start=0, num=1)
            held, live, *first = reads.execute()
        if own in held:
            return held[own], own
        actors = {holder: Message.decode(encoded).actor_name for holder, encoded in held.items()}
        for holder, actor in actors.items():
            if holder not in live and actor in selection.queues:
                return held[holder], holder
        waiting = {queue: found[0] for queue, found in zip(selection.queues, first, strict=True) if found}
        chosen = selection.choose(waiting, Counter(actors.values()))
        return (waiting[chosen], own) if chosen else None

    def _take(self, transaction: Pipeline, worker: str, encoded: bytes, holder: bytes) -> Message[Any]:
        message = Message.decode(encoded)
        transaction.multi()
        transaction.zrem(waiting_key(message.actor_name), encoded)
        transaction.hdel(HELD, holder)
        transaction.hset(HELD, worker, encoded)
        transaction.zadd(LEASES, {worker: time.time() + LEASE_SECONDS})
        transaction.execute()
        return message
