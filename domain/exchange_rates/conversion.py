"""Converts amounts of facts to the base currency. Pure.

A fact is converted with the newest rate on or before its `value_date` that is at most RATE_MAX_AGE_DAYS old, so its
base columns depend only on its own row and the rates. Without such a rate they are null, never zero.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import polars as pl

from domain.lake.silver import Columns

RATE_MAX_AGE_DAYS = 10  # longer than any run of bank holidays
CONVERTED_DECIMALS = 6  # more than any currency has, few enough to hide floating-point error
RATES: Columns = {"date": pl.Date, "base": pl.String, "currency": pl.String, "rate": pl.Float64}
QUOTES: Columns = {"currency": pl.String, "rate_date": pl.Date, "rate": pl.Float64, "rate_source": pl.String}
CONVERSION = ["base_currency", "rate", "rate_date", "rate_source"]  # columns beside a converted amount
# Per fact: the column of its amount and the column of its currency's key.
CONVERTED_AMOUNTS = {
    "fact_process": ("amount", "currency_key"),
    "fact_award": ("amount", "currency_key"),
    "fact_contract": ("amount", "currency_key"),
    "fact_item": ("unit_amount", "unit_currency_key"),
    "fact_bid": ("amount", "currency_key"),
    "fact_transaction": ("amount", "currency_key"),
}
MAX_BASE_AMOUNT = 1e12  # of the base currency; a larger amount is no plausible value
MAX_RATE = 1e12  # upper bound of a plausible rate


class ExchangeRate(NamedTuple):
    """On `date`, 1 unit of `base` equals `rate` units of `currency`."""

    date: date
    base: str
    currency: str
    rate: float


@dataclass(frozen=True)
class ExchangeQuotes:
    """Value of one unit of each currency in `base`: rows of QUOTES, one per currency and day, ordered by day."""

    base: str
    quotes: pl.DataFrame


def build_quotes(base: str, rates: pl.DataFrame | None = None) -> ExchangeQuotes:
    """Quotes in `base` derived from `rates` (rows of RATES: 1 base = `rate` currency).

    A direct or inverse rate takes precedence over a cross rate of the same day; among cross rates, the first by the
    name of the intermediate currency.
    """
    if rates is None or not rates.height:
        return ExchangeQuotes(base, pl.DataFrame(schema=QUOTES))
    c = pl.col
    rates = rates.with_columns(pl.format("{}-{}-{}", "base", "currency", "date").alias("source"))  # the record's id
    legs = rates.filter(c("currency") == base).select("date", "base", c("rate").alias("leg"), leg_source="source")
    to_base = rates.filter(c("currency") == base).select(
        c("base").alias("currency"), "date", "rate", pl.lit("0").alias("way"), "source"
    )
    from_base = rates.filter(c("base") == base).select(
        "currency", "date", (1 / c("rate")).alias("rate"), pl.lit("1").alias("way"), "source"
    )
    others = rates.filter(c("currency") != base, c("base") != base).join(legs, on=["date", "base"], how="inner")
    crossed = others.select(
        "currency",
        "date",
        (c("leg") / c("rate")).alias("rate"),
        ("2" + c("base")).alias("way"),
        pl.concat_str("source", "leg_source", separator=" "),
    )
    quotes = pl.concat([to_base, from_base, crossed]).filter(
        c("rate").is_finite(), c("rate") > 0, c("currency") != base
    )
    chosen = quotes.sort("date", "currency", "way").unique(["currency", "date"], keep="first", maintain_order=True)
    return ExchangeQuotes(base, chosen.select("currency", c("date").alias("rate_date"), "rate", rate_source="source"))


def value_date(amount: str, currency: str, *days: pl.Expr) -> pl.Expr:
    """Day of the first known instant among `days`; null if the amount or currency is null."""
    priced = pl.col(amount).is_not_null() & pl.col(currency).is_not_null()
    return pl.when(priced).then(pl.coalesce(*days).dt.date()).alias("value_date")


def convert_amounts(
    facts: pl.DataFrame, money: ExchangeQuotes, amount: str = "amount", currency: str = "currency"
) -> pl.DataFrame:
    """Add `{amount}_base` and the columns CONVERSION to the facts.

    They follow from `amount`, `currency` and `value_date`. Keeps the order of rows. An amount in the base currency
    stays unchanged, with rate 1 of its own day and no source. `rate_source` has the ids of the exchange-rate records.
    """
    c = pl.col
    own = (c(currency) == money.base).fill_null(value=False) & c(amount).is_not_null()
    found = _quoted(facts, money.quotes, currency)
    rate = pl.when(own).then(1.0).otherwise(c("rate"))
    product = pl.when(own).then(c(amount)).otherwise((c(amount) * rate).round(CONVERTED_DECIMALS))
    known = (product.abs() < MAX_BASE_AMOUNT).fill_null(value=False)
    return found.with_columns(
        pl.when(known).then(product).alias(f"{amount}_base"),
        pl.when(known).then(pl.lit(money.base)).alias("base_currency"),
        pl.when(known).then(rate).alias("rate"),
        pl.when(known).then(pl.when(own).then(c("value_date")).otherwise(c("rate_date"))).alias("rate_date"),
        pl.when(known & ~own).then("rate_source").alias("rate_source"),
    )


def with_ceilings(facts: pl.DataFrame) -> pl.DataFrame:
    """Split `amount_base` by `framework`: the value of a framework is a ceiling (`ceiling_base`), not spend."""
    ceiling = pl.col("framework")
    return facts.with_columns(
        pl.when(ceiling).then("amount_base").alias("ceiling_base"),
        pl.when(~ceiling).then("amount_base").alias("amount_base"),
    )


def _quoted(facts: pl.DataFrame, quotes: pl.DataFrame, currency: str) -> pl.DataFrame:
    """Add the `rate`, `rate_date` and `rate_source` of each fact's currency on its day; keeps the order of rows."""
    found_columns = [name for name in QUOTES if name != "currency"]
    if not quotes.height:
        return facts.with_columns(pl.lit(None, QUOTES[name]).alias(name) for name in found_columns)
    numbered = facts.with_row_index("_row")
    asked = numbered.select("_row", pl.col(currency).alias("currency"), "value_date").drop_nulls().sort("value_date")
    options: dict[str, Any] = {
        "by": "currency",
        "tolerance": f"{RATE_MAX_AGE_DAYS}d",
        "check_sortedness": False,
        "coalesce": False,
    }
    found = asked.join_asof(quotes, left_on="value_date", right_on="rate_date", **options)
    found = found.select("_row", *found_columns)
    return numbered.join(found, on="_row", how="left", maintain_order="left").drop("_row")
