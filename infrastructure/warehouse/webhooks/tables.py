"""Tables of webhooks and of their deliveries (the transactional outbox)."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Index
from sqlmodel import Field, SQLModel

from infrastructure.warehouse.column_types import BigId, Json
from infrastructure.warehouse.columns import instant


class WebhookRow(SQLModel, table=True):
    """A webhook. Its secret is encrypted (infrastructure/files/secret_encryption.py)."""

    __tablename__ = "webhook"
    id: str = Field(primary_key=True)
    url: str
    secret: str
    events: Any = Field(default=None, sa_column=Column(Json(), nullable=False))
    active: bool = True
    description: str = ""
    created_at: datetime = instant()


class DeliveryRow(SQLModel, table=True):
    """One message to one URL, written in the transaction of its event, so that none is lost.

    A run has the lease until `lease_until`; `next_at` is the time of the next attempt. `host` and `url_hash` identify
    the receiver. The index of due deliveries covers all columns of the choice, as a slow receiver may have thousands of
    them.
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
