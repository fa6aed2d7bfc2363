"""Generates a stream of releases in date order; memory holds only a heap of processes, as a few numbers each."""

import heapq
from collections.abc import Iterator
from typing import NamedTuple

import orjson

from seeds.case import DAY, Json, Plan
from seeds.defects import BROKEN, REPAIRABLE, SYNTAX, damaged, garbled
from seeds.dice import Dice
from seeds.release import release

START = 1_609_718_400  # Monday, 4 January 2021, in seconds since 1970
SPAN = 1_000  # days over which processes begin, for any number of processes
MEAN_OF_SEVERAL = 2.6  # releases of a process that has several
PUBLISHERS = 500  # at most

_ALONE = (("award",), ("tender",), ("contract",), ("planning",))
_ALONE_WEIGHTS = (48, 34, 10, 8)
_PAIRS = (("tender", "award"), ("award", "contract"), ("tender", "tenderUpdate"), ("planning", "tender"))
_THREES = (("tender", "award", "contract"), ("tender", "tenderUpdate", "award"), ("planning", "tender", "award"))
_FOURS = (
    ("tender", "award", "contract", "implementation"),
    ("planning", "tender", "award", "contract"),
    ("tender", "tenderUpdate", "award", "contract"),
)
# Days since the previous release.
_GAPS = {
    "tender": (40, 120),
    "tenderUpdate": (5, 12),
    "award": (60, 130),
    "contract": (8, 30),
    "implementation": (90, 240),
}


class Entry(NamedTuple):
    """A release, or the text of an unusable one; `defect` names an injected defect, `broken` whether it makes it
    unusable.
    """

    release: Json
    line: bytes | None = None
    defect: str | None = None
    broken: bool = False

    @property
    def text(self) -> bytes:
        """The release as one line."""
        return orjson.dumps(self.release) if self.line is None else self.line


def releases(
    count: int,
    *,
    seed: int = 1,
    publishers: int = 3,
    multi_share: float = 1 / 3,
    broken: float = 0.0,
    repairable: float = 0.0,
) -> Iterator[Json]:
    """`count` OCDS 1.1 releases in date order, as dicts that may share parts: do not modify them in place.

    `multi_share` of the processes have 2 to 4 releases; `broken` and `repairable` are the shares of releases that are
    unusable, and that need a repair or a note. Equal parameters give equal releases. ValueError for parameters out of
    range.
    """
    return (
        entry.release
        for entry in entries(
            count, seed=seed, publishers=publishers, multi_share=multi_share, broken=broken, repairable=repairable
        )
    )


def lines(
    count: int,
    *,
    seed: int = 1,
    publishers: int = 3,
    multi_share: float = 1 / 3,
    broken: float = 0.0,
    repairable: float = 0.0,
) -> Iterator[bytes]:
    """The same as lines of JSON Lines, without line feeds; about a third of the broken ones are invalid JSON."""
    stream = entries(
        count,
        seed=seed,
        publishers=publishers,
        multi_share=multi_share,
        broken=broken,
        repairable=repairable,
        text=True,
    )
    return (entry.text for entry in stream)


def entries(
    count: int,
    *,
    seed: int = 1,
    publishers: int = 3,
    multi_share: float = 1 / 3,
    broken: float = 0.0,
    repairable: float = 0.0,
    text: bool = False,
) -> Iterator[Entry]:
    """The stream of `releases` and `lines` (`text`), with the injected defect of each release."""
    if count < 0 or not 1 <= publishers <= PUBLISHERS:
        raise ValueError(
            f"count must not be negative, publishers must be from 1 to {PUBLISHERS}: {count}, {publishers}"
        )
    if not 0 <= multi_share <= 1 or broken < 0 or repairable < 0 or broken + repairable > 1:
        raise ValueError("shares must lie between 0 and 1, those of broken and repairable together too")
    return _entries(count, seed & 0xFFFFFFFF, publishers, multi_share, broken, repairable, text)


def _entries(
    count: int, seed: int, publishers: int, multi_share: float, broken: float, repairable: float, text: bool
) -> Iterator[Entry]:
    for plan, step in _feed(count, seed, publishers, multi_share):
        one = release(seed, plan, step)
        if not (broken or repairable):
            yield Entry(one)
            continue
        dice = Dice((1 << 127) | (seed << 64) | (plan.number << 4) | step)
        chance = dice.below(1_000_000) / 1_000_000
        if chance < broken:
            yield _broken(one, dice, text)
        elif chance < broken + repairable:
            kind = dice.pick(tuple(REPAIRABLE))
            yield Entry(damaged(one, REPAIRABLE[kind], dice), None, kind, False)
        else:
            yield Entry(one)


def _broken(one: Json, dice: Dice, text: bool) -> Entry:
    kind = dice.pick((*BROKEN, *SYNTAX) if text else tuple(BROKEN))
    if kind in SYNTAX:
        return Entry(one, garbled(orjson.dumps(one), kind, dice), kind, True)
    return Entry(damaged(one, BROKEN[kind], dice), None, kind, True)


def _feed(count: int, seed: int, publishers: int, multi_share: float) -> Iterator[tuple[Plan, int]]:
    """(plan, step) of each release in date order; a process never begins earlier than the previous one."""
    dice = Dice((1 << 126) | seed)
    expected = max(1, int(count / (1 + multi_share * (MEAN_OF_SEVERAL - 1))))
    coming: list[tuple[int, int, int, Plan]] = []
    planned = number = 0
    while planned < count:
        day = START + number * SPAN // expected * DAY
        while coming and coming[0][0] < day:
            yield _next(coming)
        plan = _plan(dice, number, day, publishers, multi_share, count - planned)
        heapq.heappush(coming, (plan.times[0], number, 0, plan))
        planned += len(plan.stages)
        number += 1
    while coming:
        yield _next(coming)


def _next(coming: list[tuple[int, int, int, Plan]]) -> tuple[Plan, int]:
    _, number, step, plan = coming[0]
    if step + 1 < len(plan.stages):
        heapq.heapreplace(coming, (plan.times[step + 1], number, step + 1, plan))
    else:
        heapq.heappop(coming)
    return plan, step


def _plan(dice: Dice, number: int, day: int, publishers: int, multi_share: float, most: int) -> Plan:
    """A process that begins on that day, in office hours, with up to `most` releases."""
    owner = dice.below(publishers)
    several = dice.chance(multi_share)
    stages = (
        dice.pick(dice.weighted((_PAIRS, _THREES, _FOURS), (55, 30, 15)))[:most]
        if several
        else dice.weighted(_ALONE, _ALONE_WEIGHTS)
    )
    times = [day + dice.between(8 * 3_600, 18 * 3_600)]
    for stage in stages[1:]:
        low, high = _GAPS[stage]
        times.append(times[-1] // DAY * DAY + dice.between(low, high) * DAY + dice.between(8 * 3_600, 18 * 3_600))
    return Plan(number, owner, stages, tuple(times))


__all__ = ["Entry", "entries", "lines", "releases"]
