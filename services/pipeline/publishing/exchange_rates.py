"""Publishes exchange rates as rows of dim_exchange_rate, and converts the affected facts again (base columns only)."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl

from domain.exchange_rates.conversion import CONVERTED_AMOUNTS, RATE_MAX_AGE_DAYS, ExchangeQuotes, build_quotes
from domain.exchange_rates.rate_rows import RateWindow, affected_windows, changed_conversions, rate_keys, rate_rows
from domain.pipeline.watermark import Watermark
from services.marts.changes import noting_changes
from services.pipeline.publishing.organization_totals import convert_awards
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork, WriteUnitOfWork
from services.shared.clock import now

SLICE_RATES = 1_000  # per transaction
PAGE_FACTS = 2_000  # read, and written at most, per transaction
Frames = dict[str, pl.DataFrame]


def publish(parts: Parts, watermark: Watermark, rows: pl.DataFrame) -> None:
    """Write the rows (silver `exchange_rate`), delete the deleted ones. LostRaceError if the watermark has moved."""
    for part in rows.iter_slices(SLICE_RATES):
        deleted_keys = rate_keys(part.filter(pl.col("deleted"))["record_id"].to_list())
        with parts.warehouse.write() as work:
            work.watermarks.check_unmoved(watermark)
            work.exchange_rates.write(rate_rows(part), deleted_keys, now())
            work.commit()
    for window in affected_windows(rows["record_id"].to_list(), parts.base_currency):
        for fact in CONVERTED_AMOUNTS:
            _convert(parts, watermark, fact, window, int(rows["silver_batch"].max() or 0))  # type: ignore[arg-type]


def prune(work: WriteUnitOfWork, record_ids: Sequence[str]) -> None:
    """Delete the rates whose record is not among these."""
    kept_keys = set(rate_keys(record_ids))
    work.exchange_rates.delete([key for key in work.exchange_rates.all_keys() if key not in kept_keys])


def exchange_for(parts: Parts, silver: Frames) -> ExchangeQuotes:
    """Return the quotes to convert the amounts of these processes: rates of their currencies and days; reads nothing if
    there are none."""
    base = parts.base_currency
    priced = dict.fromkeys(("process", "award", "contract", "bid", "transaction"), "currency")
    codes = {
        code for table, column in {**priced, "item": "unit_currency"}.items() for code in silver[table][column].unique()
    }
    currencies = codes - {None, base}
    instants = (
        ("process", "first_published"),
        ("process", "tender_start"),
        ("award", "date"),
        ("contract", "date_signed"),
        ("bid", "date"),
        ("transaction", "date"),
    )
    days = [
        day.date()  # type: ignore[union-attr]
        for table, column in instants
        for day in (silver[table][column].min(), silver[table][column].max())
        if day is not None
    ]
    if not currencies or not days:
        return build_quotes(base)
    with parts.warehouse.read() as work:
        return _exchange(work, base, currencies, min(days), max(days))


def _exchange(work: ReadUnitOfWork, base: str, currencies: set[str], first: date, last: date) -> ExchangeQuotes:
    since = max(first, date.min + timedelta(days=RATE_MAX_AGE_DAYS)) - timedelta(days=RATE_MAX_AGE_DAYS)
    return build_quotes(base, work.exchange_rates.between(since, last, {*currencies, base}))


def _convert(parts: Parts, watermark: Watermark, fact: str, window: RateWindow, silver_batch: int) -> None:
    """Convert the fact's rows of the window again, in pages; only changed rows are written."""
    after: tuple[date, int] | None = None
    while True:
        with parts.warehouse.read() as work:
            page = work.exchange_rates.priced(fact, window, after, PAGE_FACTS)
            if not page.height:
                return
            days: list[Any] = page["value_date"].to_list()
            changed = changed_conversions(
                page, _exchange(work, parts.base_currency, set(page["currency"]), days[0], days[-1])
            )
        if changed.height:
            with parts.warehouse.write() as work:
                work.watermarks.check_unmoved(watermark)
                if fact == "fact_award":
                    convert_awards(work, changed, silver_batch)
                    with noting_changes(work, work.marts.processes_of_awards(changed["key"])):
                        work.exchange_rates.convert(fact, changed)
                else:
                    work.exchange_rates.convert(fact, changed)
                work.star.mark_updated(fact, changed["key"], now())
                work.commit()
        after = days[-1], page["key"][-1]
