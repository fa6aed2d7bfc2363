"""Adds attributes of dimensions to frames of fact rows.

A join in SQL makes a value for each row and attribute. Here each dimension row is read once, and joined by polars.
"""

from collections.abc import Mapping

import polars as pl
from sqlalchemy import select

from domain.star.exports import COLUMN_TYPES
from domain.star.queries import FieldKind
from infrastructure.warehouse.repository import Repository, chunks
from infrastructure.warehouse.star.frames import frame_column, frames
from infrastructure.warehouse.star.readable_fields import DimensionRole, kind_of

KEPT_ROWS = 100_000  # of a dimension, between two frames


class DimensionAttributes:
    """The attributes (field name → kind) of a dimension in a role; `key` is the frames' column with its keys."""

    def __init__(
        self, repository: Repository, role: DimensionRole, attributes: Mapping[str, FieldKind], key: str
    ) -> None:
        self.repository, self.role, self.key = repository, role, key
        self.key_kind = kind_of(role.target.type)
        self.kinds = {self.key: self.key_kind, **attributes}
        self._known = self._empty()

    def add_to(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Add the attributes of each row's dimension row, in the order of the frame; null where there is none."""
        keys = frame.select(self.key).unique().drop_nulls()
        missing = keys.join(self._known, on=self.key, how="anti")[self.key]
        if missing.len():
            if self._known.height > KEPT_ROWS:
                self._known = self._known.join(keys, on=self.key, how="semi")
            self._known = pl.concat([self._known, *self._read(missing)])
        return frame.join(self._known, on=self.key, how="left", maintain_order="left")

    def _read(self, keys: pl.Series) -> list[pl.DataFrame]:
        connection, target, table = self.repository.connection, self.role.target, self.role.table
        columns = [target, *[table.c[name.rpartition(".")[2]] for name in self.kinds if name != self.key]]
        named = zip(columns, self.kinds.items(), strict=True)
        query = select(*[frame_column(connection, column, kind).label(name) for column, (name, kind) in named])
        if self.role.by_id:
            query = query.where(table.c.is_current)
        found: list[pl.DataFrame] = []
        for part in chunks(keys):
            found += frames(connection, query.where(self.repository.among(target, part)), self.kinds)
        return found

    def _empty(self) -> pl.DataFrame:
        return pl.DataFrame(schema={name: COLUMN_TYPES[kind] for name, kind in self.kinds.items()})
