"""The table of idempotency keys."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from infrastructure.warehouse.column_types import Json
from infrastructure.warehouse.columns import instant


class IdempotencyKeyRow(SQLModel, table=True):
    """A used idempotency key: its user, the fingerprint of the request, and the jobs."""

    __tablename__ = "idempotency_key"
    __table_args__ = (Index("ix_idempotency_key_created", "created_at"),)
    actor: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    jobs: Any = Field(default=None, sa_column=Column(Json(), nullable=False))
    created_at: datetime = instant()
