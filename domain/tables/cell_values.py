"""Converts the text of table cells to values; ambiguous text is refused, never guessed. Pure."""

import re
from collections.abc import Callable, Sequence
from typing import Any

Converter = Callable[[str], Any]
PLAIN = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?")
# 1,234.50 and 1,234,567: these commas can't be decimal ones.
GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+|[+-]?\d{1,3}(,\d{3}){2,}")
COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?")
COMMA_SURELY = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+,\d+|\d+,(\d{1,2}|\d{4,})|\d{1,3}(\.\d{3}){2,})")
AMBIGUOUS = re.compile(r"[+-]?\d{1,3}[.,]\d{3}")
BLANK = r"[\s\u00a0\u2009\u202f]"
TRUE, FALSE = {"true", "1", "yes"}, {"false", "0", "no"}
MAX_ABSOLUTE_VALUE = 1e300
MAX_EXACT_INTEGER = 2**63  # integers below it keep all their digits
MAX_DIGITS = 400
SHORT_DIGITS = 16  # shorter numbers are exact in 64 bits


def number(text: str) -> int | float:
    """A number with a decimal point; commas only if they can't be decimal ones. ValueError otherwise."""
    text = text.strip()
    if len(text) < SHORT_DIGITS and text.isdecimal() and text.isascii():  # most numbers, without a pattern
        return int(text)
    if PLAIN.fullmatch(text):
        return _value(text)
    if GROUPED.fullmatch(text):
        return _value(text.replace(",", ""))
    raise ValueError(f"expected a number, got {text[:80]!r}")


def number_with_comma(text: str) -> int | float:
    """A number with a decimal comma, as declared, and points between thousands. ValueError otherwise."""
    text = text.strip()
    if not COMMA.fullmatch(text):
        raise ValueError(f"expected a number with a decimal comma, got {text[:80]!r}")
    return _value(text.replace(".", "").replace(",", "."))


def declared_number(decimal: str, thousands: str | None = None, signs: Sequence[str] = ()) -> Converter:
    """A converter of numbers with this decimal mark and thousands separator, and one of `signs` before or after the
    number.

    The default separator is the other one of comma and point; " " allows any kind of space. ValueError if both are the
    same.
    """
    between = thousands or {".": ",", ",": "."}[decimal]
    if between == decimal:
        raise ValueError(f"{decimal!r} can't be both the decimal mark and the thousands separator")
    mark = BLANK if between == " " else re.escape(between)
    form = re.compile(rf"(\d+|\d{{1,3}}({mark}\d{{3}})+)({re.escape(decimal)}\d+)?")
    marks = "|".join(re.escape(sign.strip()) for sign in sorted(signs, key=len, reverse=True) if sign.strip()) or "(?!)"
    signed = re.compile(rf"([+-]?)\s*(?:{marks})?\s*([+-]?)\s*([\d.,'\s]*\d)\s*(?:{marks})?")

    def read(text: str) -> int | float:
        found = signed.fullmatch(text.strip())
        digits = form.fullmatch(found[3]) if found and not (found[1] and found[2]) else None
        if found is None or digits is None:
            signs_hint = f", perhaps with {' or '.join(signs)}" if signs else ""
            raise ValueError(
                f"expected a number with a decimal {'comma' if decimal == ',' else 'point'}{signs_hint}, got "
                f"{text[:80]!r}"
            )
        whole_part, fraction = digits[1], digits[3] or ""
        return _value(f"{found[1] or found[2]}{re.sub(mark, '', whole_part)}{fraction.replace(decimal, '.')}")

    return read


def number_between_semicolons(text: str) -> int | float:
    """A number in a table with delimiter ';', where commas are decimal ones. ValueError, also if it may be a thousands
    comma.
    """
    text = text.strip()
    if AMBIGUOUS.fullmatch(text):
        raise ValueError(f"{text!r} is ambiguous; declare the decimal mark in a profile")
    return number_with_comma(text) if COMMA_SURELY.fullmatch(text) else number(text)


def whole_number(text: str) -> int:
    """An integer; ValueError otherwise."""
    value = number(text)
    if value != int(value):
        raise ValueError(f"expected a whole number, got {text[:80]!r}")
    return int(value)


def boolean(text: str) -> bool:
    """True or false; ValueError otherwise."""
    word = text.strip().lower()
    if word not in TRUE | FALSE:
        raise ValueError(f"expected true or false, got {text[:80]!r}")
    return word in TRUE


def text_list(text: str) -> list[str]:
    """A list separated by ';'."""
    return [part for item in text.split(";") if (part := item.strip())]


def digits_lost(text: str, value: Any) -> bool:
    """Whether a number has more digits than the 64-bit float that it was read as; 17 digits of a float are not lost."""
    if not isinstance(value, float):
        return False
    digits = _significant(text)
    return digits not in {_significant(repr(value)), _significant(f"{value:.17g}")}


def _significant(text: str) -> str:
    return re.sub(r"\D", "", re.split("[eE]", text)[0]).strip("0")


def _value(digits: str) -> int | float:
    if len(digits) > MAX_DIGITS:
        raise ValueError(f"expected a number, got {len(digits)} digits")
    value = float(digits)
    if abs(value) > MAX_ABSOLUTE_VALUE:
        raise ValueError(f"the number {digits[:80]} is too large")
    whole_digits = digits.lstrip("+-").isdecimal() and abs(int(digits)) < MAX_EXACT_INTEGER
    return int(digits) if whole_digits else value
