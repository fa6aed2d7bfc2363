"""Reference tables for the generated processes: their organisations, their CPV codes, and invented exchange rates."""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from seeds.cpv import CPV
from seeds.dice import Dice
from seeds.organizations import Organization, world
from seeds.places import COUNTRIES

# First rate of each currency, for 1 euro.
START = {"USD": 1.2270, "GBP": 0.8990, "CHF": 1.0810, "CAD": 1.5640, "KES": 134.10}
FIRST, LAST = date(2020, 11, 2), date(2024, 6, 28)
SATURDAY = 5


def organizations(country: int, count: int) -> bytes:
    """CSV of `count` buyers of a country, with global ids; the parent of each is the first buyer of its region."""
    buyers = world(country).buyers[:count]
    heads = {one.region: one for one in reversed(buyers)}
    land = COUNTRIES[country].name
    rows = [
        (
            _id(one),
            one.name,
            land,
            one.region,
            one.town,
            one.scale,
            _id(head) if (head := heads[one.region]) is not one else "",
            one.scheme,
            one.number,
        )
        for one in buyers
    ]
    return _csv(("id", "name", "country", "region", "locality", "scale", "parent", "scheme", "identifier"), rows)


def _id(one: Organization) -> str:
    return f"{one.scheme}-{one.number}"


def exchange_rates() -> bytes:
    """CSV in the ECB's layout, newest first: a random walk over working days, with no real rates."""
    dice = Dice(9_001)
    rates, rows = dict(START), []
    for day in range((LAST - FIRST).days + 1):
        at = FIRST + timedelta(days=day)
        if at.weekday() >= SATURDAY:
            continue
        rates = {currency: _next(rate, START[currency], dice) for currency, rate in rates.items()}
        rows.append((at.isoformat(), *(f"{rate:.4f}" for rate in rates.values())))
    return _csv(("Date", *START), reversed(rows))


def _next(rate: float, usual: float, dice: Dice) -> float:
    """The next day's rate: a small random step, with a drift back to `usual`."""
    return round(rate + (usual - rate) / 50 + usual * dice.between(-40, 40) / 10_000, 4)


def classifications() -> bytes:
    """CSV of the CPV codes that the generator uses, each with its parent."""
    return _csv(
        ("scheme", "code", "description", "parent"),
        (("CPV", code, description, _parent(code)) for code, description in CPV.items()),
    )


def _parent(code: str) -> str:
    """The parent code: the last digit other than 0 set to 0; "" for a division (two digits)."""
    digits = code.rstrip("0").ljust(2, "0")
    return digits[:-1].ljust(8, "0") if len(digits) > 2 else ""


def _csv(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(headings)
    writer.writerows(rows)
    return out.getvalue().encode()
