"""The data-quality notes of a process."""

from domain.quality.report import ProcessNote
from domain.star.queries import Condition, RowQuery
from services.ports.warehouse import ReadUnitOfWork

PROCESS_MAX_NOTES = 100_000


def process_notes(work: ReadUnitOfWork, process_key: int) -> list[ProcessNote]:
    """The notes on the data of a process, in a fixed order."""
    query = RowQuery("note", (Condition("process_key", "eq", (process_key,)),), limit=PROCESS_MAX_NOTES)
    rows = work.star_reader.rows(query).rows
    found = [ProcessNote(**{name: row[name] for name in ProcessNote.model_fields}) for row in rows]
    return sorted(found, key=lambda note: (note.code, note.path or "", note.record_id or "", note.message or ""))
