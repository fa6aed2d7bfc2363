"""Cursors: opaque to clients; inside, the position in an order after which the next page begins."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any

import orjson

from domain.shared.errors import InvalidError


def encode_cursor(position: Sequence[Any]) -> str:
    """The cursor of a position, which consists of JSON values."""
    return urlsafe_b64encode(orjson.dumps(list(position))).decode().rstrip("=")


def decode_cursor(cursor: str) -> list[Any]:
    """The position in a cursor. InvalidError if the cursor is malformed."""
    try:
        position = orjson.loads(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise InvalidError("the cursor is malformed; use the value from `next` unchanged", cursor=cursor) from error
    if not isinstance(position, list) or any(isinstance(value, str) and "\0" in value for value in position):
        raise InvalidError("the cursor is malformed; use the value from `next` unchanged", cursor=cursor)
    return position
