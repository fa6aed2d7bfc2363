"""Matching finds the organisations of the labelled sets that the seeds generate."""

import pytest

from script.benchmarks.matching import MIN_PRECISION, MIN_RECALL, measure
from seeds.organization_pairs import HELD_OUT, TUNED, mentions


@pytest.mark.parametrize("seed", [TUNED, HELD_OUT])
def test_matching_is_precise_and_finds_most(seed: int) -> None:
    found = measure(mentions(seed))
    assert found.precision >= MIN_PRECISION
    assert found.recall >= MIN_RECALL
    assert found.pairs > 500


def test_the_labelled_set_of_a_seed_is_always_the_same() -> None:
    assert mentions(TUNED) == mentions(TUNED)
    assert mentions(TUNED) != mentions(HELD_OUT)
