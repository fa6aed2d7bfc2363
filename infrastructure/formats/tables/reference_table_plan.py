"""Plans for reference tables: organisations, classifications, and exchange rates.

Exchange rates have one rate per row, or one currency per column as in the ECB's files.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import count
from typing import Any, NamedTuple

import orjson

from domain.raw_records.record import Kind
from domain.tables.cell_values import Converter
from domain.tables.heading_paths import HeadingError
from infrastructure.formats.tables.rows import RowProblem, Sheet, SpoolEntry, TableRow, is_comment, refusal

CURRENCY = re.compile(r"[A-Z]{3}")
NO_RATE = {"", "N/A", "NA", "-", "."}
EURO = "EUR"


class Shape(NamedTuple):
    """A kind of reference table: the headings of each field, in the form of `plain`, and the required fields."""

    kind: Kind
    fields: dict[str, tuple[str, ...]]
    needed: tuple[str, ...]


_ORGANISATION = ("organisation", "organization", "org", "party", "entity", "buyer", "supplier")
SHAPES = (
    Shape(
        Kind.CLASSIFICATIONS,
        {
            "scheme": ("scheme", "classificationscheme", "system"),
            "code": ("code", "classificationcode", "classificationid", "cpvcode"),
            "description": ("description", "title", "label", "name", "classificationdescription"),
            "parent": ("parent", "parentcode", "parentid", "broader"),
        },
        ("scheme", "code", "description"),
    ),
    Shape(
        Kind.EXCHANGE_RATES,
        {
            "date": ("date", "day", "timeperiod", "period"),
            "currency": ("currency", "currencycode", "quote", "quotecurrency", "target", "targetcurrency", "to"),
            "rate": ("rate", "exchangerate", "value", "obsvalue"),
            "base": ("base", "basecurrency", "from", "source", "sourcecurrency", "currencydenom"),
        },
        ("date", "currency", "rate"),
    ),
    Shape(
        Kind.ORGANIZATIONS,
        {
            "id": ("id", *(f"{word}id" for word in _ORGANISATION)),
            "name": ("name", *(f"{word}name" for word in _ORGANISATION)),
            "legal_name": ("legalname", "registeredname", "officialname"),
            "scheme": ("scheme", "identifierscheme"),
            "identifier": ("identifier", "identifierid", "registrationnumber", "companynumber"),
            "country": ("country", "countrycode", "countryname"),
            "region": ("region", "nuts", "state", "province"),
            "locality": ("locality", "city", "town"),
            "scale": ("scale", "size"),
            "parent_id": (
                "parentid",
                "parent",
                *(f"parent{word}{end}" for word in _ORGANISATION[:3] for end in ("", "id")),
            ),
            "url": ("url", "uri", "website", "homepage"),
        },
        ("id", "name"),
    ),
)


class ReferencePlan:
    """One record per row; unknown columns keep their headings."""

    def __init__(self, kind: Kind, fields: dict[int, str], numbers: Converter) -> None:
        self.name = str(kind)
        self.kind = kind
        self.fields = fields
        self.numbers = numbers

    def entries(self, sheet: Sheet, *, alone: bool) -> Iterator[SpoolEntry]:  # pylint: disable=unused-argument
        """The records and refused rows of a sheet, as entries of the spool."""
        for row in sheet.rows:
            record, problem = ({}, row.problem) if row.problem else self._record(row)
            if problem is not None:
                yield refusal(sheet, row, problem)
            else:
                yield SpoolEntry(self.kind, sheet.name, row.line, row.offset, "", "", b"", orjson.dumps(record))

    def _record(self, row: TableRow) -> tuple[dict[str, Any], RowProblem | None]:
        record: dict[str, Any] = {}
        for column, field in self.fields.items():
            text = row.cells[column].strip()
            if not text:
                continue
            record[field] = text
            if field == "rate":
                try:
                    record[field] = self.numbers(text)
                except ValueError as error:
                    return {}, RowProblem("wrong_type", str(error), column)
            elif field == "date":
                record[field] = day(text)
        return record, None


class WideRates:
    """The ECB's layout: one day per row, one currency per column; a blank or N/A is no rate."""

    name = "exchange-rates (a currency a column)"

    def __init__(self, date: int, currencies: dict[int, str], numbers: Converter) -> None:
        self.date = date
        self.currencies = currencies
        self.numbers = numbers

    def entries(self, sheet: Sheet, *, alone: bool) -> Iterator[SpoolEntry]:  # pylint: disable=unused-argument
        """The rates, refused cells and refused rows of a sheet, as entries of the spool."""
        for row in sheet.rows:
            if row.problem is not None:
                yield refusal(sheet, row, row.problem)
                continue
            date = day(row.cells[self.date].strip())
            for column, currency in self.currencies.items():
                text = row.cells[column].strip()
                if text.upper() in NO_RATE:
                    continue
                try:
                    rate = {"date": date, "base": EURO, "currency": currency, "rate": self.numbers(text)}
                except ValueError as error:
                    yield refusal(sheet, row, RowProblem("wrong_type", str(error), column))
                else:
                    yield SpoolEntry(
                        Kind.EXCHANGE_RATES,
                        sheet.name,
                        row.line,
                        row.offset,
                        f"/{currency}",
                        "",
                        b"",
                        orjson.dumps(rate),
                    )


def reference_plan(headings: Sequence[str], numbers: Converter) -> ReferencePlan | WideRates | None:
    """The plan of a reference table; None if the headings are of no known kind. HeadingError if two map to one
    field.
    """
    wide = _wide(headings, numbers)
    if wide is not None:
        return wide
    found = [
        (len(known), shape, known)
        for shape in SHAPES
        if (known := _known(headings, shape)) and set(shape.needed) <= set(known.values())
    ]
    if not found:
        return None
    _, shape, known = max(found, key=lambda pair: pair[0])
    doubled = next((field for field in known.values() if list(known.values()).count(field) > 1), None)
    if doubled:
        names = [headings[column].strip() for column, field in known.items() if field == doubled]
        raise HeadingError(f"the columns {' and '.join(map(repr, names))} both map to {doubled}")
    return ReferencePlan(shape.kind, known | _others(headings, known), numbers)


def _others(headings: Sequence[str], known: Mapping[int, str]) -> dict[int, str]:
    """The unknown columns by heading; repeated headings get a number."""
    found: dict[int, str] = {}
    taken = set(known.values())
    for column, heading in enumerate(headings):
        name = heading.strip()
        if column in known or is_comment(name):
            continue
        numbered = (f"{name} ({number})" for number in count(2))
        found[column] = name if name not in taken else next(one for one in numbered if one not in taken)
        taken.add(found[column])
    return found


def plain(heading: str) -> str:
    """The heading in lower case, without spaces and punctuation."""
    return re.sub(r"[\W_]+", "", heading).lower()


def day(text: str) -> str:
    """The date in ISO 8601 if it is unambiguous; other texts unchanged, which validation refuses."""
    for form in ("%Y-%m-%d %H:%M:%S", "%d %B %Y"):
        try:
            found = datetime.strptime(text, form)
        except ValueError:
            continue
        return found.date().isoformat() if found == datetime.combine(found.date(), datetime.min.time()) else text
    return text


def _known(headings: Sequence[str], shape: Shape) -> dict[int, str]:
    meaning = {word: field for field, words in shape.fields.items() for word in words}
    return {
        column: meaning[plain(heading)]
        for column, heading in enumerate(headings)
        if plain(heading) in meaning and not is_comment(heading)
    }


def _wide(headings: Sequence[str], numbers: Converter) -> WideRates | None:
    names = {column: heading.strip() for column, heading in enumerate(headings) if not is_comment(heading)}
    dates = [column for column, name in names.items() if plain(name) == "date"]
    currencies = {column: name for column, name in names.items() if CURRENCY.fullmatch(name)}
    if len(dates) != 1 or not currencies or len(currencies) != len(names) - 1:
        return None
    if EURO in currencies.values() or len(set(currencies.values())) < len(currencies):
        raise HeadingError(
            "a table with one currency per column has rates of 1 EUR, as the ECB's: it must not have a column EUR, or "
            "two of one currency"
        )
    return WideRates(dates[0], currencies, numbers)
