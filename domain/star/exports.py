"""Exports of the star as files: their formats, and the types of their columns. Pure."""

from collections.abc import Generator, Mapping
from enum import StrEnum

import polars as pl

from domain.star.queries import FieldKind

FrameStream = Generator[pl.DataFrame, None, None]  # frames of bounded size, to be read to the end or closed
COLUMN_TYPES: Mapping[FieldKind, pl.DataType] = {
    FieldKind.TEXT: pl.String(),
    FieldKind.INTEGER: pl.Int64(),
    FieldKind.NUMBER: pl.Float64(),
    FieldKind.INSTANT: pl.Datetime("us", "UTC"),
    FieldKind.DATE: pl.Date(),
    FieldKind.BOOLEAN: pl.Boolean(),
}
FORMULA_START = r"^[=+\-@\t\r]"  # OWASP, CSV injection


class ExportFormat(StrEnum):
    """A file format, as `?format=` names it."""

    CSV = "csv"
    JSONL = "jsonl"
    XLSX = "xlsx"
    PARQUET = "parquet"
    ARROW = "arrow"

    @property
    def media_type(self) -> str:
        """The media type of the Content-Type and Accept headers."""
        return MEDIA_TYPES[self]


MEDIA_TYPES: Mapping[ExportFormat, str] = {
    ExportFormat.CSV: "text/csv",
    ExportFormat.JSONL: "application/jsonl",
    ExportFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ExportFormat.PARQUET: "application/vnd.apache.parquet",
    ExportFormat.ARROW: "application/vnd.apache.arrow.file",
}


def column_schema(kinds: Mapping[str, FieldKind]) -> pl.Schema:
    """The schema of columns of these kinds."""
    return pl.Schema({name: COLUMN_TYPES[kind] for name, kind in kinds.items()})


def harmless_texts(frame: pl.LazyFrame) -> pl.LazyFrame:
    """Texts that a spreadsheet would run as a formula get a leading apostrophe. Numbers stay as they are."""
    text = pl.selectors.string()
    return frame.with_columns(pl.when(text.str.contains(FORMULA_START)).then("'" + text).otherwise(text).name.keep())
