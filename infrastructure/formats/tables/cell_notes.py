"""What is noted of a record while its rows are read: one note a code, with its first cells and how many there are."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from domain.raw_records.note_codes import NOTES as OF_RELEASES
from domain.raw_records.record import Note
from domain.shared.json_pointer import pointer
from domain.tables.heading_paths import Path, heading_of

MAX_SHOWN = 3  # cells named in a note
NOTES: dict[str, str] = {
    "numeric_date": "a date whose day and month are numbers; written in ISO 8601",
    "nul_character": OF_RELEASES["nul_character"],
    "digits_lost": "a number with more digits than a 64-bit float keeps; rounded",
    "blank_value": OF_RELEASES["blank_value"],
}


class CellNote(NamedTuple):
    """Something noted of a cell: the path that it goes to, and what was done."""

    code: str
    path: Path
    detail: str


def cell_note(code: str, line: int, path: Path, detail: str) -> CellNote:
    """A remark on a cell of this row."""
    return CellNote(code, path, f"row {line}, {heading_of(path)}: {detail}" if path else f"row {line}{': ' if detail else ''}{detail}")


def packed(remarks: Sequence[CellNote]) -> bytes:
    """The remarks as a field of the spool: [code, path, count, the first details] for each code."""
    return _dump([[one.code, _pointer(one.path), 1, [one.detail[:300]]] for one in remarks]) if remarks else b""


def merge_fields(*fields: bytes) -> bytes:
    """Fields of several parts of a record as one."""
    filled = [one for one in fields if one]
    return filled[0] if len(filled) == 1 else _dump([entry for one in filled for entry in orjson.loads(one)]) if filled else b""


def notes(field: bytes) -> tuple[Note, ...]:
    """The notes that a field of the spool stands for."""
    return tuple(_note(*entry) for entry in orjson.loads(field)) if field else ()


def _dump(entries: Sequence[Sequence[Any]]) -> bytes:
    found: dict[str, tuple[str, str, int, list[str]]] = {}
    for code, path, count, details in entries:
        _, first, before, shown_before = found.get(code, (code, path, 0, []))
        found[code] = (code, first, before + count, [*shown_before, *details][:MAX_SHOWN])
    return orjson.dumps(list(found.values()))


def _note(code: str, path: str, count: int, details: Sequence[str]) -> Note:
    more = f"; and {count - len(details)} more" if count > len(details) else ""
    return Note(code=code, path=path, message=f"{NOTES[code]}: {'; '.join(details)}{more}")


def _pointer(path: Path) -> str:
    """Where the rows of a release are put together, places in arrays change: they are left out of pointers."""
    return "" if any(isinstance(part, int) for part in path) else pointer(path)
