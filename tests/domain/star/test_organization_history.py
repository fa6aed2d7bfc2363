"""The type 2 history of organisations: any order of changes ends in what all mentions state at once."""

from datetime import UTC, datetime
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.star.model import UNKNOWN_ORGANIZATION
from domain.star.organization_history import (
    FIRST_MENTIONS,
    MENTIONS,
    NO_MENTIONS,
    VERSIONS,
    VersionChanges,
    count_mentions,
    period_changes,
    recounted_versions,
    version_changes,
)

KEY = "organization_key"
NO_VERSIONS = pl.DataFrame(schema=VERSIONS)


def day(number: int | None) -> datetime | None:
    return datetime(2024, 1, number, tzinfo=UTC) if number else None


def mentions(*stated: tuple[int, int, int | None]) -> pl.DataFrame:
    """Mentions from (process, version, day); versions of one ten belong to one organisation."""
    rows = [(process, version, "buyer", f"org-{version // 10}", day(number)) for process, version, number in stated]
    return pl.DataFrame(rows, schema=MENTIONS, orient="row")


def apply(versions: pl.DataFrame, changes: VersionChanges) -> pl.DataFrame:
    """The versions after the changes, in order of keys."""
    assert set(changes.deleted) <= set(versions[KEY])
    kept = versions.filter(~pl.col(KEY).is_in(changes.deleted.implode())).update(
        changes.changed, on=KEY, include_nulls=True
    )
    return pl.concat([kept, changes.added.select(list(VERSIONS))]).sort(KEY)


def replaced(versions: pl.DataFrame, bridge: pl.DataFrame, keys: set[int], after: pl.DataFrame) -> pl.DataFrame:
    """The versions after the mentions by the processes `keys` of the bridge became those `after`."""
    before = bridge.filter(pl.col("process_key").is_in(keys))
    others = bridge.filter(~pl.col("process_key").is_in(keys))
    counted = count_mentions(versions, before, after)
    first = others.group_by(KEY).agg(pl.col("last_published").min().alias("first_mention"))
    left = counted.filter("first_left", pl.col("uses") > 0).select(KEY).join(first, on=KEY, how="left")
    attributes = after.select(KEY, "organization_id").unique()
    return apply(versions, version_changes(versions, counted, left.cast(pl.Schema(FIRST_MENTIONS)), attributes))


def periods(versions: pl.DataFrame) -> list[tuple[Any, ...]]:
    return versions.select(KEY, "uses", "valid_from", "valid_to", "is_current").rows()


stated = st.lists(
    st.tuples(st.integers(1, 4), st.integers(10, 24), st.none() | st.integers(1, 6)),
    max_size=8,
    unique_by=lambda one: one[:2],
)


@settings(max_examples=50)
@given(st.lists(stated, min_size=1, max_size=6))
def test_any_sequence_of_changes_ends_in_what_all_mentions_state(
    steps: list[list[tuple[int, int, int | None]]],
) -> None:
    versions, bridge = NO_VERSIONS, NO_MENTIONS
    for step in steps:
        after = mentions(*step)
        keys = {process for process, _, _ in step} | {1}
        versions = replaced(versions, bridge, keys, after)
        bridge = pl.concat([bridge.filter(~pl.col("process_key").is_in(keys)), after])
    at_once = replaced(NO_VERSIONS, NO_MENTIONS, set(), bridge)
    assert periods(versions) == periods(at_once)
    assert recounted_versions(versions, bridge).changed.height == 0
    assert recounted_versions(versions, bridge).deleted.len() == 0
    assert period_changes(versions).changed.height == 0


def test_a_version_ends_when_the_next_one_begins() -> None:
    versions = replaced(NO_VERSIONS, NO_MENTIONS, set(), mentions((1, 12, 1), (2, 11, 3), (3, 12, 2), (4, 20, None)))
    assert periods(versions) == [
        (11, 1, day(3), None, True),
        (12, 2, day(1), day(3), False),
        (20, 1, None, None, True),
    ]


def test_a_version_from_a_reference_table_is_current_and_in_no_chain() -> None:
    versions = replaced(NO_VERSIONS, NO_MENTIONS, set(), mentions((1, 11, 1), (2, 12, 3)))
    reference = pl.DataFrame([(19, "org-1", "org-1", True, 1, None, None, True)], schema=VERSIONS, orient="row")
    with_reference = pl.concat([versions, reference])
    after = apply(with_reference, period_changes(with_reference))
    assert periods(after) == [
        (11, 1, day(1), day(3), False),
        (12, 1, day(3), None, False),
        (19, 1, None, None, True),
    ]
    without = after.filter(~pl.col("reference"))
    assert periods(apply(without, period_changes(without))) == periods(versions)


def test_a_new_version_has_the_identity_of_its_organization() -> None:
    versions = replaced(NO_VERSIONS, NO_MENTIONS, set(), mentions((1, 11, 1), (1, 21, 1)))
    assert versions["identity"].to_list() == ["org-1", "org-2"]
    matched = versions.with_columns(pl.lit("org-1").alias("identity"))
    after = replaced(matched, mentions((1, 11, 1), (1, 21, 1)), set(), mentions((2, 20, 5), (2, 30, 5)))
    assert after.select(KEY, "identity").rows() == [(11, "org-1"), (20, "org-1"), (21, "org-1"), (30, "org-3")]


def test_a_damaged_version_is_recounted_and_the_unknown_organization_stays() -> None:
    unknown = (UNKNOWN_ORGANIZATION, "unknown", "unknown", False, 0, None, None, True)
    damaged = [
        (11, "org-1", "org-1", False, 7, day(6), day(2), False),
        (12, "org-1", "org-1", False, 1, day(1), None, True),
        unknown,
    ]
    changes = recounted_versions(pl.DataFrame(damaged, schema=VERSIONS, orient="row"), mentions((1, 11, 4), (2, 11, 2)))
    assert changes.deleted.to_list() == [12]
    assert changes.changed.rows() == [(11, 2, day(2), None, True)]
