"""Parameters of tests of which some run with the slow suites only (`script/slow`)."""

from collections.abc import Collection, Iterable
from itertools import product
from typing import Any

import pytest
from _pytest.mark import ParameterSet


def mostly_slow(values: Iterable[Any], in_each_run: Collection[Any]) -> list[ParameterSet]:
    """The values as parameters, all but `in_each_run` marked slow; a tuple is one set of arguments."""
    every = list(values)
    assert all(value in every for value in in_each_run), "each of them is one of the values"
    return [
        pytest.param(
            *(value if isinstance(value, tuple) else (value,)), marks=[] if value in in_each_run else pytest.mark.slow
        )
        for value in every
    ]


def combined(*columns: Iterable[Any], in_each_run: Collection[Any]) -> list[ParameterSet]:
    """All combinations of the columns' values; those that are not in `in_each_run` are marked slow."""
    return mostly_slow(product(*columns), in_each_run)
