"""Cursors: opaque to the caller, to us the place in an order after which the next page begins."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import Any

import orjson

from domain.shared.errors import InvalidError


def encode_cursor(place: Sequence[Any]) -> str:
    """The cursor of a place, made of JSON values."""
    return urlsafe_b64encode(orjson.dumps(list(place))).decode().rstrip("=")


def decode_cursor(cursor: str) -> list[Any]:
    """The place behind a cursor. InvalidError for what can't be one."""
    try:
        place = orjson.loads(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise InvalidError("the cursor is broken; take the one from `next` as it stands", cursor=cursor) from error
    if not isinstance(place, list) or any(isinstance(one, str) and "\0" in one for one in place):
        raise InvalidError("the cursor is broken; take the one from `next` as it stands", cursor=cursor)
    return place
