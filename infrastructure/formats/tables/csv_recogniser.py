"""CSV tables with any common delimiter: recognised by their headings, read through the spool."""

import csv
import io
from codecs import BOM_UTF8
from collections.abc import Iterator, Sequence
from pathlib import Path

from domain.jobs.job import Position
from domain.shared.errors import InvalidError
from domain.tables.heading_paths import HeadingError
from infrastructure.formats.tables import record_spool
from infrastructure.formats.tables.csv_rows import DELIMITERS, CsvRows, Dialect
from infrastructure.formats.tables.flat_ocds_plan import FLAT_OCDS
from infrastructure.formats.tables.meta_sheet import meta_of
from infrastructure.formats.tables.plan_choice import meaningless, plan_of
from infrastructure.formats.tables.sheets import SpooledTables, Table, entries, table

PEEK_BYTES = 1 << 20
NUL = "\x00"
SHEET, META = "sheet", "meta"  # roles of a table among those of its folder in an archive
SEP = "sep="  # spreadsheet programs write the delimiter after this, before the headings
MARKUP = ("<", "{", "[", "%PDF", "%!")
SAMPLE_CHARACTERS = 10_000  # characters; a control character among them makes the file binary
CONTROL = set(map(chr, range(32))) - set("\t\n\r\f")


class CsvTable(SpooledTables):
    """Recognises and reads CSV tables; see docs/formats.md."""

    name = "csv"
    kind = "a CSV table (flat OCDS, organisations, exchange rates, classifications, or one that a profile knows)"
    binary = False

    def recognise(self, text: Path, filename: str) -> Position | None:
        """The first position; None if the file is no table. InvalidError if its headings are unknown or conflict."""
        head = _head(text)
        binary = not CONTROL.isdisjoint(head[:SAMPLE_CHARACTERS].replace(NUL, ""))
        if "\n" not in head and "\r" in head.strip() and not binary:
            raise InvalidError(f"{filename} has lines that end with a carriage return only; save it with line feeds")
        tables = list(_tables(head)) if head else []
        if not tables:
            return None
        bom_bytes = _bom_bytes(text)
        try:
            for dialect, headings in tables:
                plan = plan_of(headings, dialect.delimiter, self.profiles, self.longest)
                if plan is not None:
                    role = SHEET if plan.name == FLAT_OCDS else None
                    return {"at": 0, "dialect": list(dialect._replace(offset=dialect.offset + bom_bytes)), "role": role}
        except HeadingError as error:
            raise InvalidError(f"{filename}: {error}") from error
        if binary:
            return None
        for dialect, _ in tables:
            dialect = dialect._replace(offset=dialect.offset + bom_bytes)
            if meta_of(iter(CsvRows(text, dialect, self.longest))) is not None:
                return {"at": 0, "dialect": list(dialect), "role": META}
        raise meaningless(filename, max(tables, key=lambda table: len(table[1]))[1], self.profiles)

    def role(self, position: Position) -> str | None:
        """SHEET if the file may be one of several sheets of flat OCDS, META if it is their Meta sheet, else None."""
        return position.get("role")

    def joined(self, first: Path) -> bool:
        """Whether the sheets that are read together with `first` have been joined."""
        return self.spool(first).exists()

    def join(self, parts: Sequence[tuple[Path, str, Position]]) -> None:
        """Build one spool from these sheets, under the name of the first one's spool."""
        self._spool(parts, self.spool(parts[0][0]))

    def _table(self, text: Path, filename: str, dialect: Dialect) -> Table | None:
        rows = CsvRows(text, dialect, self.longest)
        return table(filename, lambda: iter(rows), dialect.delimiter, self.profiles, self.longest)

    def build(self, text: Path, filename: str, position: Position, target: Path) -> None:
        """Build the spool of a table."""
        self._spool([(text, filename, position)], target)

    def _spool(self, parts: Sequence[tuple[Path, str, Position]], target: Path) -> None:
        found = [
            one
            for text, name, position in parts
            if (one := self._table(text, name, Dialect(*position["dialect"]))) is not None
        ]
        columns = {one.name: "\n".join(sorted(map(str.strip, one.headings.cells))) for one in found}
        size = sum(text.stat().st_size for text, _, _ in parts)
        record_spool.build(target, entries(found, self.profiles), size, self.most, self.longest, columns)


def _head(text: Path) -> str:
    """The first characters; "" if they can't be those of a table."""
    with text.open("rb") as file:
        head = file.read(PEEK_BYTES).decode("utf-8", "replace").removeprefix("\ufeff")
    begin = head.lstrip()
    return "" if not begin or begin.startswith(MARKUP) else head


def _bom_bytes(text: Path) -> int:
    """The number of bytes of the byte order mark; 0 if there is none."""
    with text.open("rb") as file:
        return len(BOM_UTF8) if file.read(len(BOM_UTF8)) == BOM_UTF8 else 0


def _tables(head: str) -> Iterator[tuple[Dialect, list[str]]]:
    """Dialects by which the beginning has two columns or more, with the headings; a declared delimiter is the
    only one.
    """
    lines = io.StringIO(head, newline="").readlines()
    skipped = 0
    while skipped < len(lines) and not lines[skipped].replace(NUL, "").strip():
        skipped += 1
    named = lines[skipped].replace(NUL, "").strip() if skipped < len(lines) else ""
    delimiters: Sequence[str] = DELIMITERS
    if named.lower().startswith(SEP) and len(named) == len(SEP) + 1:
        delimiters, skipped = named[-1], skipped + 1
    offset = sum(len(line.encode()) for line in lines[:skipped])
    for delimiter in delimiters:
        reader = csv.reader((line.replace(NUL, "") for line in lines[skipped:]), delimiter=delimiter, strict=True)
        try:
            headings = next(reader)
        except (StopIteration, csv.Error):
            continue
        if len(headings) > 1:
            yield Dialect(delimiter, offset, skipped + 1), headings
