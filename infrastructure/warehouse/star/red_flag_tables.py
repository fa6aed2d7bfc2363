"""Tables of red flags: the fact, and the dimension of its indicators."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from infrastructure.warehouse.column_types import Json
from infrastructure.warehouse.star.tables import fact_key, key, moment, number


class FactRedFlag(SQLModel, table=True):
    """Grain: a subject × an indicator. The subject is a process; an organisation that a flagged process names; or an
    organisation over all its processes (`process_key` is null).

    `compares_all`: the result depends on the quartiles of all data, and is made by the stage `red_flags`.
    """

    __tablename__ = "fact_red_flag"
    __table_args__ = (Index("ix_fact_red_flag_result", "result", "indicator_key"),)
    red_flag_key: int = fact_key()
    process_key: int | None = key(nullable=True, index=True)
    silver_batch: int
    ocid: str | None = None
    subject: str
    indicator_key: int = key()
    organization_key: int | None = key(nullable=True)
    organization_id: str | None = None
    role: str | None = None
    buyer_key: int | None = key(nullable=True)
    source_key: int | None = key(nullable=True)
    date_key: int | None = None
    result: str
    value: float | None = number()
    missing: str | None = None
    evidence: Any = Field(default=None, sa_column=Column(Json(), nullable=True))
    compares_all: bool = False


class DimIndicator(SQLModel, table=True):
    """An indicator of red flags, with the thresholds and quartiles that its results were last computed with."""

    __tablename__ = "dim_indicator"
    indicator_key: int = key(primary=True)
    code: str
    name: str
    description: str
    definition: str
    subjects: str
    inputs: str
    refresh: str
    thresholds: Any = Field(default=None, sa_column=Column(Json(), nullable=True))
    quartiles: Any = Field(default=None, sa_column=Column(Json(), nullable=True))
    refreshed_at: datetime | None = moment()
    updated_at: datetime | None = moment()
