"""Counts of uses: what is added and taken away in any order ends in what the facts reference."""

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from domain.star.dimension_uses import USES, count_uses, dimension_changes, sum_uses, uses_difference
from domain.star.model import DIMENSIONS, REFERENCES, Frames

NONE = pl.DataFrame(schema=USES)


def items(keys: list[int]) -> Frames:
    """Items that reference a classification and a currency by these keys, and a place and a source by 1."""
    columns = {"source_key": 1, "location_key": 1}
    frame = pl.DataFrame({"classification_key": keys, "unit_currency_key": keys}).cast(pl.Int64)
    return {"fact_item": frame.with_columns(pl.lit(value, pl.Int64).alias(name) for name, value in columns.items())}


def test_every_reference_of_every_fact_counts() -> None:
    facts = {
        fact: pl.DataFrame({column: [5, 5, 6] for column in references}, schema=dict.fromkeys(references, pl.Int64))
        for fact, references in REFERENCES.items()
    }
    columns = [dimension for references in REFERENCES.values() for dimension in references.values()]
    for name, counted in count_uses(facts).items():
        assert counted.sort("key").rows() == [(5, 2 * columns.count(name)), (6, columns.count(name))]


@given(st.lists(st.lists(st.integers(1, 5), max_size=6), min_size=1, max_size=5))
def test_any_sequence_of_changes_ends_in_what_the_facts_reference(steps: list[list[int]]) -> None:
    uses = dict.fromkeys(DIMENSIONS, NONE)
    before = count_uses({})
    for step in steps:
        after = count_uses(items(step))
        for name, difference in uses_difference(before, after).items():
            key = DIMENSIONS[name][0]
            present = uses[name].filter(pl.col("key").is_in(difference["key"].implode()))
            rows = after[name].select(pl.col("key").alias(key))
            changes = dimension_changes(name, present, sum_uses([present, difference]), rows)
            kept = uses[name].filter(~pl.col("key").is_in(changes.unused.implode()))
            uses[name] = pl.concat([kept.update(changes.changed, on="key"), changes.added.rename({key: "key"})]).sort(
                "key"
            )
        before = after
    assert {name: one.rows() for name, one in uses.items()} == {
        name: one.sort("key").rows() for name, one in before.items()
    }


def test_pages_add_up() -> None:
    pages = [count_uses(items(keys))["dim_currency"] for keys in ([1, 2], [2], [])]
    assert sum_uses([NONE, *pages]).rows() == [(1, 1), (2, 2)]


def test_a_row_without_uses_is_removed_and_no_row_appears_without_attributes() -> None:
    present = pl.DataFrame([(1, 3), (2, 1), (4, 1)], schema=USES, orient="row")
    counted = pl.DataFrame([(1, 1), (2, -1), (3, 2), (4, 1)], schema=USES, orient="row")
    changes = dimension_changes("dim_currency", present, counted)
    assert (changes.unused.to_list(), changes.changed.rows(), changes.added.height) == ([2], [(1, 1)], 0)
