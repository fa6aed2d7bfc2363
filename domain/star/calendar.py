"""The rows of dim_date: a real calendar, ISO 8601 weeks, and fiscal years that begin in a month of choice."""

from datetime import date

import polars as pl

from domain.shared.dates import CALENDAR_YEARS


def calendar(fiscal_year_start: int = 1) -> pl.DataFrame:
    """Return one row per day of CALENDAR_YEARS. A fiscal year has the name of the calendar year in which it begins;
    weekday 1 is Monday."""
    days = (
        pl.date_range(date(CALENDAR_YEARS[0], 1, 1), date(CALENDAR_YEARS[1], 12, 31), eager=True)
        .alias("date")
        .to_frame()
    )
    day = pl.col("date").dt
    shifted = day.offset_by(f"-{fiscal_year_start - 1}mo").dt
    return days.select(
        (day.year() * 10_000 + day.month().cast(pl.Int32) * 100 + day.day()).cast(pl.Int32).alias("date_key"),
        "date",
        day.year().alias("year"),
        day.quarter().alias("quarter"),
        day.month().alias("month"),
        day.strftime("%B").alias("month_name"),
        day.day().alias("day"),
        day.iso_year().alias("iso_year"),
        day.week().alias("iso_week"),
        day.weekday().alias("weekday"),
        day.strftime("%A").alias("weekday_name"),
        (day.weekday() > 5).alias("is_weekend"),
        shifted.year().alias("fiscal_year"),
        shifted.quarter().alias("fiscal_quarter"),
    )
