"""Additive tables of the marts: counts and money per group, changed by the difference that processes make. Pure.

Money is summed in whole cents of the base currency, because sums of floats depend on their order.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import polars as pl

from domain.lake.flattening.award_status import counts_in_totals
from domain.lake.silver import Columns
from domain.marts.facts import PLACE, MartFacts
from domain.shared.surrogate_keys import with_key
from domain.star.columns import in_calendar

WORTH = ("awards", "awards_without_amount", "cents")
CANCELLED = ("cancelled", "withdrawn")  # statuses of tenders that say nothing about competition
Differences = Mapping[str, pl.DataFrame]


@dataclass(frozen=True)
class AdditiveTable:
    """A table with one row per group: its business key, and counts that add up over groups and over time.

    `references` are surrogate keys of the coarser groups that the row belongs to, by their columns.
    """

    name: str
    key: str
    by: Columns
    counts: tuple[str, ...]
    derive: Callable[[pl.DataFrame], pl.DataFrame]
    references: Mapping[str, tuple[str, ...]]

    @property
    def types(self) -> Columns:
        """The columns of a difference: the business key and the counts."""
        return {**self.by, **dict.fromkeys(self.counts, pl.Int64)}


def with_amount(frame: pl.DataFrame) -> pl.DataFrame:
    """Add `amount_base`: the cents of awards as an amount, null where no award has one."""
    priced = pl.col("awards") > pl.col("awards_without_amount")
    amount = (pl.col("cents") / 100).round(2)  # polars multiplies by 0.01, which is off by a bit
    return frame.with_columns(pl.when(priced).then(amount).alias("amount_base"))


def _with_rates(frame: pl.DataFrame) -> pl.DataFrame:
    c = pl.col
    known, dated = c("tenders_with_bidders"), c("tenders_with_period")
    return frame.with_columns(
        pl.when(known > 0).then((c("bidders") / known).round(4)).alias("bidders_per_tender"),
        pl.when(known > 0).then((c("single_bid_tenders") / known).round(4)).alias("single_bid_rate"),
        pl.when(dated > 0).then((c("open_seconds") / 86_400 / dated).round(2)).alias("days_open"),
    )


def _unchanged(frame: pl.DataFrame) -> pl.DataFrame:
    return frame


TENDER_COUNTS = (
    "tenders",
    "cancelled_tenders",
    "tenders_with_bidders",
    "bidders",
    "single_bid_tenders",
    "tenders_with_period",
    "open_seconds",
)
SPEND = AdditiveTable(
    "mart_spend",
    "spend_key",
    {"buyer_id": pl.String, "year": pl.Int32, "month": pl.String},
    ("processes", *WORTH),
    with_amount,
    {},
)
COMPETITION = AdditiveTable(
    "mart_competition",
    "competition_key",
    {"buyer_id": pl.String, "method": pl.String, "year": pl.Int32},
    TENDER_COUNTS,
    _with_rates,
    {},
)
RELATION_DAY = AdditiveTable(
    "mart_relation_day",
    "relation_day_key",
    {"buyer_id": pl.String, "supplier_id": pl.String, "year": pl.Int32, "day": pl.Date},
    WORTH,
    _unchanged,
    {"relation_key": ("buyer_id", "supplier_id"), "concentration_key": ("buyer_id", "year")},
)
MARKET_MEMBER = AdditiveTable(
    "mart_market_member",
    "market_member_key",
    {**PLACE, "year": pl.Int32, "role": pl.String, "organization_id": pl.String},
    WORTH,
    _unchanged,
    {"market_key": (*PLACE, "year")},
)
RED_FLAG = AdditiveTable(
    "mart_red_flag",
    "red_flag_summary_key",
    {"indicator": pl.String, "buyer_id": pl.String, "source_key": pl.Int64, "year": pl.Int32},
    ("flagged", "not_flagged", "not_computable"),
    _unchanged,
    {},
)
ADDITIVE_TABLES = {table.name: table for table in (SPEND, COMPETITION, RELATION_DAY, MARKET_MEMBER, RED_FLAG)}


def process_counts(facts: MartFacts) -> dict[str, pl.DataFrame]:
    """Return the rows that the facts add to each additive table."""
    c = pl.col
    counted = facts.awards.lazy().filter(counts_in_totals(c("status")))
    day = in_calendar("award_date").dt.date().alias("day")
    worth = c("amount_base").alias("worth")
    counted = counted.with_columns(day, worth).with_columns(c("day").dt.year().alias("year"))
    award = ["process_key", "position"]
    whole = _in_cents(counted.group_by([*award, "buyer_id", "day", "year", *PLACE]))
    shares = _in_cents(counted.group_by([*award, "buyer_id", "supplier_id", "day", "year", *PLACE]))
    spend = (
        whole.with_columns(c("day").dt.strftime("%Y-%m").alias("month"))
        .group_by(list(SPEND.by))
        .agg(c("process_key").n_unique().alias("processes"), *_worth())
    )
    members = [
        rows.rename({name: "organization_id"}).with_columns(pl.lit(role).alias("role"))
        for rows, name, role in ((whole, "buyer_id", "buyer"), (shares.drop("buyer_id"), "supplier_id", "supplier"))
    ]
    market = pl.concat([rows.group_by(list(MARKET_MEMBER.by)).agg(*_worth()) for rows in members])
    queries = (
        (SPEND, spend),
        (RELATION_DAY, shares.group_by(list(RELATION_DAY.by)).agg(*_worth())),
        (MARKET_MEMBER, market),
        (COMPETITION, _tender_counts(facts.tenders.lazy())),
        (RED_FLAG, _flag_counts(facts.red_flags.lazy())),
    )
    typed = [rows.select(c(name).cast(kind) for name, kind in table.types.items()) for table, rows in queries]
    return {table.name: rows for (table, _), rows in zip(queries, pl.collect_all(typed), strict=True)}


def _in_cents(awards: pl.lazyframe.group_by.LazyGroupBy) -> pl.LazyFrame:
    """Return `cents` of each group of shares of an award; null if none has an amount."""
    worth = pl.col("worth")
    cents = pl.when(worth.count() > 0).then((worth.sum() * 100 + 0.5).floor()).cast(pl.Int64).alias("cents")
    return awards.agg(cents)


def _worth() -> list[pl.Expr]:
    cents = pl.col("cents")
    return [pl.len().alias("awards"), cents.null_count().alias("awards_without_amount"), cents.sum()]


def _tender_counts(tenders: pl.LazyFrame) -> pl.LazyFrame:
    c = pl.col
    stated = pl.coalesce(in_calendar("tender_start"), in_calendar("first_published"))
    cancelled = c("status").str.to_lowercase().is_in(CANCELLED).fill_null(value=False)
    bidders = pl.when(~cancelled & (c("number_of_tenderers") >= 0)).then("number_of_tenderers")
    seconds = (in_calendar("tender_end") - in_calendar("tender_start")).dt.total_seconds()
    open_seconds = pl.when(~cancelled & (seconds >= 0)).then(seconds)
    return (
        tenders.with_columns(stated.dt.year().alias("year"))
        .group_by(list(COMPETITION.by))
        .agg(
            pl.len().alias("tenders"),
            cancelled.sum().alias("cancelled_tenders"),
            bidders.count().alias("tenders_with_bidders"),
            bidders.sum().alias("bidders"),
            (bidders == 1).sum().alias("single_bid_tenders"),
            open_seconds.count().alias("tenders_with_period"),
            open_seconds.sum().alias("open_seconds"),
        )
    )


def _flag_counts(flags: pl.LazyFrame) -> pl.LazyFrame:
    year = (pl.col("date_key") // 10_000).alias("year")
    counts = [(pl.col("result") == result).sum().alias(result) for result in RED_FLAG.counts]
    return flags.with_columns(year).group_by(list(RED_FLAG.by)).agg(counts)


def differences(before: Differences, after: Differences) -> dict[str, pl.DataFrame]:
    """Return what to add to each table's counts `before` to get those `after`; tables without a change are left out."""
    found = {}
    for name in before.keys() | after.keys():
        table = ADDITIVE_TABLES[name]
        minus = [before[name].with_columns(-pl.col(table.counts))] if name in before else []
        moved = add_up(table, [*minus, *([after[name]] if name in after else [])])
        if moved.height:
            found[name] = moved
    return found


def add_up(table: AdditiveTable, parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the sum of rows of a table (its `types`), without groups that have no counts."""
    rows = pl.concat([pl.DataFrame(schema=table.types), *parts])
    summed = rows.lazy().group_by(list(table.by)).agg(pl.col(table.counts).sum())
    return summed.filter(pl.any_horizontal(pl.col(name) != 0 for name in table.counts)).collect()


def with_keys(table: AdditiveTable, rows: pl.DataFrame) -> pl.DataFrame:
    """Add the surrogate keys of the rows, and of the groups that they belong to."""
    for key, columns in {table.key: tuple(table.by), **table.references}.items():
        rows = with_key(rows, key, [pl.lit(key), *columns])
    return rows
