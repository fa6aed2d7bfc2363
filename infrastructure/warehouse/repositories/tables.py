"""The tables of gold by their names."""

from sqlalchemy import Table
from sqlmodel import SQLModel

from infrastructure.warehouse import documents as _more  # noqa: F401  registers the tables
from infrastructure.warehouse import star as _tables  # noqa: F401  registers the tables


def gold_table(name: str) -> Table:
    """The table of the star by its name."""
    return SQLModel.metadata.tables[name]
