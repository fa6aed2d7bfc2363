"""Two places compared row by row: by key first, values only where a key's fingerprint differs."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

Key = tuple[Any, ...]
Rows = Callable[[], Iterable[tuple[Key, Any]]]


@dataclass(frozen=True)
class Difference:
    """A row that is not the same in both places; None where it is absent."""

    table: str
    key: Key
    is_: Any
    should_be: Any

    def __str__(self) -> str:
        where = f"{self.table} {'/'.join(map(str, self.key))}"
        if self.is_ is None:
            return f"{where}: missing; should be {_short(self.should_be)}"
        if self.should_be is None:
            return f"{where}: should not be there; is {_short(self.is_)}"
        if isinstance(self.is_, dict) and isinstance(self.should_be, dict):
            names = [name for name in self.is_.keys() | self.should_be.keys() if self.is_.get(name) != self.should_be.get(name)]
            return f"{where}: " + "; ".join(f"{name} is {_short(self.is_.get(name))}, should be {_short(self.should_be.get(name))}" for name in sorted(names))
        return f"{where}: is {_short(self.is_)}, should be {_short(self.should_be)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 160 else f"{text[:160]}…"


def differences(table: str, live: Rows, fresh: Rows, columns: Sequence[str] | None = None) -> Iterator[Difference]:
    """The rows that differ. Keeps a fingerprint a row, and reads the values of those that differ in a second pass.

    Where rows come as tuples, `columns` names their values.
    """
    have, want = _fingerprints(live()), _fingerprints(fresh())
    wrong = {key for key in have.keys() | want.keys() if have.get(key) != want.get(key)}
    if not wrong:
        return
    is_, should_be = ({key: dict(zip(columns, row, strict=True)) if columns else row for key, row in rows() if key in wrong} for rows in (live, fresh))
    for key in sorted(wrong, key=str):
        yield Difference(table, key, is_.get(key), should_be.get(key))


def _fingerprints(rows: Iterable[tuple[Key, Any]]) -> dict[Key, int]:
    return {key: hash(_written(row)) for key, row in rows}


def _written(row: Any) -> bytes | str:
    """The row written so that no other is written alike (but NaN as null: no source has one); orjson writes most, far faster than Python."""
    try:
        return orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return repr(_ordered(row))


def _ordered(value: Any) -> Any:
    """The value with the fields of every object in order: PostgreSQL keeps JSON in an order of its own."""
    if isinstance(value, dict):
        return sorted((name, _ordered(one)) for name, one in value.items())
    return [_ordered(one) for one in value] if isinstance(value, list) else value
