"""The texts of table cells as values; what can be read in two ways is refused, never guessed. Pure."""

import re
from collections.abc import Callable, Sequence
from typing import Any

Converter = Callable[[str], Any]
PLAIN = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d{1,3})?")
GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+\.\d+|[+-]?\d{1,3}(,\d{3}){2,}")  # 1,234.50 and 1,234,567: no comma of these is a decimal one
COMMA = re.compile(r"[+-]?(\d+|\d{1,3}(\.\d{3})+)(,\d+)?")
COMMA_SURELY = re.compile(r"[+-]?(\d{1,3}(\.\d{3})+,\d+|\d+,(\d{1,2}|\d{4,})|\d{1,3}(\.\d{3}){2,})")
AMBIGUOUS = re.compile(r"[+-]?\d{1,3}[.,]\d{3}")
BLANK = r"[\s\u00a0\u2009\u202f]"
TRUE, FALSE = {"true", "1", "yes"}, {"false", "0", "no"}
MAX_ABSOLUTE_VALUE = 1e300
MAX_EXACT_INTEGER = 2**63  # whole numbers below it keep all their digits
MOST_DIGITS = 400
SHORT_DIGITS = 16  # digits that any number holds exactly


def number(text: str) -> int | float:
    """With a decimal point; commas only where they can't be decimal ones. ValueError otherwise."""
    text = text.strip()
    if len(text) < SHORT_DIGITS and text.isdecimal() and text.isascii():  # most numbers, without a pattern
        return int(text)
    if PLAIN.fullmatch(text):
        return _value(text)
    if GROUPED.fullmatch(text):
        return _value(text.replace(",", ""))
    raise ValueError(f"expected a number, got {text[:80]!r}")


def number_with_comma(text: str) -> int | float:
    """With a decimal comma, as declared; points between thousands. ValueError otherwise."""
    text = text.strip()
    if not COMMA.fullmatch(text):
        raise ValueError(f"expected a number with a decimal comma, got {text[:80]!r}")
    return _value(text.replace(".", "").replace(",", "."))


def declared_number(decimal: str, thousands: str | None = None, signs: Sequence[str] = ()) -> Converter:
    """Reads numbers with this decimal mark and this mark between thousands (by default the other of comma and point; a
    blank stands for any kind of blank), with one of `signs` before or behind. ValueError where the two marks are the same."""
    between = thousands or {".": ",", ",": "."}[decimal]
    if between == decimal:
        raise ValueError(f"{decimal!r} can't be the decimal mark and stand between thousands")
    mark = BLANK if between == " " else re.escape(between)
    form = re.compile(rf"(\d+|\d{{1,3}}({mark}\d{{3}})+)({re.escape(decimal)}\d+)?")
    marks = "|".join(re.escape(sign.strip()) for sign in sorted(signs, key=len, reverse=True) if sign.strip()) or "(?!)"
    signed = re.compile(rf"([+-]?)\s*(?:{marks})?\s*([+-]?)\s*([\d.,'\s]*\d)\s*(?:{marks})?")

    def read(text: str) -> int | float:
        found = signed.fullmatch(text.strip())
        digits = form.fullmatch(found[3]) if found and not (found[1] and found[2]) else None
        if found is None or digits is None:
            told = f", perhaps with {' or '.join(signs)}" if signs else ""
            raise ValueError(f"expected a number with a decimal {'comma' if decimal == ',' else 'point'}{told}, got {text[:80]!r}")
        whole_part, fraction = digits[1], digits[3] or ""
        return _value(f"{found[1] or found[2]}{re.sub(mark, '', whole_part)}{fraction.replace(decimal, '.')}")

    return read


def number_between_semicolons(text: str) -> int | float:
    """In a table whose delimiter is ';' commas are decimal ones; what could as well be thousands is refused. ValueError."""
    text = text.strip()
    if AMBIGUOUS.fullmatch(text):
        raise ValueError(f"{text!r} can be read in two ways; a profile can declare the decimal mark")
    return number_with_comma(text) if COMMA_SURELY.fullmatch(text) else number(text)


def whole_number(text: str) -> int:
    """A whole number; ValueError otherwise."""
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
    return [part for one in text.split(";") if (part := one.strip())]


def digits_lost(text: str, value: Any) -> bool:
    """Whether a number has more digits than the 64-bit float that it was read as; the digits that programs write of a float are its own."""
    if not isinstance(value, float):
        return False
    digits = _significant(text)
    return digits not in {_significant(repr(value)), _significant(f"{value:.17g}")}


def _significant(text: str) -> str:
    return re.sub(r"\D", "", re.split("[eE]", text)[0]).strip("0")


def _value(digits: str) -> int | float:
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"expected a number, got {len(digits)} digits")
    value = float(digits)
    if abs(value) > MAX_ABSOLUTE_VALUE:
        raise ValueError(f"the number {digits[:80]} is too large")
    whole_digits = digits.lstrip("+-").isdecimal() and abs(int(digits)) < MAX_EXACT_INTEGER
    return int(digits) if whole_digits else value
