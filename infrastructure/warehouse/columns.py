"""Columns that several tables share."""

from typing import Any

from sqlalchemy import Column
from sqlmodel import Field

from infrastructure.warehouse.column_types import Instant


def instant(*, nullable: bool = False) -> Any:
    return Field(default=None, sa_column=Column(Instant(), nullable=nullable))
