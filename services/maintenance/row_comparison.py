"""Compares two tables row by row: keys and fingerprints first, values only of rows that differ."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

Key = tuple[Any, ...]
Rows = Callable[[], Iterable[tuple[Key, Any]]]


@dataclass(frozen=True)
class Difference:
    """A row that differs between both tables; None if it is missing."""

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
            names = [
                name
                for name in self.is_.keys() | self.should_be.keys()
                if self.is_.get(name) != self.should_be.get(name)
            ]
            return f"{where}: " + "; ".join(
                f"{name} is {_short(self.is_.get(name))}, should be {_short(self.should_be.get(name))}"
                for name in sorted(names)
            )
        return f"{where}: is {_short(self.is_)}, should be {_short(self.should_be)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 160 else f"{text[:160]}…"


def differences(table: str, live: Rows, fresh: Rows, *, columns: Sequence[str] | None = None) -> Iterator[Difference]:
    """The rows that differ. Keeps one fingerprint per row in memory, and reads the values in a second pass.

    `columns`: the names of values, for rows that are tuples.
    """
    have, want = _fingerprints(live()), _fingerprints(fresh())
    wrong = {key for key in have.keys() | want.keys() if have.get(key) != want.get(key)}
    if not wrong:
        return
    is_, should_be = (
        {key: dict(zip(columns, row, strict=True)) if columns else row for key, row in rows() if key in wrong}
        for rows in (live, fresh)
    )
    for key in sorted(wrong, key=str):
        yield Difference(table, key, is_.get(key), should_be.get(key))


def _fingerprints(rows: Iterable[tuple[Key, Any]]) -> dict[Key, int]:
    return {key: hash(_serialised(row)) for key, row in rows}


def _serialised(row: Any) -> bytes | str:
    """A unique serialisation of the row (except that NaN equals null, which no source has); by orjson if possible, for
    speed.
    """
    try:
        return orjson.dumps(row, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return repr(_ordered(row))


def _ordered(value: Any) -> Any:
    """The value with sorted object fields, as PostgreSQL reorders JSON."""
    if isinstance(value, dict):
        return sorted((name, _ordered(one)) for name, one in value.items())
    return [_ordered(one) for one in value] if isinstance(value, list) else value
