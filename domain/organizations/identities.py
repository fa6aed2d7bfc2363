"""Joins pairs of organisations to identities, in an order that only the pairs themselves define. Pure.

An organisation that qualifies for a merge with two that contradict each other (two numbers of a register, two
countries, a rejected pair) is ambiguous: it joins neither until an admin forces one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import NamedTuple

FORCED, AUTOMATIC, PROPOSED, REJECTED = "forced", "automatic", "proposed", "rejected"
Pair = tuple[str, str]


class Facts(NamedTuple):
    """What contradicts a merge: country and registered number of an organisation, null if unknown."""

    country: str | None
    scheme: str | None
    number: str | None


NO_FACTS = Facts(None, None, None)


@dataclass
class Identities:
    """The identity of each organisation, and the status of each qualified pair."""

    of: dict[str, str] = field(default_factory=dict)
    status: dict[Pair, str] = field(default_factory=dict)


def join_organizations(
    facts: Mapping[str, Facts],
    qualified: Mapping[Pair, float],
    forced: Iterable[Pair],
    rejected: Iterable[Pair],
) -> Identities:
    """Return the identities of the organisations in `facts`; pairs are ordered (left before right).

    All organisations that qualified and forced pairs connect, directly or not, must be in `facts`. Forced pairs join
    first, then qualified ones by falling score, unless that would contradict.
    """
    refused = {pair for pair in rejected if pair[0] in facts or pair[1] in facts}
    wanted = {pair for pair in forced if pair[0] in facts and pair[1] in facts}
    scored = {pair: score for pair, score in qualified.items() if pair not in refused | wanted}
    clusters = _Clusters(facts, refused)
    for pair in sorted(wanted):
        clusters.join(*pair)
    ambiguous = _ambiguous(clusters, scored)
    found = Identities()
    for pair in sorted(scored, key=lambda one: (-scored[one], one)):
        joins = not ambiguous.intersection(pair) and clusters.join_unless_contradicting(*pair)
        found.status[pair] = AUTOMATIC if joins else PROPOSED
    found.status |= dict.fromkeys(wanted, FORCED) | dict.fromkeys(refused, REJECTED)
    for members in clusters.members.values():
        identity = min(members, key=lambda one: (facts[one].number is None, one))
        found.of |= dict.fromkeys(members, identity)
    return found


def _ambiguous(clusters: "_Clusters", scored: Mapping[Pair, float]) -> set[str]:
    """Organisations whose partners contradict each other, unless they have a number of their own."""
    partners: dict[str, set[str]] = defaultdict(set)
    for left, right in scored:
        partners[left].add(right)
        partners[right].add(left)
    return {
        one
        for one, others in partners.items()
        if clusters.facts[one].number is None and clusters.contradict({clusters.root[other] for other in others})
    }


class _Signature(NamedTuple):
    """The countries and the registered numbers (scheme, number) of a cluster."""

    countries: frozenset[str]
    numbers: frozenset[tuple[str, str]]

    def contradicts(self, other: "_Signature") -> bool:
        """Whether no country, or no number of a register, is common to both although both have one."""
        if self.countries and other.countries and not self.countries & other.countries:
            return True
        mine, theirs = ({scheme for scheme, _ in one.numbers} for one in (self, other))
        agreed = {scheme for scheme, _ in self.numbers & other.numbers}
        return bool(mine & theirs - agreed)


class _Clusters:
    """Organisations joined so far: `root` of each, `members` and signature of each root."""

    def __init__(self, facts: Mapping[str, Facts], refused: set[Pair]) -> None:
        self.facts = facts
        self.root = {one: one for one in facts}
        self.members = {one: [one] for one in facts}
        self._signatures = {one: _signature(found) for one, found in facts.items()}
        self._refused = sorted(pair for pair in refused if pair[0] in facts and pair[1] in facts)

    def join(self, left: str, right: str) -> None:
        """Join the clusters of two organisations."""
        kept, merged = sorted((self.root[left], self.root[right]))
        if kept != merged:
            for member in self.members[merged]:
                self.root[member] = kept
            self.members[kept] += self.members.pop(merged)
            one, other = self._signatures[kept], self._signatures.pop(merged)
            self._signatures[kept] = _Signature(one.countries | other.countries, one.numbers | other.numbers)

    def join_unless_contradicting(self, left: str, right: str) -> bool:
        """Whether both are in one cluster now."""
        roots = {self.root[left], self.root[right]}
        if len(roots) > 1 and self.contradict(roots):
            return False
        self.join(left, right)
        return True

    def contradict(self, roots: set[str]) -> bool:
        """Whether any two of these clusters contradict each other."""
        signatures = {self._signatures[root] for root in roots}
        if any(one.contradicts(other) for one, other in combinations(signatures, 2)):
            return True
        return any({self.root[left], self.root[right]} <= roots for left, right in self._refused)


def _signature(facts: Facts) -> _Signature:
    numbered = facts.scheme and facts.number
    return _Signature(
        frozenset([facts.country] if facts.country else []),
        frozenset([(facts.scheme, facts.number)] if numbered else []),  # type: ignore[list-item]  # both are known
    )
