"""The tables of gold by name."""

from sqlalchemy import Table
from sqlmodel import SQLModel

from domain.marts.marts import TABLES as MART_TABLES
from domain.star.model import DIMENSIONS, FACTS
from infrastructure.warehouse.star import bid_tables as _bids  # noqa: F401  registers the tables
from infrastructure.warehouse.star import document_tables as _more  # noqa: F401  registers the tables
from infrastructure.warehouse.star import mart_tables as _marts  # noqa: F401  registers the tables
from infrastructure.warehouse.star import organization_tables as _organizations  # noqa: F401  registers the tables
from infrastructure.warehouse.star import quality_tables as _quality  # noqa: F401  registers the tables
from infrastructure.warehouse.star import red_flag_tables as _flags  # noqa: F401  registers the tables
from infrastructure.warehouse.star import tables as _tables  # noqa: F401  registers the tables


def gold_table(name: str) -> Table:
    """The table of the star with that name."""
    return SQLModel.metadata.tables[name]


def star_tables() -> list[str]:
    """The names of the tables of the star."""
    names = [*FACTS, *DIMENSIONS, "dim_organization", "dim_date", "dim_exchange_rate", "dim_indicator"]
    names += ["bridge_process_organization"]
    names += ["organization_profile", "organization_block", "organization_match"]
    names += [*MART_TABLES, "organization_total", "fact_document", "document_claim", "process_file"]
    return [*names, "process_quality", "quality_total"]
