"""Exchange-rate records as rows of gold, and the facts that they affect. Pure."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from domain.exchange_rates.conversion import (
    CONVERSION,
    RATE_MAX_AGE_DAYS,
    ExchangeQuotes,
    convert_amounts,
    with_ceilings,
)
from domain.shared.surrogate_keys import with_key

RateWindow = tuple[date, date, Sequence[str] | None]  # first and last day of facts, inclusive; currencies, None for all


def rate_rows(records: pl.DataFrame) -> pl.DataFrame:
    """Rows of dim_exchange_rate from silver `exchange_rate`, without deleted ones.

    Their business key is the record id.
    """
    return _keyed(records.filter(~pl.col("deleted"))).select(
        "rate_key", "date", "base", "currency", "rate", "silver_batch"
    )


def rate_keys(record_ids: Sequence[str]) -> list[int]:
    """Surrogate keys of the rows of these records."""
    return _keyed(pl.DataFrame({"record_id": record_ids}, schema={"record_id": pl.String}))["rate_key"].to_list()


def _keyed(records: pl.DataFrame) -> pl.DataFrame:
    # A deleted record has only its id, which holds base, currency and date: EUR-USD-2024-01-31.
    record_id = pl.col("record_id").str
    parsed = records.with_columns(
        record_id.slice(0, 3).alias("base"),
        record_id.slice(4, 3).alias("currency"),
        record_id.slice(8).str.to_date("%Y-%m-%d").alias("date"),
    )
    return with_key(parsed, "rate_key", [pl.lit("exchange-rate"), "base", "currency", "date"])


def affected_windows(record_ids: Sequence[str], base: str) -> list[RateWindow]:
    """Windows whose facts may need another conversion to `base` after these records changed, earliest first.

    A rate affects facts of its currency from its day on, for RATE_MAX_AGE_DAYS. A rate of the base currency itself
    affects facts of every currency.
    """
    rates = _keyed(pl.DataFrame({"record_id": record_ids}, schema={"record_id": pl.String})).sort("currency", "date")
    days = pl.col("date")
    starts = (days.diff() > pl.duration(days=RATE_MAX_AGE_DAYS)).fill_null(value=True).over("currency")
    runs = (
        rates.with_columns(starts.cum_sum().over("currency").alias("run"))
        .group_by("currency", "run")
        .agg(days.min().alias("first"), days.max().alias("last"))
    )
    ends = runs.with_columns(pl.col("last") + pl.duration(days=RATE_MAX_AGE_DAYS))
    grouped = ends.group_by("first", "last").agg(pl.col("currency").sort()).sort("first", "last")
    return [(first, last, None if base in names else names) for first, last, names in grouped.iter_rows()]


def changed_conversions(facts: pl.DataFrame, money: ExchangeQuotes) -> pl.DataFrame:
    """The facts whose base columns change, with the new values.

    Columns: key, value_date, amount, currency, framework, base columns. An amount of a framework is its ceiling:
    `amount_base` is null, and `ceiling_base` has the value.
    """
    before = facts.with_columns(pl.coalesce("amount_base", "ceiling_base").alias("amount_base"))
    base = ["amount_base", *CONVERSION]
    converted = convert_amounts(before.drop(base), money)
    same = pl.all_horizontal(pl.col(name).eq_missing(before[name]) for name in base)
    return with_ceilings(converted.filter(~same))
