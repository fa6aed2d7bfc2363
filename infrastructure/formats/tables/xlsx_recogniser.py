"""XLSX workbooks: each sheet is a table; sheets of flat OCDS have parts of the same releases, as flatten-tool writes
them.
"""

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from domain.jobs.job import Position
from domain.shared.errors import InvalidError, reason_of
from infrastructure.formats.archives import zip_members
from infrastructure.formats.tables import record_spool
from infrastructure.formats.tables.rows import RowProblem, Sheet, SpoolEntry, TableRow, refusal
from infrastructure.formats.tables.sheets import SpooledTables, Table, entries, table
from infrastructure.formats.tables.xlsx_parts import Book
from infrastructure.formats.tables.xlsx_rows import rows
from infrastructure.formats.text.utf8_copies import MAX_UNPACK_RATIO, UNLIMITED_BYTES

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
WORKBOOK = "xl/workbook.xml"
MAX_PARTS = 10_000  # of a workbook: sheets, pictures and the like
OTHERS = {
    "xl/vbaProject.bin": "a workbook with macros (.xlsm); save it as .xlsx",
    "xl/workbook.bin": "a binary workbook (.xlsb); save it as .xlsx",
    "content.xml": "an OpenDocument file (.ods or the like); save it as .xlsx or CSV",
    "word/document.xml": "a Word document; tables are read from .xlsx and CSV",
}


class Workbook(SpooledTables):
    """Recognises and reads XLSX workbooks; see docs/formats.md."""

    name = "xlsx"
    kind = "an XLSX workbook of such tables"
    binary = True

    def recognise(self, text: Path, filename: str) -> Position | None:
        """The first position; None if the file is no workbook. InvalidError for workbook formats that are not
        supported.
        """
        with text.open("rb") as file:
            head = file.read(8)
        if head == OLE:
            raise InvalidError(
                f"{filename} is an old Excel file (.xls), or a workbook with a password; save it as .xlsx without one"
            )
        if not head.startswith(zip_members.MAGICS):
            return None
        names = _names(text)
        for name, what in OTHERS.items():
            if name in names:
                raise InvalidError(f"{filename} is {what}")
        return {"at": 0} if WORKBOOK in names else None

    def build(self, text: Path, filename: str, position: Position, target: Path) -> None:
        """Build the spool of a workbook."""
        size = text.stat().st_size
        unpacked = min(self.most, max(size * MAX_UNPACK_RATIO, UNLIMITED_BYTES))
        with _opened(text, unpacked) as book:
            record_spool.build(target, self._entries(book, filename), unpacked, self.most, self.longest)

    def _entries(self, book: Book, filename: str) -> Iterator[SpoolEntry]:
        sheets, styles, texts = book.sheets()
        tables: list[Table] = []
        for name, part in sheets:
            sheet_name = f"{filename}/{name}"
            if part is None:
                yield refusal(
                    Sheet(sheet_name, (), iter(())),
                    TableRow(1, None, []),
                    RowProblem("unknown_sheet", "the workbook has no part for the sheet"),
                )
                continue
            read = partial(rows, book, part, styles, texts)
            if (found := table(sheet_name, read, ",", self.profiles, self.longest, pad=True)) is not None:
                tables.append(found)
        yield from entries(tables, self.profiles)


@contextmanager
def _opened(path: Path, most: int) -> Iterator[Book]:
    try:
        archive = zipfile.ZipFile(path)  # pylint: disable=consider-using-with  # closed below
    except zip_members.DAMAGE as error:
        raise InvalidError(f"the workbook is damaged: {reason_of(error)}") from error
    with archive:
        yield Book(archive, most)


def _names(path: Path) -> set[str]:
    """The members of the zip; empty if it is damaged, which the archive recogniser reports."""
    size = zip_members.directory_size(path)
    if size is None or size > zip_members.DIRECTORY_MAX_BYTES or zip_members.entries(path) > MAX_PARTS:
        return set()
    try:
        with zipfile.ZipFile(path) as archive:
            return set(archive.namelist())
    except zip_members.DAMAGE:
        return set()
