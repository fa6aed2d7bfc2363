"""Pairs are joined to identities: contradictions keep organisations apart, whatever the order of the pairs."""

from collections.abc import Iterable
from random import Random
from typing import Any

import hypothesis.strategies as st
from hypothesis import given

from domain.organizations.identities import (
    AUTOMATIC,
    FORCED,
    NO_FACTS,
    PROPOSED,
    REJECTED,
    Facts,
    Pair,
    join_organizations,
)

COMPANY_1, COMPANY_2 = Facts("GB", "GB-COH", "1"), Facts("GB", "GB-COH", "2")
NAMES = "abcdef"


def test_pairs_join_to_the_smallest_id_that_is_registered() -> None:
    found = join_organizations(
        {"a": NO_FACTS, "b": NO_FACTS, "c": COMPANY_1, "d": NO_FACTS}, {("a", "b"): 0.9, ("b", "c"): 0.95}, [], []
    )
    assert found.of == {"a": "c", "b": "c", "c": "c", "d": "d"}
    assert found.status == {("a", "b"): AUTOMATIC, ("b", "c"): AUTOMATIC}


def test_an_organization_that_could_be_either_of_two_joins_neither() -> None:
    facts = {"a": COMPANY_1, "b": COMPANY_2, "x": NO_FACTS, "y": NO_FACTS}
    pairs = {("a", "x"): 0.99, ("b", "x"): 0.9, ("x", "y"): 0.9}
    found = join_organizations(facts, pairs, [], [])
    assert found.of == {"a": "a", "b": "b", "x": "x", "y": "y"}
    assert set(found.status.values()) == {PROPOSED}
    forced = join_organizations(facts, pairs, [("a", "x")], [])
    assert forced.of["x"] == "a"
    assert forced.status[("a", "x")] == FORCED
    assert forced.status[("b", "x")] == PROPOSED


def test_a_chain_never_joins_two_numbers_or_countries() -> None:
    facts = {"a": COMPANY_1, "m": Facts("GB", None, None), "n": NO_FACTS, "z": COMPANY_2}
    found = join_organizations(facts, {("a", "m"): 0.95, ("m", "n"): 0.95, ("n", "z"): 0.9}, [], [])
    assert found.of == {"a": "a", "m": "a", "n": "a", "z": "z"}
    countries = {"a": Facts("KE", None, None), "m": NO_FACTS, "z": Facts("UG", None, None)}
    assert join_organizations(countries, {("a", "m"): 0.9, ("m", "z"): 0.9}, [], []).of == {
        "a": "a",
        "m": "m",
        "z": "z",
    }


def test_a_rejected_pair_is_not_joined_through_a_third_one() -> None:
    facts = dict.fromkeys("abc", NO_FACTS)
    pairs = {("a", "b"): 0.9, ("a", "c"): 0.95, ("b", "c"): 0.9}
    found = join_organizations(facts, pairs, [], [("a", "b")])
    assert found.of["a"] != found.of["b"]
    assert found.status[("a", "b")] == REJECTED
    assert len(set(join_organizations(facts, pairs, [], []).of.values())) == 1


def test_an_admin_may_join_what_contradicts() -> None:
    found = join_organizations({"a": COMPANY_1, "b": COMPANY_2}, {}, [("a", "b")], [])
    assert found.of == {"a": "a", "b": "a"}


pairs_of = st.tuples(st.sampled_from(NAMES), st.sampled_from(NAMES)).filter(lambda pair: pair[0] < pair[1])
all_facts = st.sampled_from([NO_FACTS, COMPANY_1, COMPANY_2, Facts("KE", None, None), Facts("GB", None, None)])


@given(
    st.fixed_dictionaries(dict.fromkeys(NAMES, all_facts)),
    st.dictionaries(pairs_of, st.sampled_from([0.87, 0.9, 0.95, 1.0]), max_size=10),
    st.sets(pairs_of, max_size=2),
    st.sets(pairs_of, max_size=2),
    st.randoms(use_true_random=False),
)
def test_the_order_of_pairs_changes_nothing(
    facts: dict[str, Facts], pairs: dict[Pair, float], forced: set[Pair], rejected: set[Pair], random: Random
) -> None:
    def shuffled(values: Iterable[Any]) -> list[Any]:
        return sorted(values, key=lambda _: random.random())

    rejected -= forced
    found = join_organizations(facts, pairs, forced, rejected)
    again = join_organizations(
        dict(shuffled(facts.items())), dict(shuffled(pairs.items())), shuffled(forced), shuffled(rejected)
    )
    assert (again.of, again.status) == (found.of, found.status)
    assert all(found.of[identity] == identity for identity in found.of.values())
    for left, right in forced:
        assert found.of[left] == found.of[right]
    if not forced:
        for left, right in rejected:
            assert found.of[left] != found.of[right]
        numbers = {(found.of[one], facts[one].number) for one in NAMES if facts[one].number}
        assert len(numbers) == len({identity for identity, _ in numbers})
