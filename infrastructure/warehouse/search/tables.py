"""Tables of the search: synonyms, and the embedding model that the installation has chosen."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column
from sqlmodel import Field, SQLModel

from infrastructure.warehouse.column_types import Json
from infrastructure.warehouse.columns import instant


class SynonymRow(SQLModel, table=True):
    """Words that find each other."""

    __tablename__ = "synonym"
    id: str = Field(primary_key=True)
    root: str | None = None
    words: Any = Field(sa_column=Column(Json(), nullable=False))
    updated_at: datetime = instant()


class EmbeddingRow(SQLModel, table=True):
    """The model that the watermark of the embed stage is of: one row, none while embeddings are off."""

    __tablename__ = "embedding"
    stage: str = Field(primary_key=True)
    model: str
