"""Checks of amounts. Amounts are compared in one currency only."""

import polars as pl

from domain.quality.check import Check, both

EXCESS_FACTOR = 10  # times a value; more is taken for an error of units, currency or reference

_amounts = pl.any_horizontal(
    pl.col(name).is_not_null() for name in ("amount", "min_amount", "budget_amount", "awarded")
)


def _negative(table: str, path: str) -> Check:
    return Check(
        code=f"{'tender' if table == 'process' else table}_amount_negative",
        name=f"Amount of the {'tender' if table == 'process' else table}",
        description="an amount is not negative",
        rule="OCP Pelican: coherent.value_realistic",
        table=table,
        applies=pl.col("amount").is_not_null(),
        fails=pl.col("amount") < 0,
        path=path,
        values=("amount", "currency"),
    )


CHECKS = (
    Check(
        code="placeholder_amount",
        name="Plausible amounts",
        description="no amount looks like a placeholder (0, 1 or all nines)",
        rule="OCP Pelican: coherent.value_realistic",
        table="process",
        applies=_amounts,
    ),
    Check(
        code="currency_missing",
        name="Currencies",
        description="every amount has a currency",
        rule="OCDS 1.1: Value.currency",
        table="process",
        applies=_amounts,
    ),
    Check(
        code="currency_unknown",
        name="Known currencies",
        description="every currency is one of ISO 4217",
        rule="OCDS 1.1: codelist currency",
        table="process",
        applies=_amounts,
    ),
    _negative("process", "/tender/value/amount"),
    _negative("award", "/awards/{}/value/amount"),
    _negative("contract", "/contracts/{}/value/amount"),
    Check(
        code="awards_exceed_tender",
        name="Awards and the tender's value",
        description=f"awards in force add up to at most {EXCESS_FACTOR} times the tender's value",
        rule="OCP Pelican: coherent.value",
        table="process",
        applies=both("awarded", "amount") & (pl.col("amount") > 0),
        fails=pl.col("awarded") > EXCESS_FACTOR * pl.col("amount"),
        path="/awards",
        values=("awarded", "amount", "currency"),
    ),
    Check(
        code="contract_exceeds_award",
        name="Contract and award value",
        description=f"a contract's value is at most {EXCESS_FACTOR} times that of its award",
        rule="OCP Pelican: consistent.contracts_value",
        table="contract",
        applies=both("amount", "award_amount")
        & (pl.col("award_amount") > 0)
        & (pl.col("currency") == pl.col("award_currency")).fill_null(value=False),
        fails=pl.col("amount") > EXCESS_FACTOR * pl.col("award_amount"),
        path="/contracts/{}/value/amount",
        values=("amount", "award_amount", "currency"),
    ),
)
