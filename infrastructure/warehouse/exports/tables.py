"""The table of exports."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from infrastructure.warehouse.column_types import Json
from infrastructure.warehouse.columns import instant


class ExportRow(SQLModel, table=True):
    """What an export job writes, and until when its file is kept."""

    __tablename__ = "export"
    job_id: str = Field(primary_key=True)
    order: Any = Field(default=None, sa_column=Column("order", Json(), nullable=False))
    expires_at: datetime | None = instant(nullable=True)
