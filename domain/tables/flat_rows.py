"""Flat OCDS: headings that are paths, and rows of cells as the releases, or parts of releases, that they stand for. Pure.

Numbers in a path tell the elements of one row apart, as flatten-tool has it: across the rows of a release, elements are the same where
their ids are, and elements without an id are all kept.
"""

from collections.abc import Callable, Mapping, Sequence
from itertools import compress
from operator import itemgetter
from typing import Any, NamedTuple

from domain.tables.cell_values import Converter
from domain.tables.heading_paths import HeadingError, Path, heading_of


class CellError(ValueError):
    """Raised where a cell can't be read: its column and text, and why."""

    def __init__(self, column: int, text: str, reason: str) -> None:
        super().__init__(reason)
        self.column = column
        self.text = text
        self.reason = reason


class ColumnTarget(NamedTuple):
    """Where the cells of a column go: `path` in the release, with 0-based places in arrays, and how their texts are read."""

    column: int
    path: Path
    convert: Converter | None


class RowNode(NamedTuple):
    """A part of the row that is being built: an "object" under `key`, an "element" of the array there, or a "list" of plain values."""

    parent: int
    key: str
    form: str


class RowLayout:
    """The columns of a table `width` columns wide, ready to build releases of its rows. HeadingError where they contradict each other."""

    def __init__(self, targets: Sequence[ColumnTarget], width: int) -> None:
        self.nodes: list[RowNode] = [RowNode(0, "", "object")]
        self.numbers: dict[Path, int] = {(): 0}
        self.forms: dict[Path, str] = {}
        ordered = _in_order(targets)
        self.columns = [(target.column, *self._hang(target.path), target.convert) for target in ordered]
        order = [column for column, *_ in self.columns]
        self.choose = None if order == list(range(width)) else _chooser(order)

    def build(self, cells: Sequence[str]) -> dict[str, Any]:
        """The release, or part of one, that a row stands for; cells that are blank, or that their converter reads as None, say nothing. CellError."""
        holders: list[Any] = [None] * len(self.nodes)
        holders[0] = {}
        chosen = cells if self.choose is None else self.choose(cells)
        # Most columns of a wide table are blank in most rows: they are passed without a step of Python's.
        for (column, node, key, convert), cell in zip(compress(self.columns, chosen), filter(None, chosen), strict=True):
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

    def _hang(self, path: Path) -> tuple[int, str | None]:
        """(the node that holds the column's values, their key there; None where they are elements of a list)."""
        if self.forms.get(path) == "value":
            raise HeadingError(f"two headings mean {heading_of(path)}")
        self._claim(path, "value")
        if isinstance(path[-1], str):
            return self._node(path[:-1]), path[-1]
        return self._add(path[:-1], path[:-1], "list"), None

    def _node(self, path: Path) -> int:
        if not path:
            return 0
        if isinstance(path[-1], str):
            return self._add(path, path, "object")
        self._claim(path[:-1], "array")
        return self._add(path, path[:-1], "element")

    def _add(self, path: Path, named: Path, form: str) -> int:
        """The node of a path, made where it is new; `named` is the path that ends in its key."""
        if not isinstance(named[-1], str):
            raise HeadingError(f"{heading_of(path)}: an array in an array is no OCDS")
        self._claim(path, form)
        if path not in self.numbers:
            parent = self._node(named[:-1])
            self.numbers[path] = len(self.nodes)
            self.nodes.append(RowNode(parent, named[-1], form))
        return self.numbers[path]

    def _claim(self, path: Path, form: str) -> None:
        """Each path is one thing only."""
        if self.forms.setdefault(path, form) != form:
            raise HeadingError(f"{heading_of(path)} would be {self.forms[path]} and {form} at once")

    def _make(self, node: int, holders: list[Any]) -> Any:
        parent, key, form = self.nodes[node]
        above = holders[parent] if holders[parent] is not None else self._make(parent, holders)
        made: Any = [] if form == "list" else {}
        if form == "element":
            above.setdefault(key, []).append(made)
        else:
            above[key] = made
        holders[node] = made
        return made


class RowMerger:
    """Puts the rows of one release together."""

    def __init__(self) -> None:
        self.ids: dict[int, dict[Any, dict[str, Any]]] = {}  # of long arrays, by the identity of the array

    def merge(self, into: dict[str, Any], row: Mapping[str, Any], path: str = "") -> str | None:
        """Add what a row says; the path of the first value that contradicts what stands there, None where all agrees."""
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
            known = self.ids[id(old)] = {one["id"]: one for one in old if "id" in one}
        for one in new:
            same = known.get(one.get("id"))
            if same is None:
                old.append(one)
                if "id" in one:
                    known[one["id"]] = one
            elif conflict := self.merge(same, one, f"{path}/{one['id']}"):
                return conflict
        return None


def _chooser(order: Sequence[int]) -> Callable[[Sequence[str]], tuple[str, ...]]:
    """The cells of these columns."""
    return itemgetter(*order) if len(order) > 1 else lambda cells: tuple(cells[column] for column in order)


def _in_order(targets: Sequence[ColumnTarget]) -> list[ColumnTarget]:
    """By column, but the elements of an array by their places."""
    first: dict[Path, int] = {}
    for target in sorted(targets, key=lambda target: target.column):
        general = tuple(part if isinstance(part, str) else 0 for part in target.path)
        for length in range(1, len(general) + 1):
            first.setdefault(general[:length], len(first))

    def rank(target: ColumnTarget) -> list[int]:
        general = tuple(part if isinstance(part, str) else 0 for part in target.path)
        return [part if isinstance(part, int) else first[general[: depth + 1]] for depth, part in enumerate(target.path)]

    return sorted(targets, key=rank)


def _objects(values: list[Any]) -> bool:
    return all(isinstance(one, dict) for one in values)
