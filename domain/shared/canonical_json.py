"""Canonical JSON of records: sorted keys, with nesting limited so that an answer can wrap the record."""

from typing import Any

import orjson

from domain.shared.exact_json import written

WRAPPER_LEVELS = 8  # nesting levels that answers add around a record
RECORD_MAX_LEVELS = 254 - WRAPPER_LEVELS  # orjson's limit is 254


def canonical_json(value: Any) -> bytes:
    """The canonical JSON of a value. JSONEncodeError (a TypeError) beyond RECORD_MAX_LEVELS levels."""
    return orjson.dumps([[[[[[[[value]]]]]]]], default=written, option=orjson.OPT_SORT_KEYS)[
        WRAPPER_LEVELS:-WRAPPER_LEVELS
    ]
