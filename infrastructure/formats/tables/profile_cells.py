"""Reads cells by the rules of a profile: converters, templates over several cells, and cells that contain lists."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from string import Formatter
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.tables.cell_values import Converter, boolean, declared_number, number, text_list, whole_number
from domain.tables.flat_rows import CellError, RowLayout
from domain.tables.heading_paths import Path, parse

SEPARATORS = re.compile(r"[\s,;|]*")


class StrictPart(BaseModel):
    """Base model: unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Column(StrictPart):
    """The path of a column, and how its cells are converted; by default by the OCDS type of the path."""

    path: str
    kind: Literal["text", "number", "whole", "truth", "texts", "date"] | None = Field(None, alias="as")
    decimal: Literal[".", ","] | None = None
    thousands: Literal[".", ",", " ", "'"] | None = Field(
        None, description="thousands separator; by default the other of comma and point"
    )
    signs: tuple[str, ...] = Field((), description="currency signs that may precede or follow a number")
    dates: tuple[str, ...] = Field((), description="formats of Python's strptime; ISO 8601 is always read")
    template: str | None = Field(None, description="a text in which {} is replaced by the cell")
    constant: Any = Field(None, description="value if the cell is not blank")
    map: dict[str, Any] | None = Field(None, description="cell → value; null drops it")
    otherwise: Literal["refuse", "keep", "drop"] = Field(
        "refuse", description="treatment of cells that `map` does not have"
    )


class ListColumn(StrictPart):
    """A column whose cells are lists: their items become the elements of an array."""

    column: str
    path: str
    pattern: str = Field(
        description="regular expression with one group per field; only blanks and separators may be between matches"
    )
    fields: tuple[str, ...]
    maps: dict[str, dict[str, Any]] = Field({}, description="field → (cell → value; null drops it)")
    constants: dict[str, Any] = Field({}, description="field → value that each element has")
    number: str | None = Field(None, description="field that counts the elements: 1, 2, …")


def convert(rule: Column, usual: Converter | None) -> Converter | None:
    """The converter of a column; `usual` is that of its path. ValueError if the rule has conflicting options."""
    options = [name for name in ("kind", "template", "constant", "map") if getattr(rule, name) is not None]
    if len(options) > 1:
        raise ValueError(f"{' and '.join('as' if name == 'kind' else name for name in options)} can't be combined")
    if rule.map is not None:
        return _mapped(rule.map, rule.otherwise)
    if rule.constant is not None:
        return lambda _: rule.constant
    template = rule.template
    if template is not None:
        return lambda text: template.replace("{}", text.strip())
    if (rule.thousands or rule.signs) and rule.decimal is None:
        raise ValueError("a column with thousands or signs needs decimal: '.' or ','")
    numbers = declared_number(rule.decimal, rule.thousands, rule.signs) if rule.decimal else number
    named: dict[str | None, Converter | None] = {
        "text": None,
        "number": numbers,
        "whole": whole_number,
        "truth": boolean,
        "texts": text_list,
        "date": _dates(rule.dates),
    }
    if rule.kind is None and rule.dates:
        return named["date"]
    return named[rule.kind] if rule.kind else numbers if usual is number else usual


class Templated:
    """A string made from several cells by a template."""

    def __init__(self, path: Path, text: str, where: Mapping[str, int], plain: Callable[[str], str]) -> None:
        self.path = path
        self.parts = [
            (literal, where.get(plain(name)) if name else None, name) for literal, name, *_ in Formatter().parse(text)
        ]

    def make(self, cells: Sequence[str]) -> str:
        """The string for a row. CellError if a cell is blank or its column is missing."""
        text = ""
        for literal, column, name in self.parts:
            text += literal
            if name and column is None:
                raise CellError(0, "", f"the table has no column {name!r}, which {self.path[0]} needs")
            if column is not None:
                cell = cells[column].strip()
                if not cell:
                    raise CellError(column, "", f"it is blank, but {self.path[0]} needs it")
                text += cell
        return text


class Listed:
    """A column whose cells are lists. ValueError unless the pattern has one group per field."""

    def __init__(self, rule: ListColumn) -> None:
        self.rule = rule
        self.path = parse(rule.path)
        self.pattern = re.compile(rule.pattern)
        if self.pattern.groups != len(rule.fields):
            count = self.pattern.groups
            raise ValueError(f"the pattern {rule.pattern!r} has {count} groups for {len(rule.fields)} fields")

    def elements(self, text: str) -> list[dict[str, Any]]:
        """The elements in a cell. ValueError if any part does not match the pattern."""
        end = 0
        found: list[dict[str, Any]] = []
        for match in self.pattern.finditer(text):
            if not SEPARATORS.fullmatch(text, end, match.start()):
                break
            end = match.end()
            found.append(self._element(match.groups(), len(found) + 1))
        if not SEPARATORS.fullmatch(text, end):
            raise ValueError(f"expected a list of ({', '.join(self.rule.fields)}), got {text[end : end + 80]!r}")
        return found

    def _element(self, groups: Sequence[str | None], number_of: int) -> dict[str, Any]:
        element: dict[str, Any] = {}
        for field, value in ((self.rule.number, str(number_of)), *self.rule.constants.items()):
            if field:
                _put(element, field, value)
        for field, group in zip(self.rule.fields, groups, strict=True):
            text = (group or "").strip()
            if field and text:
                _put(
                    element, field, _mapped(self.rule.maps[field], "refuse")(text) if field in self.rule.maps else text
                )
        return element


class Mapped:
    """Builds releases by a profile: first columns, then templates, then the lists in these columns."""

    def __init__(self, layout: RowLayout, made: Sequence[Templated], lists: Sequence[tuple[int, Listed]] = ()) -> None:
        self.layout = layout
        self.made = made
        self.lists = lists

    def build(self, cells: Sequence[str]) -> dict[str, Any]:
        """The release of a row. CellError if a cell can't be converted."""
        release = self.layout.build(cells)
        for templated in self.made:
            _put(release, "/".join(map(str, templated.path)), templated.make(cells))
        for column, listed in self.lists:
            try:
                elements = listed.elements(cells[column])
            except ValueError as error:
                raise CellError(column, cells[column], str(error)) from error
            if elements:
                _array(release, listed.path).extend(elements)
        return release


def _mapped(values: Mapping[str, Any], otherwise: str) -> Converter:
    known = {key.strip().lower(): value for key, value in values.items()}

    def read(text: str) -> Any:
        word = text.strip().lower()
        if word in known:
            return known[word]
        if otherwise == "refuse":
            raise ValueError(f"expected one of {', '.join(map(repr, values))}, got {text[:80]!r}")
        return text if otherwise == "keep" else None

    return read


def _dates(forms: Sequence[str]) -> Converter:
    def read(text: str) -> str:
        text = text.strip()
        for form in forms:
            try:
                return datetime.strptime(text, form).isoformat().replace("+00:00", "Z")
            except ValueError:
                continue
        try:
            datetime.fromisoformat(text)
        except ValueError:
            raise ValueError(
                f"expected a date such as {', '.join(forms) or '2024-01-31T12:00:00Z'}, got {text[:80]!r}"
            ) from None
        return text

    return read


def _put(holder: dict[str, Any], path: str, value: Any) -> None:
    if value is None:
        return
    *above, last = path.split("/")
    for part in above:
        holder = holder.setdefault(part, {})
    holder[last] = value


def _array(release: dict[str, Any], path: Path) -> list[dict[str, Any]]:
    """The array at a path; of arrays on the way, the first element is used."""
    holder: Any = release
    for part, following in zip(path, (*path[1:], 0), strict=True):
        if isinstance(part, int):
            if not holder:
                holder.append({})
            holder = holder[0]
        else:
            holder = holder.setdefault(part, [] if isinstance(following, int) else {})
    found: list[dict[str, Any]] = holder
    return found
