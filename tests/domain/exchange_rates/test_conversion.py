"""Which rate an amount is converted with, and what comes out: pure."""

from datetime import date, timedelta
from typing import Any

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given

from domain.exchange_rates.conversion import RATE_MAX_AGE_DAYS, RATES, build_quotes, convert_amounts
from domain.exchange_rates.rate_rows import affected_windows, rate_keys
from domain.shared.surrogate_keys import surrogate_key

DAY = date(2024, 1, 10)
FACTS = {"amount": pl.Float64, "currency": pl.String, "value_date": pl.Date}
BASES = ("amount_base", "base_currency", "rate", "rate_date")
Row = tuple[date, str, str, float]


def rates(*rows: Row) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=RATES, orient="row")


def one(
    known: pl.DataFrame, amount: float | None, currency: str | None, day: date | None, base: str = "EUR"
) -> tuple[Any, ...]:
    """amount_base, base_currency, rate and rate_date of one fact."""
    facts = pl.DataFrame([(amount, currency, day)], schema=FACTS, orient="row")
    return convert_amounts(facts, build_quotes(base, known)).select(BASES).row(0)


USD = rates((DAY, "EUR", "USD", 1.25))


@pytest.mark.parametrize(
    ("later", "known"), [(0, True), (1, True), (RATE_MAX_AGE_DAYS, True), (RATE_MAX_AGE_DAYS + 1, False), (-1, False)]
)
def test_the_newest_rate_on_or_before_the_day_counts_while_it_is_ten_days_old_at_most(later: int, known: bool) -> None:
    found = one(USD, 100, "USD", DAY + timedelta(days=later))
    assert found == ((80.0, "EUR", 0.8, DAY) if known else (None, None, None, None))


def test_a_newer_rate_takes_the_place_of_an_older_one() -> None:
    known = rates((DAY, "EUR", "USD", 1.25), (DAY + timedelta(days=2), "EUR", "USD", 2.0))
    assert one(known, 100, "USD", DAY + timedelta(days=1))[0] == 80
    assert one(known, 100, "USD", DAY + timedelta(days=2))[0] == 50


def test_the_records_of_the_rate_are_named() -> None:
    crossed = rates((DAY, "USD", "JPY", 150.0), (DAY, "USD", "GBP", 0.75))
    facts = pl.DataFrame(
        [(1.0, "USD", DAY), (1.0, "JPY", DAY), (1.0, "GBP", DAY), (1.0, "CHF", DAY)], FACTS, orient="row"
    )
    found = convert_amounts(facts, build_quotes("GBP", crossed))["rate_source"].to_list()
    assert found == ["USD-GBP-2024-01-10", "USD-JPY-2024-01-10 USD-GBP-2024-01-10", None, None]
    assert convert_amounts(facts, build_quotes("EUR", USD))["rate_source"].to_list()[0] == "EUR-USD-2024-01-10"


def test_an_amount_beyond_any_plausible_value_is_not_converted() -> None:
    assert one(USD, 1.2e12, "USD", DAY)[0] == 9.6e11
    assert one(USD, 1.3e12, "USD", DAY) == (None, None, None, None)


def test_the_base_currency_is_itself_with_the_rate_1_of_its_own_day_whatever_rates_say() -> None:
    absurd = rates((DAY, "EUR", "EUR", 1.0), (DAY, "USD", "EUR", 7.0))
    assert one(absurd, 0.1234567891, "EUR", DAY) == (0.1234567891, "EUR", 1.0, DAY)
    assert one(rates(), 5.0, "EUR", None) == (5.0, "EUR", 1.0, None)


@pytest.mark.parametrize(
    ("amount", "currency", "day"),
    [(None, "USD", DAY), (1.0, None, DAY), (1.0, "USD", None), (1.0, "CHF", DAY), (1.0, "usd", DAY)],
)
def test_what_cannot_be_known_is_null_and_never_zero(
    amount: float | None, currency: str | None, day: date | None
) -> None:
    assert one(USD, amount, currency, day) == (None, None, None, None)
    assert one(rates(), amount, currency, day) == (None, None, None, None)


def test_an_amount_that_grows_beyond_all_numbers_is_null() -> None:
    assert one(rates((DAY, "EUR", "USD", 1e-12)), 1e300, "USD", DAY) == (None, None, None, None)


def test_zero_is_zero() -> None:
    assert one(USD, 0.0, "USD", DAY)[0] == 0.0


def test_a_third_currency_leads_from_one_to_the_other() -> None:
    known = rates((DAY, "EUR", "USD", 1.25), (DAY, "EUR", "GBP", 0.8))
    assert one(known, 100, "USD", DAY, "GBP") == (64.0, "GBP", pytest.approx(0.64), DAY)
    assert one(known, 100, "EUR", DAY, "GBP") == (80.0, "GBP", 0.8, DAY)
    assert one(known, 100, "GBP", DAY, "USD") == (156.25, "USD", pytest.approx(1.5625), DAY)


def test_a_cross_rate_needs_both_of_its_rates_of_one_day() -> None:
    known = rates(
        (DAY, "EUR", "USD", 1.25),
        (DAY + timedelta(days=1), "EUR", "GBP", 0.8),
        (DAY - timedelta(days=3), "EUR", "GBP", 0.5),
    )
    assert one(known, 100, "USD", DAY, "GBP") == (None, None, None, None)


def test_a_rate_of_both_currencies_goes_before_a_cross_rate_of_the_same_day() -> None:
    known = rates((DAY, "EUR", "USD", 1.25), (DAY, "EUR", "GBP", 0.8), (DAY, "USD", "GBP", 0.7))
    assert one(known, 100, "USD", DAY, "GBP")[0] == 70
    assert one(known, 70, "GBP", DAY, "USD")[0] == 100
    newer = rates(
        (DAY, "USD", "GBP", 0.7),
        (DAY + timedelta(days=1), "EUR", "USD", 1.25),
        (DAY + timedelta(days=1), "EUR", "GBP", 0.8),
    )
    assert one(newer, 100, "USD", DAY + timedelta(days=1), "GBP")[0] == 64


currencies = st.sampled_from(["EUR", "USD", "GBP", "JPY"])
days = st.integers(0, 30).map(lambda number: DAY + timedelta(days=number))
rows = st.lists(st.tuples(days, currencies, currencies, st.sampled_from([0.5, 1.25, 160.0])), max_size=12)
known_rates = rows.map(lambda found: [*{row[:3]: row for row in found if row[1] != row[2]}.values()])
facts = st.lists(st.tuples(st.sampled_from([1.0, 99.99, None]), currencies | st.none(), days | st.none()), max_size=8)


@given(known_rates, facts, currencies)
def test_frames_convert_as_one_would_by_hand(
    known: list[Row], asked: list[tuple[float | None, str | None, date | None]], base: str
) -> None:
    frame = pl.DataFrame(asked, schema=FACTS, orient="row")
    found = convert_amounts(frame, build_quotes(base, rates(*known)))
    assert found.select(*FACTS).equals(frame)
    assert [row[0] for row in found.select("rate").rows()] == pytest.approx(
        [by_hand(known, *fact, base) for fact in asked]
    )


def by_hand(known: list[Row], amount: float | None, currency: str | None, day: date | None, base: str) -> float | None:
    """The rate of a fact."""
    if amount is None or currency is None:
        return None
    if currency == base:
        return 1.0
    said = {(when, one, other): rate for when, one, other, rate in known}
    for when in [day - timedelta(days=back) for back in range(RATE_MAX_AGE_DAYS + 1)] if day else []:
        if (when, currency, base) in said:
            return said[when, currency, base]
        if (when, base, currency) in said:
            return 1 / said[when, base, currency]
        for third in sorted({"EUR", "USD", "GBP", "JPY"} - {base, currency}):
            if (when, third, currency) in said and (when, third, base) in said:
                return said[when, third, base] / said[when, third, currency]
    return None


def test_the_key_of_a_rate_follows_from_the_id_of_its_record() -> None:
    assert rate_keys(["EUR-USD-2024-01-31"]) == [surrogate_key("exchange-rate", "EUR", "USD", "2024-01-31")]


def test_rates_touch_the_facts_of_their_currency_for_ten_days() -> None:
    ids = ["EUR-USD-2024-01-10", "EUR-USD-2024-01-15", "EUR-USD-2024-03-01", "EUR-GBP-2024-01-10", "EUR-GBP-2024-01-15"]
    assert affected_windows(ids, "EUR") == [
        (DAY, date(2024, 1, 25), ["GBP", "USD"]),
        (date(2024, 3, 1), date(2024, 3, 11), ["USD"]),
    ]
    assert affected_windows(ids[:1], "USD") == [(DAY, date(2024, 1, 20), None)]
    assert affected_windows([], "EUR") == []


@given(
    known_rates,
    st.tuples(days, currencies, currencies, st.sampled_from([0.25, 3.0])).filter(lambda row: row[1] != row[2]),
    facts,
    currencies,
)
def test_whatever_a_rate_changes_lies_in_the_windows_that_it_touches(
    known: list[Row], new: Row, asked: list[tuple[Any, ...]], base: str
) -> None:
    frame = pl.DataFrame(asked, schema=FACTS, orient="row")
    before = [row for row in known if row[:3] != new[:3]]
    old, fresh = (
        convert_amounts(frame, build_quotes(base, rates(*some))).select(BASES).rows()
        for some in (before, [*before, new])
    )
    windows = affected_windows([f"{new[1]}-{new[2]}-{new[0]}"], base)
    for fact, was, becomes in zip(asked, old, fresh, strict=True):
        if was != becomes:
            assert any(
                first <= fact[2] <= last and (names is None or fact[1] in names) for first, last, names in windows
            )
