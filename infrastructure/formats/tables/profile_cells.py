"""Reads cells by the rules of a profile: converters, templates over several cells, and cells that contain lists."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from string import Formatter
from typing import Any, Protocol

from domain.tables.cell_values import Converter, boolean, declared_number, number, text_list, whole_number
from domain.tables.flat_rows import CellError, RowLayout
from domain.tables.heading_paths import Path

SEPARATORS = re.compile(r"[\s,;|]*")


class Rule(Protocol):
    """The rule of a profile for one column."""

    @property
    def kind(self) -> str | None: ...
    @property
    def decimal(self) -> str | None: ...
    @property
    def thousands(self) -> str | None: ...
    @property
    def signs(self) -> tuple[str, ...]: ...
    @property
    def dates(self) -> tuple[str, ...]: ...
    @property
    def template(self) -> str | None: ...
    @property
    def constant(self) -> Any: ...
    @property
    def map(self) -> dict[str, Any] | None: ...
    @property
    def otherwise(self) -> str: ...


def convert(rule: Rule, usual: Converter | None) -> Converter | None:
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

    def __init__(
        self,
        column: int,
        path: Path,
        pattern: str,
        fields: Sequence[str],
        maps: Mapping[str, Mapping[str, Any]],
        constants: Mapping[str, Any],
        number_field: str | None,
    ) -> None:
        self.column = column
        self.path = path
        self.pattern = re.compile(pattern)
        self.fields = tuple(fields)
        self.maps = maps
        self.constants = constants
        self.number_field = number_field
        if self.pattern.groups != len(fields):
            raise ValueError(f"the pattern {pattern!r} has {self.pattern.groups} groups for {len(fields)} fields")

    def at(self, column: int) -> "Listed":
        """The same list in another column."""
        return Listed(
            column, self.path, self.pattern.pattern, self.fields, self.maps, self.constants, self.number_field
        )

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
            raise ValueError(f"expected a list of ({', '.join(self.fields)}), got {text[end : end + 80]!r}")
        return found

    def _element(self, groups: Sequence[str | None], number_of: int) -> dict[str, Any]:
        element: dict[str, Any] = {}
        for field, value in ((self.number_field, str(number_of)), *self.constants.items()):
            if field:
                _put(element, field, value)
        for field, group in zip(self.fields, groups, strict=True):
            text = (group or "").strip()
            if field and text:
                _put(element, field, _mapped(self.maps[field], "refuse")(text) if field in self.maps else text)
        return element


class Mapped:
    """Builds releases by a profile: first columns, then templates, then lists."""

    def __init__(self, layout: RowLayout, made: Sequence[Templated], lists: Sequence[Listed]) -> None:
        self.layout = layout
        self.made = made
        self.lists = lists

    def build(self, cells: Sequence[str]) -> dict[str, Any]:
        """The release of a row. CellError if a cell can't be converted."""
        release = self.layout.build(cells)
        for templated in self.made:
            _put(release, "/".join(map(str, templated.path)), templated.make(cells))
        for listed in self.lists:
            try:
                elements = listed.elements(cells[listed.column])
            except ValueError as error:
                raise CellError(listed.column, cells[listed.column], str(error)) from error
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
