"""Tables of saved searches, and of what they have found."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from infrastructure.warehouse.column_types import Json
from infrastructure.warehouse.columns import instant


class SavedSearchRow(SQLModel, table=True):
    """A search that somebody saved: `parameters` as they were given, `query` as engines take it."""

    __tablename__ = "saved_search"
    id: str = Field(primary_key=True)
    owner: str = Field(index=True)
    name: str
    parameters: Any = Field(sa_column=Column(Json(), nullable=False))
    query: Any = Field(sa_column=Column(Json(), nullable=False))
    url: str | None = None
    secret: str | None = None
    token: str | None = None
    created_at: datetime = instant()
    changed_at: datetime = instant()


class SearchMatchRow(SQLModel, table=True):
    """A document that a saved search was told of."""

    __tablename__ = "search_match"
    __table_args__ = (Index("ix_search_match_newest", "search_id", "matched_at"),)
    search_id: str = Field(primary_key=True)
    document_id: str = Field(primary_key=True)
    title: str
    matched_at: datetime = instant()


class SearchBeforeRow(SQLModel, table=True):
    """A document of a run of the index stage that has not ended: the saved searches that found it before it was written."""

    __tablename__ = "search_before"
    collection: str = Field(primary_key=True)
    document_id: str = Field(primary_key=True)
    searches: Any = Field(sa_column=Column(Json(), nullable=False))
    asked_at: datetime = instant()
