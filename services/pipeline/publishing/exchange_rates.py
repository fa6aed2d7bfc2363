"""Exchange rates become rows of dim_exchange_rate, and the facts that they touch are converted anew: only those, and only their base columns."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl

from domain.exchange_rates.conversion import CONVERTED_AMOUNTS, RATE_MAX_AGE_DAYS, ExchangeQuotes, build_quotes
from domain.exchange_rates.rate_rows import RateWindow, affected_windows, changed_conversions, rate_keys, rate_rows
from domain.pipeline.watermark import Watermark
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork, WriteUnitOfWork

SLICE_RATES = 1_000  # rates written in one transaction
PAGE_FACTS = 2_000  # facts looked at, and written at most, in one transaction
Frames = dict[str, pl.DataFrame]


def publish(parts: Parts, mark: Watermark, rows: pl.DataFrame) -> None:
    """Put the rows (silver `exchange_rate`), and take out the deleted ones. LostRaceError where another runner moved the watermark."""
    for part in rows.iter_slices(SLICE_RATES):
        gone = rate_keys(part.filter(pl.col("deleted"))["record_id"].to_list())
        with parts.warehouse.write() as work:
            work.watermarks.check_unmoved(mark)
            work.exchange_rates.write(rate_rows(part), gone)
            work.commit()
    for window in affected_windows(rows["record_id"].to_list(), parts.base_currency):
        for fact in CONVERTED_AMOUNTS:
            _convert(parts, mark, fact, window, int(rows["silver_batch"].max() or 0))  # type: ignore[arg-type]


def prune(work: WriteUnitOfWork, record_ids: Sequence[str]) -> None:
    """Take out the rates that none of these records makes."""
    wanted = set(rate_keys(record_ids))
    work.exchange_rates.write(None, [key for key in work.exchange_rates.all_keys() if key not in wanted])


def exchange_for(parts: Parts, silver: Frames) -> ExchangeQuotes:
    """What converts the amounts of these processes: the rates of their currencies and days, and nothing is read where there are none."""
    base = parts.base_currency
    money = (("process", "currency"), ("award", "currency"), ("contract", "currency"), ("item", "unit_currency"))
    currencies = {one for table, column in money for one in silver[table][column].unique() if one is not None} - {base}
    instants = (("process", "first_published"), ("process", "tender_start"), ("award", "date"), ("contract", "date_signed"))
    days = [day.date() for table, column in instants for day in (silver[table][column].min(), silver[table][column].max()) if day is not None]  # type: ignore[union-attr]
    if not currencies or not days:
        return build_quotes(base)
    with parts.warehouse.read() as work:
        return _exchange(work, base, currencies, min(days), max(days))


def _exchange(work: ReadUnitOfWork, base: str, currencies: set[str], first: date, last: date) -> ExchangeQuotes:
    since = max(first, date.min + timedelta(days=RATE_MAX_AGE_DAYS)) - timedelta(days=RATE_MAX_AGE_DAYS)
    return build_quotes(base, work.exchange_rates.between(since, last, {*currencies, base}))


def _convert(parts: Parts, mark: Watermark, fact: str, window: RateWindow, silver_batch: int) -> None:
    """Convert the fact's rows of the window anew, page by page; what stays as it is, is not written."""
    after: tuple[date, int] | None = None
    while True:
        with parts.warehouse.read() as work:
            page = work.exchange_rates.priced(fact, window, after, PAGE_FACTS)
            if not page.height:
                return
            days: list[Any] = page["value_date"].to_list()
            changed = changed_conversions(page, _exchange(work, parts.base_currency, set(page["currency"]), days[0], days[-1]))
        if changed.height:
            with parts.warehouse.write() as work:
                work.watermarks.check_unmoved(mark)
                work.exchange_rates.convert(fact, changed, silver_batch)
                work.commit()
        after = days[-1], page["key"][-1]
