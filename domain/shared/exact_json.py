"""JSON whose numbers keep all their digits: what a 64-bit number can't hold is carried as an `Exact`, and written as it was. Pure."""

import json
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import orjson

SAFE_CHARACTERS = 15  # any number of so many digits, point included, is held by a 64-bit float
# A look over the bytes that costs a quarter of parsing them: digits and points become 0, what an exponent is made of stays.
SHAPES = bytes(0x30 if chr(code) in "0123456789." else ord("e") if chr(code) in "eE" else code if chr(code) == "-" else 0x20 for code in range(256))
SHIELDED = re.compile(r"\0-?[0-9][0-9.eE+-]*")
LONG, TINY = b"0" * (SAFE_CHARACTERS + 1), b"0e-000"


class ExactNumber(float):
    """A number with more digits than a 64-bit number holds; as a float it is the nearest one, `text` is the JSON."""

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
    """Whether a number of the JSON text may have more digits than a 64-bit number; long digits in texts look the same."""
    shapes = raw.translate(SHAPES)
    return LONG in shapes or TINY in shapes


def loads(raw: bytes | str, long: bool | None = None) -> Any:
    """The JSON value; `long` is what `may_lose_digits` says, where it is known. JSONDecodeError (orjson's, a ValueError) for what is none."""
    value = orjson.loads(raw)
    if not (may_lose_digits(raw if isinstance(raw, bytes) else raw.encode()) if long is None else long):
        return value
    try:
        return json.loads(raw, parse_int=_whole, parse_float=_fraction)
    except RecursionError:  # nested deeper than any record that is kept
        return value


def written(value: Any) -> Any:
    """For `default=` of orjson.dumps: an `Exact` as its digits."""
    if isinstance(value, ExactNumber):
        return orjson.Fragment(value.text)
    raise TypeError(f"{type(value).__name__} is no JSON")


def dumps(value: Any, option: int = 0) -> bytes:
    """The JSON text of a value of `loads`. JSONEncodeError (a TypeError) where it is nested too deep."""
    return orjson.dumps(value, default=written, option=option)


def number(text: str) -> float:
    """The number that a text is, in any way that Python reads numbers. ValueError for what is none."""
    found, digits = float(text), Decimal(text)
    return found if digits == Decimal(repr(found)) or not digits.is_finite() else ExactNumber(str(digits))


def exact_to_text(value: Any) -> Any:
    """The value with a text for each `Exact`, for those who know numbers of 64 bits only; no text of a record has U+0000."""
    return _each(value, lambda one: f"\0{one.text}" if isinstance(one, ExactNumber) else one)


def text_to_exact(value: Any) -> Any:
    """The value that was `shielded`."""
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
