"""Tables of users, API keys and revoked tokens."""

from datetime import datetime

from sqlmodel import Field, SQLModel

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
