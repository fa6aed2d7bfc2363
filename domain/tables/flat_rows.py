"""Flat OCDS: builds releases, or parts of releases, from rows of cells whose headings are paths. Pure.

Indexes in a path distinguish array elements within a row, as in flatten-tool. Across the rows of a release, elements
with the same id are one element, and elements without an id are all kept.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from operator import itemgetter
from typing import Any, NamedTuple

from domain.tables.cell_values import Converter
from domain.tables.compatible_columns import forms_of
from domain.tables.heading_paths import Path


class CellError(ValueError):
    """Raised when a cell can't be converted; has its column, its text and the reason."""

    def __init__(self, column: int, text: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.text = text
        self.reason = reason


class ColumnTarget(NamedTuple):
    """The target of a column: its path in the release, with 0-based array indexes, and the converter of its cells."""

    column: int
    path: Path
    convert: Converter | None


class RowNode(NamedTuple):
    """A container in the built release: an "object" under `key`, an "element" of the array there, or a "list" of
    values.
    """

    parent: int
    key: str
    form: str


class RowLayout:
    """Builds releases from the rows of a table with `width` columns. HeadingError if the columns conflict."""

    def __init__(self, targets: Sequence[ColumnTarget], width: int) -> None:
        forms: dict[Path, str] = {}
        for target in targets:
            forms |= forms_of(target.path, forms)
        self.nodes: list[RowNode] = [RowNode(0, "", "object")]
        self.numbers: dict[Path, int] = {(): 0}
        ordered = _in_order(targets)
        self.columns = [(target.column, *self._attach(target.path), target.convert) for target in ordered]
        order = [column for column, *_ in self.columns]
        self.choose = None if order == list(range(width)) else _chooser(order)

    def build(self, cells: Sequence[str]) -> dict[str, Any]:
        """The release, or part of one, of a row; blank cells, and cells converted to None, are left out. CellError."""
        holders: list[Any] = [None] * len(self.nodes)
        holders[0] = {}
        chosen = cells if self.choose is None else self.choose(cells)
        # Most cells of a wide table are blank: compress and filter skip them without Python code.
        for (column, node, key, convert), cell in zip(
            compress(self.columns, chosen), filter(None, chosen), strict=True
        ):
            if cell.isspace():
                continue
            try:
                value = cell if convert is None else convert(cell)
            except ValueError as error:
                raise CellError(column, cell, str(error)) from error
            if value is None:
                continue
            holder = holders[node]
            if holder is None:
                holder = self._make(node, holders)
            if key is None:
                holder.append(value)
            else:
                holder[key] = value
        return dict(holders[0])

    def _attach(self, path: Path) -> tuple[int, str | None]:
        """(the node for the column's values, their key in it or None for elements of a list)."""
        if isinstance(path[-1], str):
            return self._node(path[:-1]), path[-1]
        return self._add(path[:-1], path[:-1], "list"), None

    def _node(self, path: Path) -> int:
        if not path:
            return 0
        if isinstance(path[-1], str):
            return self._add(path, path, "object")
        return self._add(path, path[:-1], "element")

    def _add(self, path: Path, named: Path, form: str) -> int:
        """The node of a path, created if new; `named` is the path that ends with its key."""
        if path not in self.numbers:
            parent = self._node(named[:-1])
            self.numbers[path] = len(self.nodes)
            self.nodes.append(RowNode(parent, str(named[-1]), form))
        return self.numbers[path]

    def _make(self, node: int, holders: list[Any]) -> Any:
        parent, key, form = self.nodes[node]
        container = holders[parent] if holders[parent] is not None else self._make(parent, holders)
        made: Any = [] if form == "list" else {}
        if form == "element":
            container.setdefault(key, []).append(made)
        else:
            container[key] = made
        holders[node] = made
        return made


class RowMerger:
    """Merges the rows of one release."""

    def __init__(self) -> None:
        self.ids: dict[int, dict[Any, dict[str, Any]]] = {}  # id() of an array → its elements by id

    def merge(self, into: dict[str, Any], row: Mapping[str, Any], path: str = "") -> str | None:
        """Merge a row into the release; returns the path of the first conflicting value, None if there is none."""
        for key, value in row.items():
            old, here = into.get(key), f"{path}/{key}" if path else key
            conflict: str | None = None
            if key not in into:
                into[key] = value
            elif isinstance(old, dict) and isinstance(value, dict):
                conflict = self.merge(old, value, here)
            elif isinstance(old, list) and isinstance(value, list) and _objects(old) and _objects(value):
                conflict = self._elements(old, value, here)
            elif old != value:
                conflict = here
            if conflict:
                return conflict
        return None

    def _elements(self, old: list[dict[str, Any]], new: list[dict[str, Any]], path: str) -> str | None:
        known = self.ids.get(id(old))
        if known is None:
            known = self.ids[id(old)] = {element["id"]: element for element in old if "id" in element}
        for element in new:
            same = known.get(element.get("id"))
            if same is None:
                old.append(element)
                if "id" in element:
                    known[element["id"]] = element
            elif conflict := self.merge(same, element, f"{path}/{element['id']}"):
                return conflict
        return None


def _chooser(order: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """A function that selects the cells of these columns."""
    return itemgetter(*order) if len(order) > 1 else lambda cells: tuple(cells[column] for column in order)


def _in_order(targets: Sequence[ColumnTarget]) -> list[ColumnTarget]:
    """The targets in order of column, but the elements of an array in order of index."""
    first: dict[Path, int] = {}
    for target in sorted(targets, key=lambda target: target.column):
        general = tuple(part if isinstance(part, str) else 0 for part in target.path)
        for length in range(1, len(general) + 1):
            first.setdefault(general[:length], len(first))

    def rank(target: ColumnTarget) -> list[int]:
        general = tuple(part if isinstance(part, str) else 0 for part in target.path)
        return [
            part if isinstance(part, int) else first[general[: depth + 1]] for depth, part in enumerate(target.path)
        ]

    return sorted(targets, key=rank)


def _objects(values: list[Any]) -> bool:
    return all(isinstance(value, dict) for value in values)
