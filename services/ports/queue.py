"""The message queue."""

from collections.abc import Sequence
from typing import Protocol


class MessageQueue(Protocol):
    """The queue of wake-up calls. A message carries ids and never data; losing one costs a sweep's interval."""

    def send(self, actor: str, *args: str) -> None:
        """Enqueue a message. UnavailableError where the queue does not answer."""

    def pending(self, actor: str) -> set[tuple[str, ...]]:
        """The arguments of the messages that wait or are handled at the moment.

        UnavailableError where the queue does not answer.
        """

    def depths(self, actors: Sequence[str]) -> dict[str, int]:
        """The number of messages of each actor that wait or are handled at the moment.

        UnavailableError where the queue does not answer.
        """

    def check(self) -> None:
        """UnavailableError where the queue does not answer."""

    def wait(self, seconds: float) -> None:
        """Where the queue is away, return once it answers; AwayError where that takes longer."""

    def claim(self, installation: str) -> str:
        """The installation that the queue serves: this one, where it served none before."""
