"""Tables beside the ledger: keys that make a repeated request answer with its first job, webhooks, and what is to be delivered to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field, SQLModel

from infrastructure.warehouse.column_types import BigId, Json
from infrastructure.warehouse.columns import instant


class WebhookRow(SQLModel, table=True):
    """A standing webhook. Its secret is sealed (infrastructure/files/sealing.py)."""

    __tablename__ = "webhook"
    id: str = Field(primary_key=True)
    url: str
    secret: str
    events: Any = Field(default=None, sa_column=Column(Json(), nullable=False))
    active: bool = True
    description: str = ""
    created_at: datetime = instant()


class DeliveryRow(SQLModel, table=True):
    """One message to one URL; written in the transaction that makes it true, so that none is lost.

    `lease_until`: a run is at it until then; `next_at` stays when it is tried next. `host` and `url_hash` tell receivers apart in the index of
    what is due, which holds all that choosing takes: a receiver that hangs may have thousands of deliveries waiting.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        Index("ix_delivery_due", "status", "next_at", "lease_until", "attempts", "url_hash", "host", "id"),
        Index("ix_delivery_lease", "lease_until"),
        Index("ix_delivery_ref", "ref", "id"),
        Index("ix_delivery_webhook", "webhook_id", "id"),
        Index("ix_delivery_created", "created_at"),
    )
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    webhook_id: str | None = None
    ref: str
    event: str
    url: str
    url_hash: int = Field(default=0, sa_column=Column(BigInteger, nullable=False))
    host: str = ""
    secret: str
    payload: Any = Field(default=None, sa_column=Column(Json(), nullable=False))
    status: str = "pending"
    attempts: int = 0
    next_at: datetime | None = instant(nullable=True)
    lease_until: datetime | None = instant(nullable=True)
    last_status: int | None = None
    last_error: str | None = None
    created_at: datetime = instant()
    delivered_at: datetime | None = instant(nullable=True)
