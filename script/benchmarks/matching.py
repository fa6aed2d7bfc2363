"""Precision and recall of the matching of organisations, on the labelled sets of seeds/organization_pairs.py."""

import time
from collections import defaultdict
from collections.abc import Sequence
from itertools import combinations
from typing import NamedTuple, Protocol

import polars as pl

from domain.organizations.blocking import candidate_pairs
from domain.organizations.identities import Facts, join_organizations
from domain.organizations.matcher import ORGANIZATION_MATCHER
from domain.organizations.profiles import SOURCE, organization_profiles
from seeds.organization_pairs import HELD_OUT, TUNED, Mention, mentions

MIN_PRECISION, MIN_RECALL = 0.98, 0.9


class Row(Protocol):
    """Prints a row of the table of figures."""

    def __call__(self, what: str, figure: str, bar: str, *, met: bool) -> None: ...


class Quality(NamedTuple):
    """How many of the joined pairs are right, and how many of the right pairs are joined."""

    precision: float
    recall: float
    pairs: int


def measure(stated: Sequence[Mention]) -> Quality:
    """Match the mentions, each as an organisation of its own, and compare the identities with the labels."""
    rows = [
        dict.fromkeys(SOURCE)
        | {"organization_key": number, "organization_id": f"GB-CFS-{number}", "identity": ""}
        | {"name": one.name, "street": one.street, "locality": one.town, "postal_code": one.postcode}
        | {"country": one.country, "reference": False, "is_current": True}
        for number, one in enumerate(stated)
    ]
    profiles = organization_profiles(pl.DataFrame(rows, schema=SOURCE))
    blocks = ORGANIZATION_MATCHER.blocks(profiles)
    scores = ORGANIZATION_MATCHER.scores(candidate_pairs(blocks, blocks), profiles).filter("qualified")
    facts = {
        row[0]: Facts(*row[1:]) for row in profiles.select("organization_id", "country", "scheme", "number").iter_rows()
    }
    qualified = {
        (left, right): score for left, right, score in scores.select("left_id", "right_id", "score").iter_rows()
    }
    found = join_organizations(facts, qualified, [], []).of
    joined = _pairs([found[f"GB-CFS-{number}"] for number in range(len(stated))])
    right = _pairs([one.organization for one in stated])
    return Quality(len(joined & right) / len(joined), len(joined & right) / len(right), len(right))


def _pairs(labels: Sequence[object]) -> set[tuple[int, int]]:
    members: dict[object, list[int]] = defaultdict(list)
    for number, label in enumerate(labels):
        members[label].append(number)
    return {pair for some in members.values() for pair in combinations(some, 2)}


def run(row: Row) -> None:
    """Print precision and recall on both sets."""
    for name, seed in (("tuned", TUNED), ("held out", HELD_OUT)):
        stated = mentions(seed)
        started = time.perf_counter()
        found = measure(stated)
        seconds = time.perf_counter() - started
        what = f"organisations that are one, {name} set ({len(stated)} mentions, {found.pairs} pairs, {seconds:.1f} s)"
        row(f"{what}: precision", f"{found.precision:.3f}", f"≥ {MIN_PRECISION}", met=found.precision >= MIN_PRECISION)
        row(f"{what}: recall", f"{found.recall:.3f}", f"≥ {MIN_RECALL}", met=found.recall >= MIN_RECALL)
