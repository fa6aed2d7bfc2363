"""JSON without loss of digits: numbers that 64 bits can't hold become `ExactNumber` and are written unchanged. Pure."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson

SAFE_CHARACTERS = 15  # numbers of up to this length, point included, fit a 64-bit float
# Translates bytes to shapes at a quarter of the cost of parsing: digits and points become 0, exponents and signs stay.
SHAPES = bytes(
    0x30 if chr(code) in "0123456789." else ord("e") if chr(code) in "eE" else code if chr(code) == "-" else 0x20
    for code in range(256)
)
SHIELDED = re.compile(r"\0-?[0-9][0-9.eE+-]*")
LONG, TINY = b"0" * (SAFE_CHARACTERS + 1), b"0e-000"


class ExactNumber(float):
    """A number with more digits than 64 bits hold: as a float the nearest one, `text` is its JSON."""

    text: str

    def __new__(cls, text: str) -> "ExactNumber":
        """From the text of a JSON number."""
        made = super().__new__(cls, text)
        made.text = text
        return made

    def __deepcopy__(self, memo: Any) -> "ExactNumber":
        return self

    def __reduce__(self) -> tuple[type["ExactNumber"], tuple[str]]:
        return ExactNumber, (self.text,)


def may_lose_digits(raw: bytes) -> bool:
    """Whether the JSON text may hold a number that exceeds 64 bits. Long digit strings are false positives."""
    shapes = raw.translate(SHAPES)
    return LONG in shapes or TINY in shapes


def loads(raw: bytes | str, long: bool | None = None) -> Any:
    """Parse JSON. `long` is the result of `may_lose_digits`, if known.

    JSONDecodeError (orjson's, a ValueError) if invalid.
    """
    value = orjson.loads(raw)
    if not (may_lose_digits(raw if isinstance(raw, bytes) else raw.encode()) if long is None else long):
        return value
    try:
        return json.loads(raw, parse_int=_whole, parse_float=_fraction)
    except RecursionError:  # nested deeper than the limit of records
        return value


def written(value: Any) -> Any:
    """`default=` of orjson.dumps: writes an `ExactNumber` with its digits."""
    if isinstance(value, ExactNumber):
        return orjson.Fragment(value.text)
    raise TypeError(f"{type(value).__name__} is not JSON-serialisable")


def dumps(value: Any, option: int = 0) -> bytes:
    """JSON of a value from `loads`. JSONEncodeError (a TypeError) if it is nested too deep."""
    return orjson.dumps(value, default=written, option=option)


def number(text: str) -> float:
    """Parse a number in any of Python's notations. ValueError if it is none."""
    found, digits = float(text), Decimal(text)
    return found if digits == Decimal(repr(found)) or not digits.is_finite() else ExactNumber(str(digits))


def exact_to_text(value: Any) -> Any:
    """Replace each `ExactNumber` by text marked with U+0000 (in no record), for code limited to 64-bit numbers."""
    return _each(value, lambda one: f"\0{one.text}" if isinstance(one, ExactNumber) else one)


def text_to_exact(value: Any) -> Any:
    """Reverse `exact_to_text`."""
    return _each(value, lambda one: ExactNumber(one[1:]) if isinstance(one, str) and SHIELDED.fullmatch(one) else one)


def _each(value: Any, change: Callable[[Any], Any]) -> Any:
    if isinstance(value, dict):
        return {key: _each(one, change) for key, one in value.items()}
    return [_each(one, change) for one in value] if isinstance(value, list) else change(value)


def _whole(text: str) -> int | ExactNumber:
    found = int(text) if len(text) <= 20 else None
    return found if found is not None and -(2**63) <= found < 2**64 else ExactNumber(text)


def _fraction(text: str) -> float:
    found = float(text)
    return found if Decimal(text) == Decimal(repr(found)) else ExactNumber(text)
