"""Exchange rates in gold, and the conversion of facts."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import Table, and_, false, func, null, or_, select

from domain.exchange_rates.conversion import CONVERSION, CONVERTED_AMOUNTS, RATES
from domain.exchange_rates.needed_rates import RateNeed
from domain.exchange_rates.rate_rows import RateWindow
from domain.lake.silver import Columns
from infrastructure.warehouse.repository import Repository, dated
from infrastructure.warehouse.star.gold_tables import gold_table

FACT_COLUMNS: Columns = {
    "key": pl.Int64,
    "value_date": pl.Date,
    "amount": pl.Float64,
    "currency": pl.String,
    "amount_base": pl.Float64,
    "base_currency": pl.String,
    "rate": pl.Float64,
    "rate_date": pl.Date,
    "rate_source": pl.String,
    "framework": pl.Boolean,
    "ceiling_base": pl.Float64,
}


def key_of(fact: Table) -> Any:
    """The primary key column of a fact."""
    (key,) = fact.primary_key.columns
    return key


class ExchangeRateRepository(Repository):
    """The table dim_exchange_rate, and the converted amounts of facts."""

    def between(self, first: date, last: date, currencies: Iterable[str]) -> pl.DataFrame:
        """The rates of these days into these currencies, as rows of RATES."""
        target = gold_table("dim_exchange_rate")
        columns = [target.c[name] for name in RATES]
        query = select(*columns).where(target.c.date.between(first, last), target.c.currency.in_(sorted(currencies)))
        return self.read_frame(query, RATES)

    def write(self, rows: pl.DataFrame, gone: Sequence[int], updated_at: datetime) -> None:
        """Upsert rows of dim_exchange_rate, and delete those with the keys `gone`."""
        self.delete(gone)
        self.upsert(gold_table("dim_exchange_rate"), dated(rows, updated_at).to_dicts(), ["rate_key"])

    def delete(self, keys: Sequence[int]) -> None:
        """Delete the rows of dim_exchange_rate with these keys."""
        self.delete_among(gold_table("dim_exchange_rate").c.rate_key, keys)

    def all_keys(self) -> list[int]:
        """The keys of all rates."""
        return list(self.connection.execute(select(gold_table("dim_exchange_rate").c.rate_key)).scalars())

    def priced(self, name: str, window: RateWindow, after: tuple[date, int] | None, limit: int) -> pl.DataFrame:
        """A page of fact rows (FACT_COLUMNS) whose `value_date` and currency are in the window, by day and key, after
        `after`.
        """
        fact, currencies = gold_table(name), gold_table("dim_currency")
        first, last, codes = window
        amount, currency = CONVERTED_AMOUNTS[name]
        key, day = key_of(fact), fact.c.value_date
        columns = [
            key,
            day,
            fact.c[amount],
            currencies.c.code,
            fact.c[f"{amount}_base"],
            fact.c.base_currency,
            fact.c.rate,
            fact.c.rate_date,
            fact.c.rate_source,
            *((fact.c.framework, fact.c.ceiling_base) if "framework" in fact.c else (false(), null())),
        ]
        query = select(*columns).join_from(fact, currencies, currencies.c.currency_key == fact.c[currency])
        query = query.where(day.between(after[0] if after else first, last))
        if codes is not None:
            query = query.where(currencies.c.code.in_(codes))
        if after is not None:
            query = query.where(or_(day > after[0], and_(day == after[0], key > after[1])))
        return self.read_frame(query.order_by(day, key).limit(limit), FACT_COLUMNS)

    def convert(self, name: str, rows: pl.DataFrame) -> None:
        """Set the converted amounts of fact rows (FACT_COLUMNS)."""
        fact, key = gold_table(name), key_of(gold_table(name)).name
        base = rows.select(
            pl.col("key").alias(key),
            pl.col("amount_base").alias(f"{CONVERTED_AMOUNTS[name][0]}_base"),
            *(["ceiling_base"] if "framework" in fact.c else []),
            *CONVERSION,
        )
        self.update_frame(fact, base, key)

    def currencies(self) -> list[str]:
        """The currencies of the facts, in order."""
        code = gold_table("dim_currency").c.code
        return list(self.connection.execute(select(code).where(code.is_not(None)).order_by(code)).scalars())

    def newest(self, base: str) -> dict[str, date]:
        """The newest day with a rate from `base`, by currency."""
        target = gold_table("dim_exchange_rate")
        query = (
            select(target.c.currency, func.max(target.c.date)).where(target.c.base == base).group_by(target.c.currency)
        )
        return {row.currency: row[1] for row in self.connection.execute(query)}

    def needs(self, upto: date) -> list[RateNeed]:
        """(currency, day, whether a rate of an earlier day is used) of facts without a rate of their own day, up to a
        day.
        """
        currency_dim = gold_table("dim_currency")
        codes = {
            row.currency_key: row.code
            for row in self.connection.execute(select(currency_dim.c.currency_key, currency_dim.c.code))
        }
        found: set[RateNeed] = set()
        for name, (_, currency) in CONVERTED_AMOUNTS.items():
            fact = gold_table(name)
            lacking = or_(fact.c.rate_date.is_(None), fact.c.rate_date < fact.c.value_date)
            query = (
                select(fact.c[currency], fact.c.value_date, fact.c.rate_date.is_not(None))
                .where(fact.c.value_date <= upto, lacking)
                .distinct()
            )
            found.update(
                RateNeed(codes[key], day, bool(converted))
                for key, day, converted in self.connection.execute(query)
                if codes.get(key)
            )
        return sorted(found)
