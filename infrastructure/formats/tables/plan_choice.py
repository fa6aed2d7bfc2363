"""Chooses the plan for a table by its headings, and makes the error for unknown headings."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from domain.ocds.models import Release
from domain.shared.errors import InvalidError
from domain.tables.cell_values import number, number_between_semicolons
from infrastructure.formats.tables.flat_ocds_plan import flat_plan
from infrastructure.formats.tables.profiles import Profile
from infrastructure.formats.tables.reference_table_plan import SHAPES, plain, reference_plan
from infrastructure.formats.tables.rows import TablePlan

EXPECTED = (
    "flat OCDS: headings that are paths, ocid among them, such as ocid, id, date, tag, tender/title, "
    "awards/0/value/amount",
    "organisations: id, name, and any of legal_name, scheme, identifier, country, region, locality, scale, parent_id, "
    "url",
    "exchange rates: date, currency, rate, and base unless it is EUR; or the ECB's layout: Date, USD, JPY, …",
    "classifications: scheme, code, description, and parent where there is one",
)
SUGGESTED_HEADINGS = 20  # unknown headings for which similar known ones are suggested
PATHS = """
buyer/name buyer/id tender/id tender/title tender/description tender/status tender/value/amount tender/value/currency
tender/procurementMethod parties/0/name awards/0/id contracts/0/id
"""
KNOWN = {plain(one): one for one in (*Release.model_fields, *PATHS.split())} | {
    word: word for shape in SHAPES for words in shape.fields.values() for word in words
}


def plan_of(headings: Sequence[str], delimiter: str, profiles: Sequence[Profile], longest: int) -> TablePlan | None:
    """The plan of a profile, of flat OCDS or of a reference table; None for unknown headings, HeadingError if they
    conflict.
    """
    for profile in profiles:
        if profile.matches(headings):
            return profile.plan(headings, longest)
    numbers = number_between_semicolons if delimiter == ";" else number
    return flat_plan(headings, numbers, longest) or reference_plan(headings, numbers)


def meaningless(filename: str, headings: Sequence[str], profiles: Sequence[Profile]) -> InvalidError:
    """The error for unknown headings, with the expected ones and suggestions."""
    words = [heading.strip() for heading in headings if heading.strip()]
    guesses: dict[str, Any] = {}
    for word in words[:SUGGESTED_HEADINGS]:
        near = [KNOWN[one] for one in get_close_matches(plain(word), KNOWN, n=3, cutoff=0.6)]
        if near and word not in near:
            guesses[word[:80]] = list(dict.fromkeys(near))
    hint = "; ".join(f"{word!r} may be {near[0]!r}" for word, near in list(guesses.items())[:5])
    shown = ", ".join(word[:40] for word in words[:12])
    expected = [*EXPECTED, *(f"{profile.title}: {', '.join(profile.headings)}" for profile in profiles)]
    detail = f"{filename} is a table with unknown headings: {shown}" + (f" ({hint})" if hint else "")
    if any("/" in word for word in words) and "ocid" not in {plain(word) for word in words}:
        detail += "; a table with paths as headings needs a column ocid"
    return InvalidError(detail, expected=expected, guesses=guesses)
