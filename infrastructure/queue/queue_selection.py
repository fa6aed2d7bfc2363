"""Chooses the queue of a worker's next message, where several workers serve the same queues."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from itertools import pairwise


@dataclass(frozen=True)
class QueueSelection:
    """The queues of a worker that holds one message at a time, in pipeline order.

    `max_workers` limits the workers per queue; default 1, since a second one would repeat the same work. `poll_seconds`
    is the interval of polling empty queues.
    """

    queues: tuple[str, ...] = ()
    max_workers: Mapping[str, int] = field(default_factory=dict)
    poll_seconds: float = 0.02

    def choose(self, waiting: Collection[str], held: Mapping[str, int]) -> str | None:
        """The queue to fetch from, given those with messages and the number of messages that workers hold of each; None
        if each one is empty or has its maximum of workers.

        Prefers the first queue whose next queue is empty, to keep later stages supplied; if none is, takes the last
        queue, to finish started work before new work.
        """
        free = [name for name in self.queues if name in waiting and held.get(name, 0) < self.max_workers.get(name, 1)]
        following = dict(pairwise(self.queues))
        starving = [name for name in free if following.get(name) not in waiting]
        return next(iter([*starving[:1], *free[-1:]]), None)
