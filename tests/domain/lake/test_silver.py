"""The quick check of silver rows finds whatever pandera's schemas find."""

from collections.abc import Iterator

import polars as pl
import pytest
from pandera.errors import SchemaErrors

from domain.lake.silver import ALL_TABLES, GRAIN, LEVELLED, REQUIRED, silver_schema, validated


def rows(table: str) -> pl.DataFrame:
    """Two rows that differ in each text, number and time of the table."""
    values: dict[object, list[object]] = {
        pl.String: ["a", "b"],
        pl.Boolean: [False, True],
        pl.Date: [0, 1],
        pl.List: [["a"], ["b"]],
        pl.Float64: [1.5, 2.5],
    }
    columns = {
        name: pl.Series(name, values.get(dtype.base_type(), [1, 2])).cast(dtype)
        for name, dtype in ALL_TABLES[table].items()
    }
    if table in LEVELLED:
        columns["level"] = pl.Series("level", ["planning", "award"])
    return pl.DataFrame(columns)


def faulty(table: str) -> Iterator[tuple[str, pl.DataFrame]]:
    """Frames with one fault each, by a description of it."""
    frame = rows(table)
    for name in REQUIRED[table]:
        yield f"null {name}", frame.with_columns(pl.when(pl.col(name) == frame[name][0]).then(name).alias(name))
    for name, dtype in ALL_TABLES[table].items():
        if name not in GRAIN.get(table, []):  # without it, pandera ends with an error of its own
            yield f"no {name}", frame.drop(name)
        other = pl.Int16 if dtype != pl.Int16 else pl.Int8
        yield f"type of {name}", frame.with_columns(pl.lit(1, other).alias(name))
    yield "further column", frame.with_columns(pl.lit(1).alias("further"))
    yield "order of columns", frame.select(reversed(frame.columns))
    if table in GRAIN:
        yield "same grain", frame.with_columns(pl.col(GRAIN[table]).first())
    if table in LEVELLED:
        yield "unknown level", frame.with_columns(pl.lit("contracts").alias("level"))


@pytest.mark.parametrize("table", ALL_TABLES)
def test_rows_that_conform_are_returned_as_they_are(table: str) -> None:
    for frame in (rows(table), rows(table).clear()):
        assert validated(table, frame) is frame
        silver_schema(table).validate(frame, lazy=True)  # pandera finds nothing wrong either


@pytest.mark.parametrize("table", ALL_TABLES)
def test_each_fault_is_refused_with_what_pandera_says(table: str) -> None:
    for what, frame in faulty(table):
        with pytest.raises(SchemaErrors) as by_pandera:
            silver_schema(table).validate(frame, lazy=True)
        with pytest.raises(SchemaErrors) as by_us:
            validated(table, frame)
        assert str(by_us.value) == str(by_pandera.value), what
