"""Columns that facts share: keys of their own, of dimensions, organisations and dates. Pure."""

import polars as pl

from domain.exchange_rates.conversion import CONVERSION, ExchangeQuotes, convert_amounts, value_date
from domain.shared.dates import CALENDAR_YEARS
from domain.shared.surrogate_keys import business_key, clustered_key, hashed_keys, with_key
from domain.star.model import DIMENSIONS, UNKNOWN_ORGANIZATION, Frames

BASE_COLUMNS = ["amount_note", "value_date", "amount_base", *CONVERSION]
CEILING_COLUMNS = ["framework", "ceiling_base"]


def in_calendar(column: str) -> pl.Expr:
    """The instant, or null outside the calendar: software writes 0001-01-01 or 1900-01-01 for an unknown date."""
    return pl.when(pl.col(column).dt.year().is_between(*CALENDAR_YEARS)).then(pl.col(column))


def date_key(column: str) -> pl.Expr:
    """yyyymmdd (UTC) of an instant, null outside the calendar."""
    day = in_calendar(column).dt
    return (
        (day.year() * 10_000 + day.month().cast(pl.Int32) * 100 + day.day()).cast(pl.Int32).alias(f"{column}_date_key")
    )


def point(
    frame: pl.DataFrame, dimension: str, attributes: list[pl.Expr], found: Frames, alias: str | None = None
) -> pl.DataFrame:
    """Return the frame with the key of the dimension row of these `attributes`; the rows are collected in `found`."""
    key, names = DIMENSIONS[dimension]
    texts = (expression.cast(pl.String).alias(name) for expression, name in zip(attributes, names, strict=True))
    rows = with_key(frame.select(texts), key, names)
    found[dimension] = pl.concat([found[dimension], rows]) if dimension in found else rows
    return frame.hstack([rows[key].alias(alias or key)])


def with_organization(frame: pl.DataFrame, members: pl.DataFrame, column: str, alias: str) -> pl.DataFrame:
    named = members.rename({"organization_id": column, "organization_key": alias})
    return frame.join(named, on=["ocid", column], how="left", maintain_order="left").with_columns(
        pl.col(alias).fill_null(UNKNOWN_ORGANIZATION)
    )


def or_position(column: str) -> pl.Expr:
    return pl.coalesce(pl.col(column), pl.format("#{}", pl.col("position")))


def with_fact_key(frame: pl.DataFrame, name: str, columns: list[pl.Expr]) -> pl.DataFrame:
    """Add the fact's key, clustered by its process's key; facts with the same business key are numbered in order."""
    nth = pl.int_range(pl.len()).over("grain").cast(pl.String).replace("0", "")
    grains = frame.select(business_key(columns).alias("grain")).with_columns(nth.alias("nth"))
    keyed = frame.hstack([hashed_keys(grains.select(business_key(["grain", "nth"])).to_series()).alias(name)])
    return keyed.with_columns(clustered_key(name, "process_key"))


def converted(frame: pl.DataFrame, money: ExchangeQuotes, note: pl.Expr, *days: pl.Expr) -> pl.DataFrame:
    """Add BASE_COLUMNS: the amount in the base currency, at the rate of the first known of these days.

    Amounts with a `note` (domain/shared/amounts.py) are not converted.
    """
    noted = frame.with_columns(note)
    priced = noted.with_columns(pl.when(pl.col("amount_note").is_null()).then("amount").alias("priced"))
    dated = priced.with_columns(value_date("priced", "currency", *days))
    return convert_amounts(dated, money, "priced").drop("priced").rename({"priced_base": "amount_base"})
