"""Pages of lists. A cursor is opaque to clients; inside, it is the position after which the next page begins."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from typing import Any, Generic, NamedTuple, NoReturn, TypeVar

import orjson

from domain.shared.errors import InvalidError

T = TypeVar("T")
MAX_ID = 2**63 - 1


class Page(NamedTuple, Generic[T]):
    """Items, and the cursor of the next page; None on the last one."""

    items: Sequence[T]
    cursor: str | None


def cut_page(rows: Sequence[T], limit: int, position: Callable[[T], Sequence[Any]]) -> Page[T]:
    """The page of the first `limit` rows; `position` of its last row, if there are more, is where the next begins."""
    return Page(rows[:limit], encode_cursor(position(rows[limit - 1])) if len(rows) > limit else None)


def encode_cursor(position: Sequence[Any]) -> str:
    """The cursor of a position, which consists of JSON values."""
    return urlsafe_b64encode(orjson.dumps(list(position))).decode().rstrip("=")


def decode_cursor(cursor: str) -> list[Any]:
    """The position in a cursor. InvalidError if the cursor is malformed."""
    try:
        position = orjson.loads(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
    except ValueError:
        position = None
    if not isinstance(position, list) or any(isinstance(value, str) and "\0" in value for value in position):
        raise InvalidError("the cursor is malformed; use the value from `next` unchanged", cursor=cursor)
    return position


def decode_number(cursor: str | None) -> int | None:
    """The row number in a cursor. InvalidError for a cursor of a list with other positions."""
    match decode_cursor(cursor) if cursor is not None else None:
        case None:
            return None
        case [int(number)] if 0 <= number <= MAX_ID:
            return number
    wrong_list(cursor)


def decode_text(cursor: str | None) -> str | None:
    """The text in a cursor. InvalidError for a cursor of a list with other positions."""
    match decode_cursor(cursor) if cursor is not None else None:
        case None:
            return None
        case [str(text)]:
            return text
    wrong_list(cursor)


def wrong_list(cursor: str | None) -> NoReturn:
    """Raise InvalidError: the cursor's position is not one of this list."""
    raise InvalidError("the cursor belongs to another list", cursor=cursor)
