"""The spellings of a code: with or without its scheme (`CPV:45233142`) and its check digit (`45233142-6`), which CPV's nomenclature prints. Pure."""

import re

CHECK_DIGIT = re.compile(r"(\d{8})-\d")
DIGITS = "0123456789"


def without_scheme(code: str) -> str:
    """The code behind the last colon."""
    return code.rsplit(":", 1)[-1] or code


def without_check_digit(code: str) -> str:
    """The eight digits of a code with a check digit; any other code as it is."""
    found = CHECK_DIGIT.fullmatch(code)
    return found[1] if found else code


def bare_code(code: str) -> str:
    """A code as people type it: without scheme and check digit."""
    return without_check_digit(without_scheme(code))


def shorter_spellings(typed: str) -> list[str]:
    """A code as typed, and without what may stand before or behind it."""
    return list(dict.fromkeys([typed, without_scheme(typed), bare_code(typed)]))


def code_spellings(typed: str) -> list[str]:
    """Every way in which a publisher may have written the code: as typed, bare, and, for eight digits, with any check digit."""
    bare = bare_code(typed)
    digits = [f"{bare}-{digit}" for digit in DIGITS] if re.fullmatch(r"\d{8}", bare) else []
    return list(dict.fromkeys([typed, without_scheme(typed), bare, *digits]))
