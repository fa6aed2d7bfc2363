"""Tables of the search: synonyms, the chosen embedding model, and the state of the collections."""

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


class IndexPauseRow(SQLModel, table=True):
    """A pause of the index stage, which its holder has until then."""

    __tablename__ = "index_pause"
    holder: str = Field(primary_key=True)
    until: datetime = instant()


class LostCollectionRow(SQLModel, table=True):
    """A search collection that was found empty, and the silver batch up to which it was filled before."""

    __tablename__ = "lost_collection"
    collection: str = Field(primary_key=True)
    silver_batch: int
