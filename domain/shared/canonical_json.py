"""The text of a record as it is kept: JSON with sorted keys, not nested so deep that an answer could not hold it."""

from typing import Any

import orjson

from domain.shared.exact_json import written

WRAPPER_LEVELS = 8  # levels that answers put around a record
RECORD_MAX_LEVELS = 254 - WRAPPER_LEVELS  # levels of a record: orjson writes 254


def canonical_json(value: Any) -> bytes:
    """The JSON of a value. JSONEncodeError (a TypeError) where it is nested more than DEEPEST levels deep."""
    return orjson.dumps([[[[[[[[value]]]]]]]], default=written, option=orjson.OPT_SORT_KEYS)[WRAPPER_LEVELS:-WRAPPER_LEVELS]
