"""Amounts that stand for none, and currencies that are none."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.amounts import ALL_NINES, CURRENCIES, amount_notes, is_placeholder, placeholders

numbers = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(ALL_NINES) | st.integers(-5, 1_000)


@pytest.mark.parametrize("amount", [0, 1, 0.01, -1, -250000, 9, 99, 9999, 99999999999, 999999.99, 1e15, -1e15])
def test_amounts_that_stand_for_none(amount: float) -> None:
    assert is_placeholder(amount)


@pytest.mark.parametrize("amount", [1.01, 2, 10, 98, 100, 99.99, 9998, 99990, 999999.98, 12345678901, 9.9e14])
def test_amounts_that_may_be_meant(amount: float) -> None:
    assert not is_placeholder(amount)


@pytest.mark.parametrize(
    ("amount", "placeholder"),
    [(0, True), (1, False), (0.5, False), (-80, False), (9, False), (9999, False), (999999, True), (1e15, True)],
)
def test_payments_may_be_small_and_may_be_paid_back(amount: float, placeholder: bool) -> None:
    assert is_placeholder(amount, payment=True) is placeholder


@given(st.lists(st.none() | numbers), st.booleans())
def test_columns_and_single_amounts_are_judged_alike(amounts: list[float | None], payment: bool) -> None:
    column = pl.DataFrame({"amount": [None if one is None else float(one) for one in amounts]}, {"amount": pl.Float64})
    found = column.select(placeholders(pl.col("amount"), payment=payment))["amount"].to_list()
    assert found == [None if one is None else is_placeholder(float(one), payment=payment) for one in amounts]


def test_an_unknown_currency_is_the_first_reason_and_a_missing_one_is_none() -> None:
    frame = pl.DataFrame(
        [(5.0, "GBP"), (5.0, "DEM"), (5.0, "gbp"), (5.0, "XXX"), (5.0, "£"), (5.0, None), (0.0, None), (0.0, "?")],
        schema={"amount": pl.Float64, "currency": pl.String},
        orient="row",
    )
    unknown, placeholder = "currency_unknown", "placeholder_amount"
    assert frame.select(amount_notes(pl.col("amount"), "currency"))["amount_note"].to_list() == (
        [None, None, unknown, unknown, unknown, None, placeholder, unknown]
    )
    assert frame.select(amount_notes(None, "currency"))["amount_note"].to_list()[6:] == [None, unknown]


def test_currencies_of_today_and_of_the_past_are_known() -> None:
    assert {"EUR", "USD", "XAF", "ZWG", "XCG", "DEM", "FRF", "XEU"} <= CURRENCIES
    assert all(len(code) == 3 and code.isascii() and code.isupper() for code in CURRENCIES)
    assert not {"XXX", "XTS", "CNH", "BTC"} & CURRENCIES
