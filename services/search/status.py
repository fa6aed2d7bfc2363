"""State of search: engine, documents, backlog, health."""

from typing import Any

from pydantic import BaseModel, Field

from domain.search.queries import Collection
from domain.shared.errors import TenderlakeError, without_paths
from services.ports.parts import Parts
from services.ports.search import SearchEngine
from services.ports.warehouse import Warehouse
from services.shared.clock import now


class CollectionState(BaseModel):
    """Contents of a collection; `model` is the active embedding model, None without vectors."""

    documents: int | None = Field(description="null while the search engine is unavailable")
    model: str | None = None
    vectors: int | None = Field(None, description="documents with a vector of that model")


class Lag(BaseModel):
    """Backlog of search behind accepted changes."""

    batches: int = Field(description="landed batches that are not searchable yet")
    seconds: float = Field(description="age of the oldest of them; 0 without any")


class SearchState(BaseModel):
    """The state of search."""

    engine: str = Field(examples=["embedded", "typesense"])
    version: str | None = Field(description="version of the engine; null while it is unavailable")
    healthy: bool
    detail: str | None = Field(None, description="why it is unhealthy, or the last error of the index stage")
    collections: dict[Collection, CollectionState]
    lag: Lag
    embeddings: str | None = Field(description="the model that embeds documents; null if embeddings are off")


def search_status(parts: Parts) -> SearchState:
    """The state of search; an unavailable engine is reported in it, not raised."""
    lag, error = _lag(parts.warehouse)
    state: dict[str, Any] = {"engine": parts.search.name, "embeddings": parts.embedders.model, "lag": lag}
    try:
        collections = {collection: _collection(parts.search, collection) for collection in Collection}
        return SearchState(
            **state,
            version=parts.search.version,
            healthy=True,
            detail=error if lag.batches else None,
            collections=collections,
        )
    except TenderlakeError as unavailable:
        unknown = {collection: CollectionState(documents=None) for collection in Collection}
        return SearchState(
            **state,
            version=None,
            healthy=False,
            detail=without_paths(unavailable.detail),
            collections=unknown,
        )


def _collection(engine: SearchEngine, collection: Collection) -> CollectionState:
    model = engine.active_model(collection)
    return CollectionState(
        documents=engine.count(collection), model=model, vectors=engine.count_vectors(collection) if model else None
    )


def _lag(warehouse: Warehouse) -> tuple[Lag, str | None]:
    with warehouse.read() as work:
        mark = work.watermarks.get("index")
        waiting = [batch.id for batch in work.batches.committed_after(mark.seq)]
        oldest = work.batches.oldest_landed_after(mark.seq)
        error = work.watermarks.error("index")
    behind = (now() - oldest).total_seconds() if waiting and oldest else 0.0
    return Lag(batches=len(waiting), seconds=round(max(0.0, behind), 1)), error
