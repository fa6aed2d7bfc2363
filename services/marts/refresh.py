"""Brings the marts up to date: adds pending differences to the additive tables, and makes again what follows from them.

Each transaction also deletes the differences that it adds, so that a killed refresh is simply repeated, by whichever
stage refreshes next. Only groups with a difference are read and written.
"""

from collections.abc import Callable
from dataclasses import replace

import polars as pl

from domain.lake.silver import Columns
from domain.marts.additive import (
    ADDITIVE_TABLES,
    MARKET_MEMBER,
    RELATION_DAY,
    add_up,
    process_counts,
    with_amount,
    with_keys,
)
from domain.marts.derived import concentrations, markets
from domain.marts.facts import NO_FACTS
from domain.marts.marts import TABLES
from domain.shared.surrogate_keys import with_key
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork, WriteUnitOfWork
from services.shared.clock import now
from services.shared.transaction_size import transaction_size

VIEWS_ACTOR = "marts"  # the stage that refreshes materialised views
RELATION_TYPES: Columns = {"relation_key": pl.Int64, "buyer_id": pl.String, "first_award": pl.Date}
MARKET_TYPES: Columns = {"market_key": pl.Int64, **MARKET_MEMBER.types}
PART_PROCESSES = 1_000  # counted per transaction, at most
PART_ROWS = 5_000  # with a difference, per transaction, at most


def refresh_marts(parts: Parts) -> None:
    """Count new and changed processes, add all pending differences, and have stale materialised views refreshed."""
    with parts.warehouse.read() as work:
        more = work.marts.has_uncounted()
    while more:
        size = transaction_size(parts, PART_PROCESSES)
        with parts.warehouse.write() as work:
            keys = work.marts.take_uncounted(size)
            work.marts.add_changes(process_counts(work.marts.facts(keys)))
            work.commit()
        more = len(keys) == size
    with parts.warehouse.read() as work:
        changed = work.marts.changed()
    for name in changed:
        more = True
        while more:
            size = transaction_size(parts, PART_ROWS)
            with parts.warehouse.write() as work:
                more = _add_changes(work, name, size)
                work.marts.set_refreshed(now())
                work.commit()
    with parts.warehouse.read() as work:
        stale = work.marts.stale_views()
    if stale:
        parts.messages.send(VIEWS_ACTOR)


def marts_pending(work: ReadUnitOfWork) -> bool:
    """Whether marts are behind the facts."""
    return bool(work.marts.has_uncounted() or work.marts.changed() or work.marts.stale_views())


def count_new_marts(parts: Parts) -> None:
    """Make the marts of a warehouse that has facts of a version without marts, before differences are added to them."""
    with parts.warehouse.read() as work:
        if work.marts.as_of() or work.marts.has_uncounted() or not next(work.marts.process_pages(), None):
            return
    with parts.warehouse.write() as work:
        recount_marts(work)
        work.marts.set_refreshed(now())
        work.commit()


def recount_marts(work: WriteUnitOfWork) -> None:
    """Make the marts again from all facts."""
    work.marts.delete_rows(TABLES)
    for page in work.marts.process_pages():
        work.marts.add_changes(process_counts(work.marts.facts(page)))
    flags = replace(NO_FACTS, red_flags=work.marts.red_flags_of_organizations())
    work.marts.add_changes(process_counts(flags))
    for name in work.marts.changed():
        _add_changes(work, name)
    for view in work.marts.views:
        work.marts.note_change(view)


def _add_changes(work: WriteUnitOfWork, name: str, most: int | None = None) -> bool:
    """Add the differences of at most so many rows of a table; returns whether there are more."""
    table = ADDITIVE_TABLES[name]
    pending = add_up(table, work.marts.take_changes(name)).sort(list(table.by))  # what follows from one group together
    later = pending.slice(most) if most else pending.clear()
    work.marts.add_changes({name: later})
    changed = with_keys(table, pending.head(most) if most else pending)
    keys = changed[table.key]
    present = work.marts.rows(name, table.key, keys, table.types)
    rows = with_keys(table, add_up(table, [present, changed.select(list(table.types))]))
    work.marts.replace(name, table.key, keys, table.derive(rows))
    if name in FOLLOWERS:
        FOLLOWERS[name](work, changed)
    return bool(later.height)


def _relations(work: WriteUnitOfWork, changed: pl.DataFrame) -> None:
    keys = changed["relation_key"].unique()
    before = work.marts.rows("mart_relation", "relation_key", keys, RELATION_TYPES)
    after = with_amount(work.marts.relations(keys))
    work.marts.replace("mart_relation", "relation_key", keys, after)
    # A supplier is a new entrant in the year of its first award: that may be a year in which nothing else changed.
    first_years = [rows.select("buyer_id", pl.col("first_award").dt.year().alias("year")) for rows in (before, after)]
    buyer_years = pl.concat([changed.select("buyer_id", "year"), *first_years]).unique()
    touched = with_key(buyer_years, "concentration_key", [pl.lit("concentration_key"), "buyer_id", "year"])
    _concentrations(work, touched["concentration_key"])


def _concentrations(work: WriteUnitOfWork, keys: pl.Series) -> None:
    years = work.marts.relation_years(keys)
    firsts = work.marts.rows("mart_relation", "relation_key", years["relation_key"].unique(), RELATION_TYPES)
    rows = concentrations(years, firsts.select("relation_key", "first_award"))
    work.marts.replace("mart_concentration", "concentration_key", keys, rows)


def _markets(work: WriteUnitOfWork, changed: pl.DataFrame) -> None:
    if "mart_market" in work.marts.views:
        work.marts.note_change("mart_market")
        return
    keys = changed["market_key"].unique()
    rows = markets(work.marts.rows(MARKET_MEMBER.name, "market_key", keys, MARKET_TYPES))
    work.marts.replace("mart_market", "market_key", keys, rows)


FOLLOWERS: dict[str, Callable[[WriteUnitOfWork, pl.DataFrame], None]] = {
    RELATION_DAY.name: _relations,
    MARKET_MEMBER.name: _markets,
}
