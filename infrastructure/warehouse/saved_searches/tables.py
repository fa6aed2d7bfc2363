"""Tables of saved searches and their matches."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from infrastructure.warehouse.column_types import Json
from infrastructure.warehouse.columns import instant


class SavedSearchRow(SQLModel, table=True):
    """A saved search: `parameters` as given by its owner, `query` as search engines take it."""

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
    """A match: a document that a saved search found."""

    __tablename__ = "search_match"
    __table_args__ = (Index("ix_search_match_newest", "search_id", "matched_at"),)
    search_id: str = Field(primary_key=True)
    document_id: str = Field(primary_key=True)
    title: str
    matched_at: datetime = instant()


class SearchBeforeRow(SQLModel, table=True):
    """Prior matches: the saved searches that found a document before an unfinished index run wrote it."""

    __tablename__ = "search_before"
    collection: str = Field(primary_key=True)
    document_id: str = Field(primary_key=True)
    searches: Any = Field(sa_column=Column(Json(), nullable=False))
    asked_at: datetime = instant()
