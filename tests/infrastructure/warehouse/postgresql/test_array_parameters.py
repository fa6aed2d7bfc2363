"""Frames reach PostgreSQL by COPY and as arrays: every value comes out as it went in, as on SQLite."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import BigInteger, Boolean, Column, LargeBinary, MetaData, Table, Text, select
from sqlalchemy.exc import DataError, IntegrityError

from infrastructure.warehouse.column_types import Instant, Money
from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.repository import Repository

TEXTS = [
    "plain",
    "",
    None,
    "NULL",
    "null",
    '"',
    "\\",
    "\\N",
    '\\"',
    "{a,b}",
    "a,b",
    "line\nfeed\ttab\r",
    " lead",
    "é 漢字 🙂",
    "'; DROP",
    "%s %(x)s",
]
INSTANTS = [
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2024, 2, 29, 12, 0, 0, 1, tzinfo=UTC),
    None,
]
AMOUNTS = [0.1, -1.5, 1e16, 1.7976931348623157e308, 5e-324, 123456789.12, None]
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.Int64,
    "said": pl.String,
    "at": pl.Datetime("us", "UTC"),
    "amount": pl.Float64,
    "raw": pl.Binary,
    "good": pl.Boolean,
}
THINGS = Table(
    "thing",
    MetaData(),
    Column("id", BigInteger, primary_key=True),
    Column("said", Text),
    Column("at", Instant()),
    Column("amount", Money()),
    Column("raw", LargeBinary),
    Column("good", Boolean),
)


def rows() -> list[tuple[object, ...]]:
    flags = [True, False, None]
    return [
        (
            number - 3,
            text,
            INSTANTS[number % 4],
            AMOUNTS[number % 7],
            None if number % 5 == 0 else bytes([0, 92, 34, 255, number]),
            flags[number % 3],
        )
        for number, text in enumerate(TEXTS)
    ]


@pytest.mark.parametrize("kind", ["postgresql", "sqlite"])
def test_values_come_out_as_they_went_in(kind: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = request.getfixturevalue("database") if kind == "postgresql" else f"sqlite:///{tmp_path}/w.db"
    warehouse = SqlWarehouse(url)
    given = rows()
    frame = pl.DataFrame(given, schema=SCHEMA, orient="row")
    with warehouse.write() as work:
        THINGS.create(work.connection)
        repository = Repository(work.connection)
        repository.insert_frame(THINGS, frame)
        every = select(THINGS).order_by(THINGS.c.id)
        assert [tuple(row) for row in work.connection.execute(every)] == given
        repository.put_frame(THINGS, frame.with_columns(pl.col("said").reverse()), ["id"], ["said"])
        assert [row.said for row in work.connection.execute(every)] == TEXTS[::-1]
        repository.update_frame(THINGS, frame.select("id", "said", "at"), "id")
        assert [tuple(row) for row in work.connection.execute(every)] == given
        for text in TEXTS:
            found = (
                work.connection.execute(
                    select(THINGS.c.id).where(repository.among(THINGS.c.said, [text, "of nobody"]))
                ).all()
                if text is not None
                else [1]
            )
            assert len(found) == 1, text
        assert work.connection.execute(select(THINGS.c.id).where(repository.among(THINGS.c.id, [-3, 0, 99]))).all() == [
            (-3,),
            (0,),
        ]
        assert work.connection.execute(select(THINGS.c.id).where(repository.among(THINGS.c.id, []))).all() == []
    warehouse.close()


def test_errors_of_a_copy_are_those_of_every_statement(database: str) -> None:
    warehouse = SqlWarehouse(database)
    frame = pl.DataFrame([(1, "one")], schema={"id": pl.Int64, "said": pl.String}, orient="row")
    with warehouse.write() as work:
        THINGS.create(work.connection)
        work.commit()
        repository = Repository(work.connection)
        with pytest.raises(IntegrityError, match="duplicate key"):
            repository.insert_frame(THINGS, pl.concat([frame, frame]))
    with warehouse.write() as work, pytest.raises(DataError):
        Repository(work.connection).insert_frame(THINGS, frame.with_columns(said=pl.lit("a\0b")))
    with warehouse.write() as work:
        Repository(work.connection).insert_frame(THINGS, frame)  # the connection is sound
        work.commit()
    warehouse.close()
