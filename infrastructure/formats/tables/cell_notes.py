"""Notes on cells of a table: per record one note for each code, with its first cells and their number."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson

from domain.raw_records.note_codes import note
from domain.raw_records.record import Note
from domain.shared.json_pointer import pointer
from domain.tables.heading_paths import Path, heading_of

MAX_SHOWN = 3  # cells named in a note


class CellNote(NamedTuple):
    """A note on one cell: the path of its value, and what was done."""

    code: str
    path: Path
    detail: str


def cell_note(code: str, line: int, path: Path, detail: str) -> CellNote:
    """A note on a cell of row `line`, or on the whole row if the path is empty."""
    return CellNote(
        code,
        path,
        f"row {line}, {heading_of(path)}: {detail}" if path else f"row {line}{': ' if detail else ''}{detail}",
    )


def packed(cell_notes: Sequence[CellNote]) -> bytes:
    """The notes as a field of the spool: [code, path, count, first details] per code."""
    return (
        _dump([[cell.code, _pointer(cell.path), 1, [cell.detail[:300]]] for cell in cell_notes]) if cell_notes else b""
    )


def merge_fields(*fields: bytes) -> bytes:
    """The merged note fields of several parts of a record."""
    filled = [field for field in fields if field]
    return (
        filled[0]
        if len(filled) == 1
        else _dump([entry for field in filled for entry in orjson.loads(field)])
        if filled
        else b""
    )


def notes(field: bytes) -> tuple[Note, ...]:
    """The notes in a field of the spool."""
    return tuple(_note(*entry) for entry in orjson.loads(field)) if field else ()


def _dump(entries: Sequence[Sequence[Any]]) -> bytes:
    found: dict[str, tuple[str, str, int, list[str]]] = {}
    for code, path, count, details in entries:
        _, first, earlier_count, shown_before = found.get(code, (code, path, 0, []))
        found[code] = (code, first, earlier_count + count, [*shown_before, *details][:MAX_SHOWN])
    return orjson.dumps(list(found.values()))


def _note(code: str, path: str, count: int, details: Sequence[str]) -> Note:
    more = f"; and {count - len(details)} more" if count > len(details) else ""
    return note(code, path, f"{'; '.join(details)}{more}")


def _pointer(path: Path) -> str:
    """The JSON Pointer of a path; "" if it has array indexes, which change when the rows of a release are merged."""
    return "" if any(isinstance(part, int) for part in path) else pointer(path)
