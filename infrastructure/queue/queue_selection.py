"""Chooses the queue of a worker's next message, where several workers serve the same queues."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class QueueLength(NamedTuple):
    """Number of waiting messages, and of messages held by workers."""

    waiting: int
    held: int


@dataclass(frozen=True)
class QueueSelection:
    """The queues of a worker that holds one message at a time, in pipeline order.

    `max_workers` limits the workers per queue; default 1, since a second one would repeat the same work. `poll_seconds`
    is the interval of polling empty queues.
    """

    queues: tuple[str, ...] = ()
    max_workers: Mapping[str, int] = field(default_factory=dict)
    poll_seconds: float = 0.02

    def choose(self, counts: Mapping[str, QueueLength]) -> str | None:
        """The queue to fetch from; None if each one is empty or has its maximum of workers.

        Prefers the first queue whose next queue is empty, to keep later stages supplied; if none is, takes the last
        queue, to finish started work before new work.
        """
        free = [
            name for name in self.queues if counts[name].waiting and counts[name].held < self.max_workers.get(name, 1)
        ]
        starving = [name for name in free if not self._waiting_downstream(name, counts)]
        return next(iter([*starving[:1], *free[-1:]]), None)

    def _waiting_downstream(self, name: str, counts: Mapping[str, QueueLength]) -> int:
        following = self.queues[self.queues.index(name) + 1 :]
        return counts[following[0]].waiting if following else 0
