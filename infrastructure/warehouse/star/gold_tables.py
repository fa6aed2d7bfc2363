"""The tables of gold by name."""

from sqlalchemy import Table
from sqlmodel import SQLModel

from infrastructure.warehouse.star import bid_tables as _bids  # noqa: F401  registers the tables
from infrastructure.warehouse.star import document_tables as _more  # noqa: F401  registers the tables
from infrastructure.warehouse.star import red_flag_tables as _flags  # noqa: F401  registers the tables
from infrastructure.warehouse.star import tables as _tables  # noqa: F401  registers the tables


def gold_table(name: str) -> Table:
    """The table of the star with that name."""
    return SQLModel.metadata.tables[name]
