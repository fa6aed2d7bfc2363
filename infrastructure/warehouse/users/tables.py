"""The table of users."""

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
