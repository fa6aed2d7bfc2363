"""Spellings of a classification code: with or without scheme (`CPV:45233142`) and CPV check digit (`45233142-6`).

Pure.
"""

import re

CHECK_DIGIT = re.compile(r"(\d{8})-\d")
DIGITS = "0123456789"


def without_scheme(code: str) -> str:
    """The code after the last colon."""
    return code.rsplit(":", 1)[-1] or code


def without_check_digit(code: str) -> str:
    """The eight digits of a code with a check digit; any other code unchanged."""
    found = CHECK_DIGIT.fullmatch(code)
    return found[1] if found else code


def bare_code(code: str) -> str:
    """The code without scheme and check digit, as users type it."""
    return without_check_digit(without_scheme(code))


def shorter_spellings(typed: str) -> list[str]:
    """The code as typed, without scheme, and without check digit."""
    return list(dict.fromkeys([typed, without_scheme(typed), bare_code(typed)]))


def code_spellings(typed: str) -> list[str]:
    """All spellings a publisher may use: as typed, bare, and, for eight digits, with any check digit."""
    bare = bare_code(typed)
    digits = [f"{bare}-{digit}" for digit in DIGITS] if re.fullmatch(r"\d{8}", bare) else []
    return list(dict.fromkeys([typed, without_scheme(typed), bare, *digits]))
