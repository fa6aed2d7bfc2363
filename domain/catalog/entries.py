"""Models of the data catalogue."""

from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import BaseModel, Field

Layer = Literal["bronze", "silver", "gold", "marts"]


class StoredColumn(NamedTuple):
    """A column of a table of the warehouse."""

    name: str
    type: str
    key: bool
    nullable: bool


class StoredTable(NamedTuple):
    """A table of the warehouse: the text of its class, and its columns."""

    name: str
    text: str
    columns: list[StoredColumn]


class StoredSize(NamedTuple):
    """The size of a table of the lake."""

    rows: int
    bytes: int
    changed_at: datetime | None


class CatalogColumn(BaseModel):
    """A column of a table."""

    name: str = Field(examples=["amount"])
    type: str = Field(examples=["number"])
    key: bool = Field(description="whether it is part of the table's key")
    nullable: bool
    description: str | None = None
    sources: list[str] = Field(
        description="what it is made of: columns of the layer before as table.column, or paths in the raw record"
    )


class TableQuality(BaseModel):
    """The checks that look at the rows of a table."""

    checks: list[str] = Field(description="codes of checks", examples=[["tender_period_order"]])
    failed: int = Field(description="failures: process × check")
    links: dict[str, str]


class CatalogTable(BaseModel):
    """A table of the lake or the warehouse."""

    name: str = Field(examples=["fact_award"])
    layer: Layer
    owner: str = Field(description="setting TENDERLAKE_DATA_OWNER", examples=["tenderlake"])
    description: str
    grain: str | None = Field(description="what one row is")
    rows: int | None = Field(description="bronze and silver: of all versions, as written; gold: current rows")
    bytes: int | None = Field(description="size on disk, of tables of the lake")
    changed_at: datetime | None = Field(description="freshness: when a stage last wrote the layer or the table")
    inputs: list[str] = Field(description="tables that it is made of", examples=[["silver.award"]])
    quality: TableQuality | None = Field(description="null: no check looks at it")
    links: dict[str, str]


class CatalogEntry(CatalogTable):
    """A table with its columns."""

    columns: list[CatalogColumn]


class Catalog(BaseModel):
    """All tables, by layer."""

    items: list[CatalogTable]
    next: str | None = Field(None, description="always null: one page has all")
