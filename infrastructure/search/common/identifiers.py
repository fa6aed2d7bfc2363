"""Which values are identifiers: they are found whole, and by their pieces, in any case."""

from functools import lru_cache

from domain.search import FieldSpec
from infrastructure.search.common.analysis import has_digit
from infrastructure.search.common.parse import SIGN_INSIDE

ID = "id"
IDENTIFIER_MAX_CHARACTERS = 1_000  # longer values are found by filter only
ID_FIELDS = {ID, "identifier", "ocid"}


def is_identifier(field: FieldSpec, value: str) -> bool:
    """Whether a keyword is an id, or has a piece that looks like one: with a digit, or a sign inside."""
    return len(value) <= IDENTIFIER_MAX_CHARACTERS and (_named_so(field) or _looks_so(value))


def stands_whole(field: FieldSpec, value: str) -> bool:
    """Whether an identifier is found by all of it alone: a name with a number in it (Unit 4 Ltd) is not."""
    return _named_so(field) or not any(map(str.isspace, value))


def _named_so(field: FieldSpec) -> bool:
    return field.name in ID_FIELDS or field.name.endswith("_id")


@lru_cache(maxsize=8_192)  # the same few facets again and again
def _looks_so(value: str) -> bool:
    return has_digit(value) or (SIGN_INSIDE.search(value) is not None and len(value.split()) == 1)
