"""Tables of users, API keys, revoked tokens and security events."""

from datetime import datetime

from sqlalchemy import Column, UniqueConstraint
from sqlmodel import Field, SQLModel

from infrastructure.warehouse.column_types import BigId
from infrastructure.warehouse.columns import instant


class UserRow(SQLModel, table=True):
    """A user of the API."""

    __tablename__ = "app_user"
    name: str = Field(primary_key=True)
    role: str
    password_hash: str
    created_at: datetime = instant()


class ApiKeyRow(SQLModel, table=True):
    """An API key, by the hash of its text; revoked ones are kept for the record."""

    __tablename__ = "api_key"
    id: str = Field(primary_key=True)
    name: str
    role: str
    owner: str = Field(index=True)
    hint: str
    key_hash: str = Field(unique=True)
    created_at: datetime = instant()
    expires_at: datetime = instant()
    last_used_at: datetime | None = instant(nullable=True)
    revoked_at: datetime | None = instant(nullable=True)


class RevokedTokenRow(SQLModel, table=True):
    """A token that was revoked before its expiry, by its id (`jti`)."""

    __tablename__ = "revoked_token"
    id: str = Field(primary_key=True)
    expires_at: datetime = instant()


class SecurityEventRow(SQLModel, table=True):
    """Equal security events of one hour."""

    __tablename__ = "security_event"
    __table_args__ = (UniqueConstraint("hour", "action", "actor", "address", "subject", name="uq_security_event"),)
    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    hour: datetime = instant()
    action: str
    actor: str
    address: str
    subject: str
    count: int
    first_at: datetime = instant()
    last_at: datetime = instant()
