"""Reproducible random choices.

Only `Random(int).random()` is used, whose values Python guarantees; no libm, no hashes, no sets.
"""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Random choices that depend on the seed only."""

    __slots__ = ("_next",)

    def __init__(self, number: int) -> None:
        self._next = Random(number).random

    def below(self, limit: int) -> int:
        """A number from 0 to below `limit`."""
        return int(self._next() * limit)

    def between(self, low: int, high: int) -> int:
        """A number from `low` to `high`, both included."""
        return low + int(self._next() * (high - low + 1))

    def skewed(self, low: int, high: int) -> int:
        """As `between`, but mostly near `low`: half of the results are in the first eighth of the range."""
        chance = self._next()
        return low + int(chance * chance * chance * (high - low + 1))

    def chance(self, share: float) -> bool:
        """True with this probability."""
        return self._next() < share

    def pick(self, options: Sequence[T]) -> T:
        """One of them, with equal probability."""
        return options[int(self._next() * len(options))]

    def weighted(self, options: Sequence[T], weights: Sequence[int]) -> T:
        """One of them, with probability by weight."""
        at = int(self._next() * sum(weights))
        for option, weight in zip(options, weights, strict=True):
            if at < weight:
                return option
            at -= weight
        return options[-1]

    def some(self, options: Sequence[T], count: int) -> list[T]:
        """This many different ones, or all if there are fewer, in random order."""
        left = list(options)
        chosen = []
        for _ in range(min(count, len(left))):
            at = int(self._next() * len(left))
            chosen.append(left[at])
            left[at] = left[-1]
            left.pop()
        return chosen
