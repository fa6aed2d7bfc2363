"""Columns that facts share: keys of their own, of dimensions, organisations and dates. Pure."""

import polars as pl

from domain.exchange_rates.conversion import CONVERSION, ExchangeQuotes, convert_amounts, value_date
from domain.shared.surrogate_keys import business_key, clustered_key, with_key
from domain.star.model import CALENDAR_YEARS, DIMENSIONS, UNKNOWN_ORGANIZATION, Frames

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
    temporary = [f"_{name}" for name in names]
    wide = frame.with_columns(
        expression.cast(pl.String).alias(name) for expression, name in zip(attributes, temporary, strict=True)
    )
    wide = with_key(wide, alias or key, list(temporary))
    rows = wide.select(
        pl.col(alias or key).alias(key), *[pl.col(old).alias(new) for old, new in zip(temporary, names, strict=True)]
    )
    found[dimension] = pl.concat([found[dimension], rows]) if dimension in found else rows
    return wide.drop(temporary)


def with_organization(frame: pl.DataFrame, members: pl.DataFrame, column: str, alias: str) -> pl.DataFrame:
    named = members.rename({"organization_id": column, "organization_key": alias})
    return frame.join(named, on=["ocid", column], how="left", maintain_order="left").with_columns(
        pl.col(alias).fill_null(UNKNOWN_ORGANIZATION)
    )


def or_position(column: str) -> pl.Expr:
    return pl.coalesce(pl.col(column), pl.format("#{}", pl.col("position")))


def with_fact_key(frame: pl.DataFrame, name: str, columns: list[pl.Expr]) -> pl.DataFrame:
    """Add the fact's key, clustered by its process's key; facts with the same business key are numbered in order."""
    numbered = frame.with_columns(business_key(columns).alias("_grain")).with_columns(
        pl.int_range(pl.len()).over("_grain").alias("_again")
    )
    nth = pl.when(pl.col("_again") > 0).then(pl.col("_again")).cast(pl.String).fill_null("")
    return (
        with_key(numbered, name, [*columns, nth])
        .with_columns(clustered_key(name, "process_key"))
        .drop("_grain", "_again")
    )


def converted(frame: pl.DataFrame, money: ExchangeQuotes, note: pl.Expr, *days: pl.Expr) -> pl.DataFrame:
    """Add BASE_COLUMNS: the amount in the base currency, at the rate of the first known of these days.

    Amounts with a `note` (domain/shared/amounts.py) are not converted.
    """
    noted = frame.with_columns(note)
    priced = noted.with_columns(pl.when(pl.col("amount_note").is_null()).then("amount").alias("priced"))
    dated = priced.with_columns(value_date("priced", "currency", *days))
    return convert_amounts(dated, money, "priced").drop("priced").rename({"priced_base": "amount_base"})
