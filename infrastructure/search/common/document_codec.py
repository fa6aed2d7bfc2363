"""Encodes search documents to bytes and back without loss, decimals and instants included."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

from domain.search.queries import SearchDocument
from domain.shared.errors import InvalidError

DATE, DECIMAL = "$date", "$decimal"


def encode(document: SearchDocument) -> bytes:
    """The document as JSON. InvalidError for a value without a JSON form."""
    try:
        return orjson.dumps(document, default=_tag, option=orjson.OPT_PASSTHROUGH_DATETIME)
    except TypeError as error:
        raise InvalidError(f"The search document {document.get('id')!r} can't be stored: {error}") from error


def decode(stored: bytes) -> SearchDocument:
    """The document that `encode` was given."""
    return {name: _untag(value) for name, value in orjson.loads(stored).items()}


def _tag(value: Any) -> dict[str, str]:
    if isinstance(value, datetime):
        return {DATE: value.isoformat()}
    if isinstance(value, Decimal):
        return {DECIMAL: str(value)}
    raise TypeError(f"{type(value).__name__} is not supported")


def _untag(value: Any) -> Any:
    if isinstance(value, list):
        return [_untag(item) for item in value] if value and not isinstance(value[0], str) else value
    if isinstance(value, dict) and len(value) == 1:
        if DATE in value:
            return datetime.fromisoformat(value[DATE])
        if DECIMAL in value:
            return Decimal(value[DECIMAL])
    return value
