"""Exchange-rate records as rows of gold, and which facts they touch. Pure."""

from collections.abc import Sequence
from datetime import date

import polars as pl

from domain.exchange_rates.conversion import RATE_MAX_AGE_DAYS, ExchangeQuotes, convert_amounts
from domain.shared.surrogate_keys import with_key

RateWindow = tuple[date, date, Sequence[str] | None]  # days of facts, both included, and their currencies; None for all


def rate_rows(records: pl.DataFrame) -> pl.DataFrame:
    """Rows of dim_exchange_rate, of the rates that stand, from silver `exchange_rate`; their business key is also the id of their record."""
    return _keyed(records.filter(~pl.col("deleted"))).select("rate_key", "date", "base", "currency", "rate", "silver_batch")


def rate_keys(record_ids: Sequence[str]) -> list[int]:
    """The keys of the rows that these records make."""
    return _keyed(pl.DataFrame({"record_id": record_ids}, schema={"record_id": pl.String}))["rate_key"].to_list()


def _keyed(records: pl.DataFrame) -> pl.DataFrame:
    # A record that is gone has nothing but its id, which says it all: EUR-USD-2024-01-31.
    name = pl.col("record_id").str
    told = records.with_columns(name.slice(0, 3).alias("base"), name.slice(4, 3).alias("currency"), name.slice(8).str.to_date("%Y-%m-%d").alias("date"))
    return with_key(told, "rate_key", [pl.lit("exchange-rate"), "base", "currency", "date"])


def affected_windows(record_ids: Sequence[str], base: str) -> list[RateWindow]:
    """The windows in which facts may have to be converted to `base` anew once these records changed, the earliest first.

    A rate touches the facts of its currency from its day on, while it is young enough. One of the base currency itself has a part
    in the conversion of every other.
    """
    rates = _keyed(pl.DataFrame({"record_id": record_ids}, schema={"record_id": pl.String})).sort("currency", "date")
    days = pl.col("date")
    starts = (days.diff() > pl.duration(days=RATE_MAX_AGE_DAYS)).fill_null(value=True).over("currency")
    runs = (
        rates.with_columns(starts.cum_sum().over("currency").alias("run")).group_by("currency", "run").agg(days.min().alias("first"), days.max().alias("last"))
    )
    ends = runs.with_columns(pl.col("last") + pl.duration(days=RATE_MAX_AGE_DAYS))
    grouped = ends.group_by("first", "last").agg(pl.col("currency").sort()).sort("first", "last")
    return [(first, last, None if base in names else names) for first, last, names in grouped.iter_rows()]


def changed_conversions(facts: pl.DataFrame, money: ExchangeQuotes) -> pl.DataFrame:
    """Those of the facts (key, value_date, amount, currency and base columns) whose base columns change, as they shall be."""
    fresh = convert_amounts(facts.drop("amount_base", "base_currency", "rate", "rate_date"), money).select(facts.columns)
    same = pl.all_horizontal(pl.col(name).eq_missing(facts[name]) for name in ("amount_base", "base_currency", "rate", "rate_date"))
    return fresh.filter(~same)
