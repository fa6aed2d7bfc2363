"""Checks of the order of dates. Days are compared, in UTC."""

import polars as pl

from domain.quality.check import Check, both, day
from domain.shared.dates import CALENDAR_YEARS

PERIOD, DATES = "OCP Pelican: coherent.period", "OCP Pelican: coherent.dates"


def _period(code: str, name: str, table: str, start: str, end: str, path: str) -> Check:
    return Check(
        code=code,
        name=name,
        description=f"{name}: its start is on or before its end",
        rule=PERIOD,
        table=table,
        applies=both(start, end),
        fails=day(start) > day(end),
        path=path,
        values=(start, end),
    )


def _in_calendar(code: str, table: str, columns: tuple[str, ...], path: str) -> Check:
    first, last = CALENDAR_YEARS
    outside = [~pl.col(column).dt.year().is_between(first, last) for column in columns]
    return Check(
        code=code,
        name=f"Plausible dates of the {table}",
        description=f"dates are in the years {first} to {last}; software writes 0001-01-01 or 1900-01-01 for none",
        rule="calendar of dim_date",
        table=table,
        applies=pl.any_horizontal(pl.col(column).is_not_null() for column in columns),
        fails=pl.any_horizontal(test.fill_null(value=False) for test in outside),
        path=path,
        values=columns,
    )


CHECKS = (
    _period("tender_period_order", "Tender period", "process", "tender_start", "tender_end", "/tender/tenderPeriod"),
    _period("award_period_order", "Award period", "process", "award_start", "award_end", "/tender/awardPeriod"),
    _period(
        "planned_contract_period_order",
        "Contract period of the tender",
        "process",
        "contract_start",
        "contract_end",
        "/tender/contractPeriod",
    ),
    _period(
        "award_contract_period_order",
        "Contract period of an award",
        "award",
        "contract_start",
        "contract_end",
        "/awards/{}/contractPeriod",
    ),
    _period("contract_period_order", "Contract period", "contract", "start", "end", "/contracts/{}/period"),
    Check(
        code="award_before_tender_end",
        name="Award after the tender",
        description="an award is dated on or after the end of the tender period",
        rule=DATES,
        table="award",
        applies=both("date", "tender_end"),
        fails=day("date") < day("tender_end"),
        path="/awards/{}/date",
        values=("date", "tender_end"),
    ),
    Check(
        code="contract_period_before_award",
        name="Award before the contract period",
        description="the contract period of an award starts on or after the date of the award",
        rule=DATES,
        table="award",
        applies=both("date", "contract_start"),
        fails=day("contract_start") < day("date"),
        path="/awards/{}/contractPeriod/startDate",
        values=("date", "contract_start"),
    ),
    Check(
        code="contract_signed_before_award",
        name="Signature after the award",
        description="a contract is signed on or after the date of its award",
        rule=DATES,
        table="contract",
        applies=both("date_signed", "award_date"),
        fails=day("date_signed") < day("award_date"),
        path="/contracts/{}/dateSigned",
        values=("date_signed", "award_date"),
    ),
    _in_calendar("tender_date_implausible", "process", ("tender_start", "tender_end"), "/tender/tenderPeriod"),
    _in_calendar("award_date_implausible", "award", ("date",), "/awards/{}/date"),
    _in_calendar("contract_date_implausible", "contract", ("date_signed", "start", "end"), "/contracts/{}"),
)
