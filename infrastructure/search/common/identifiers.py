"""Decides which values are identifiers: they match whole and by their parts, in any case."""

from functools import lru_cache

from infrastructure.search.common.query_parsing import SIGN_INSIDE
from infrastructure.search.common.text_analysis import has_digit

ID = "id"
IDENTIFIER_MAX_CHARACTERS = 1_000  # longer values match by filter only
ID_FIELDS = {ID, "identifier", "ocid"}


@lru_cache(maxsize=8_192)  # a few facet values repeat often
def is_identifier(field: str, value: str) -> bool:
    """Whether a value of a field is an id, or looks like one: it has a digit, or a sign between letters."""
    if len(value) > IDENTIFIER_MAX_CHARACTERS:
        return False
    return (
        _is_id_field(field) or has_digit(value) or (SIGN_INSIDE.search(value) is not None and len(value.split()) == 1)
    )


def stands_whole(field: str, value: str) -> bool:
    """Whether an identifier matches only as a whole; a name with a number in it (Unit 4 Ltd) doesn't."""
    return _is_id_field(field) or len(value.split()) == 1


def _is_id_field(field: str) -> bool:
    return field in ID_FIELDS or field.endswith("_id")
