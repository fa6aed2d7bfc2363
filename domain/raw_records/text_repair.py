"""Repairs of texts and numbers in parsed JSON: U+0000, lone surrogates, numbers as texts."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from domain.raw_records.note_codes import note
from domain.raw_records.record import Note
from domain.shared.exact_json import ExactNumber
from domain.shared.json_pointer import pointer

MAX_EXACT_FLOAT = 2**53  # above it, floating-point numbers don't represent every integer
ESCAPE = re.compile(
    rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.S
)


def number_as_text(value: Any) -> str | None:
    """A number as text, for ids; None if it is no number or has lost digits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, ExactNumber):
        return value.text
    if isinstance(value, float) and value.is_integer():
        return str(int(value)) if abs(value) < MAX_EXACT_FLOAT else None
    return repr(value)


def walk(release: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every object and array with its path, parents first; without recursion, for any depth."""
    pending: list[tuple[str, Any]] = [("", release)]
    while pending:
        path, holder = pending.pop()
        yield path, holder
        inside = holder.items() if isinstance(holder, dict) else enumerate(holder)
        below = [(path + pointer([key]), value) for key, value in inside if isinstance(value, dict | list)]
        pending += reversed(below)


def note_rounded(release: dict[str, Any], notes: list[Note]) -> None:
    """Add one note on the numbers with more digits than the star holds."""
    paths = []
    for path, holder in walk(release):
        inside = holder.items() if isinstance(holder, dict) else enumerate(holder)
        paths += [path + pointer([key]) for key, value in inside if isinstance(value, ExactNumber)]
    if paths:
        notes.append(note("rounded_number", paths[0], _counted(paths)))


def strip_nul(release: dict[str, Any], notes: list[Note]) -> None:
    """Remove U+0000 from every text, names of fields included; one note per release."""
    paths: list[str] = []
    for path, holder in walk(release):
        inside = list(holder.items() if isinstance(holder, dict) else enumerate(holder))
        for key, value in inside:
            if isinstance(value, str) and "\x00" in value:
                holder[key] = value.replace("\x00", "")
                paths.append(path + pointer([str(key).replace("\x00", "")]))
        if isinstance(holder, dict) and any("\x00" in key for key in holder):
            paths.append(path)
            renamed = {key.replace("\x00", ""): value for key, value in holder.items()}
            holder.clear()
            holder.update(renamed)
    if paths:
        notes.append(note("nul_character", paths[0], _counted(paths)))


def replace_surrogates(raw: bytes) -> bytes:
    r"""The JSON text with `\ufffd` in place of each half of a surrogate pair."""
    return ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], raw)


def _counted(paths: Sequence[str]) -> str:
    return ", ".join(path.removeprefix("/") for path in paths[:3]) + (
        f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    )
