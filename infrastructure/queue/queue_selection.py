"""Which queue a worker takes its next message of, where several workers serve the same ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple


class QueueLength(NamedTuple):
    """Messages of a queue: those that wait, and those that workers hold."""

    waiting: int
    held: int


@dataclass(frozen=True)
class QueueSelection:
    """The queues of a worker that holds one message at a time, in the order in which work goes through them.

    `most` are the workers that may be at a queue at a time, one where it is not named: a second one would do the same work over. `every` are
    the seconds between two looks at empty queues.
    """

    queues: tuple[str, ...] = ()
    max_workers: Mapping[str, int] = field(default_factory=dict)
    poll_seconds: float = 0.02

    def choose(self, counts: Mapping[str, QueueLength]) -> str | None:
        """The queue to take a message of; None where each is empty, or has enough workers at it.

        It is the first one behind which nothing waits, so that nobody runs out of work; where something waits behind each, the last one,
        so that what was begun is ended before more is.
        """
        free = [name for name in self.queues if counts[name].waiting and counts[name].held < self.max_workers.get(name, 1)]
        hungry = [name for name in free if not self._waiting_behind(name, counts)]
        return next(iter([*hungry[:1], *free[-1:]]), None)

    def _waiting_behind(self, name: str, counts: Mapping[str, QueueLength]) -> int:
        following = self.queues[self.queues.index(name) + 1 :]
        return counts[following[0]].waiting if following else 0
