"""Writes frames as CSV, JSON Lines, XLSX, Parquet or Arrow in bounded memory, by polars' streaming engine."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import IO

import polars as pl
import xlsxwriter
from polars.exceptions import PolarsError
from polars.io.plugins import register_io_source

from domain.shared.errors import InvalidError
from domain.star.exports import ExportFormat, harmless_texts
from infrastructure.system.durable_files import write_atomically

INSTANT = "%Y-%m-%dT%H:%M:%S%.fZ"  # as in JSON; a fraction only if there is one
CHUNK_BYTES = 1024 * 1024
XLSX_ROWS_MAX = 1_048_575  # of a sheet, without its heading
XLSX_CELL_CHARACTERS = 32_767
XLSX_OPTIONS = {
    "constant_memory": True,
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "nan_inf_to_errors": True,
}


class TableFiles:
    """Adapter of the port `TableExports`: unnamed files that vanish when closed; kept files in their own folder."""

    def __init__(self, folder: Path, kept: Path) -> None:
        self.folder, self.kept = folder, kept

    def write(self, frames: Iterator[pl.DataFrame], schema: pl.Schema, form: ExportFormat) -> IO[bytes]:
        """A file of the frames, which have this schema, at its beginning. The caller closes it.

        InvalidError for more rows than an XLSX sheet holds; errors of `frames` are raised as they are.
        """
        if form is ExportFormat.XLSX:
            return self._write(lambda file: _write_xlsx(frames, schema, file))
        return self._write(lambda file: _sink(frames, schema, form, file))

    def write_bytes(self, parts: Iterable[bytes]) -> IO[bytes]:
        """A file of these parts, at its beginning. The caller closes it; errors of `parts` are raised as they are."""
        return self._write(lambda file: file.writelines(parts))

    def save(self, name: str, file: IO[bytes]) -> int:
        """Keep a file, durably, under a name; its size in bytes."""
        write_atomically(self.kept / name, iter(partial(file.read, CHUNK_BYTES), b""), mode=0o600)
        return file.tell()

    def open(self, name: str) -> IO[bytes] | None:
        """The kept file of that name, at its beginning. The caller closes it."""
        try:
            return (self.kept / name).open("rb")
        except FileNotFoundError:
            return None

    def delete(self, name: str) -> None:
        """Delete the kept file of that name, if there is one."""
        (self.kept / name).unlink(missing_ok=True)

    def _write(self, fill: Callable[[IO[bytes]], None]) -> IO[bytes]:
        self.folder.mkdir(parents=True, exist_ok=True)
        file = tempfile.TemporaryFile(dir=self.folder)  # noqa: SIM115  # pylint: disable=consider-using-with
        try:
            fill(file)
        except BaseException:
            file.close()
            raise
        file.seek(0)
        return file


def _sink(frames: Iterator[pl.DataFrame], schema: pl.Schema, form: ExportFormat, file: IO[bytes]) -> None:
    failed: list[Exception] = []

    def source(
        with_columns: list[str] | None, predicate: pl.Expr | None, n_rows: int | None, batch_size: int | None
    ) -> Iterator[pl.DataFrame]:
        del predicate, n_rows, batch_size  # nothing is pushed down: the whole is written
        try:
            for frame in frames:
                yield frame if with_columns is None else frame.select(with_columns)
        except Exception as error:
            failed.append(error)
            raise

    lazy = register_io_source(source, schema=schema)
    try:
        match form:
            case ExportFormat.CSV:
                harmless_texts(lazy).sink_csv(file, datetime_format=INSTANT)
            case ExportFormat.JSONL:
                lazy.with_columns(_texts_of_instants(schema)).sink_ndjson(file)
            case ExportFormat.PARQUET:
                lazy.sink_parquet(file, compression="zstd", compression_level=1)
            case _:
                lazy.sink_ipc(file, compression="zstd")
    except PolarsError as error:
        raise (failed[0] if failed else error) from error


def _write_xlsx(frames: Iterator[pl.DataFrame], schema: pl.Schema, file: IO[bytes]) -> None:
    """Write one sheet. Texts are never formulas or links; instants are ISO 8601 texts, as Excel has no time zones."""
    with xlsxwriter.Workbook(file, XLSX_OPTIONS) as workbook:
        sheet = workbook.add_worksheet()
        sheet.freeze_panes(1, 0)
        dates = workbook.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, schema.names(), workbook.add_format({"bold": True}))
        row = 0
        for frame in frames:
            if row + frame.height > XLSX_ROWS_MAX:
                raise InvalidError(
                    f"a sheet has at most {XLSX_ROWS_MAX:,} rows: filter, or use CSV or Parquet", parameter="format"
                )
            for values in frame.with_columns(_texts_of_instants(schema)).iter_rows():
                row += 1
                for column, value in enumerate(values):
                    _write_cell(sheet, row, column, value, dates)


def _texts_of_instants(schema: pl.Schema) -> list[pl.Expr]:
    return [pl.col(name).dt.to_string(INSTANT) for name, dtype in schema.items() if isinstance(dtype, pl.Datetime)]


def _write_cell(sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, value: object, dates: object) -> None:
    match value:
        case None:
            return
        case str():
            fits = len(value) <= XLSX_CELL_CHARACTERS
            sheet.write_string(row, column, value if fits else f"{value[: XLSX_CELL_CHARACTERS - 1]}…")
        case bool():
            sheet.write_boolean(row, column, value)
        case int() if abs(value) > 2**53:  # a surrogate key: a spreadsheet's numbers have 53 bits
            sheet.write_string(row, column, str(value))
        case int() | float():
            sheet.write_number(row, column, value)
        case _:
            sheet.write_datetime(row, column, value, dates)
