"""Which values are identifiers: they are found whole, and by their pieces, in any case."""

from functools import lru_cache

from infrastructure.search.common.query_parsing import SIGN_INSIDE
from infrastructure.search.common.text_analysis import has_digit

ID = "id"
IDENTIFIER_MAX_CHARACTERS = 1_000  # longer values are found by filter only
ID_FIELDS = {ID, "identifier", "ocid"}


@lru_cache(maxsize=8_192)  # the same few facets again and again
def is_identifier(field: str, value: str) -> bool:
    """Whether a value of a field is an id, or has a piece that looks like one: with a digit, or a sign inside."""
    if len(value) > IDENTIFIER_MAX_CHARACTERS:
        return False
    return _named_so(field) or has_digit(value) or (SIGN_INSIDE.search(value) is not None and len(value.split()) == 1)


def stands_whole(field: str, value: str) -> bool:
    """Whether an identifier is found by all of it alone: a name with a number in it (Unit 4 Ltd) is not."""
    return _named_so(field) or len(value.split()) == 1


def _named_so(field: str) -> bool:
    return field in ID_FIELDS or field.endswith("_id")
