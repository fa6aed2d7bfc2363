"""Positions in an ordered list of the star as cursors: the order, then the values of the last row in it."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from domain.shared.errors import InvalidError
from domain.star.queries import FieldKind, Sort, read_value
from services.shared.pages import decode_cursor, encode_cursor


def position_cursor(position: Sequence[Any] | None, order: Sequence[Sort]) -> str | None:
    """The cursor of a position; None at the end of the list."""
    if position is None:
        return None
    values = [value.isoformat() if isinstance(value, date) else value for value in position]
    return encode_cursor([_text(order), *values])


def read_position(cursor: str | None, order: Sequence[Sort], kinds: Sequence[FieldKind]) -> tuple[Any, ...] | None:
    """The position in a cursor: values of these kinds. InvalidError for a cursor of another list or order."""
    if cursor is None:
        return None
    text, *values = decode_cursor(cursor) or [None]
    if text != _text(order) or len(values) != len(kinds):
        raise InvalidError("the cursor belongs to another list or order", parameter="cursor", got=cursor[:200])
    try:
        position = tuple(
            None if value is None else read_value(kind, _plain(value))
            for kind, value in zip(kinds, values, strict=True)
        )
        if len(kinds) > len(order) and position[-1] is None:
            raise ValueError("a key")
    except ValueError as error:
        raise InvalidError(
            "the cursor is invalid; use the one from `next` unchanged", parameter="cursor", got=cursor[:200]
        ) from error
    return position


def _text(order: Sequence[Sort]) -> str:
    return ",".join(f"-{sort.field}" if sort.descending else sort.field for sort in order)


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int | float):
        raise ValueError("a plain value")
    return value if isinstance(value, str) else repr(value)
