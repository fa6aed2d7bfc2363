"""The text of a record as it is kept: JSON with sorted keys, not nested so deep that an answer could not hold it."""

from typing import Any

import orjson

from domain.exact import written

ROOM = 8  # levels that answers put around a record
DEEPEST = 254 - ROOM  # levels of a record: orjson writes 254


def canonical(value: Any) -> bytes:
    """The JSON of a value. JSONEncodeError (a TypeError) where it is nested more than DEEPEST levels deep."""
    return orjson.dumps([[[[[[[[value]]]]]]]], default=written, option=orjson.OPT_SORT_KEYS)[ROOM:-ROOM]
