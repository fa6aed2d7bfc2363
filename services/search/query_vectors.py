"""Embeds the query text with the model whose vectors the engine serves, so that the two are comparable."""

from functools import lru_cache

from loguru import logger

from domain.search.embedding_text import query_subject
from domain.search.queries import QUERY_CHARACTERS, Mode, SearchQuery
from domain.shared.errors import TenderlakeError
from services.ports.embeddings import Embedder, EmbeddingModels
from services.ports.search import VectorIndex

QUERY_VECTOR_CACHE_ENTRIES = 2_000


def with_query_vector(
    vectors: VectorIndex, models: EmbeddingModels, query: SearchQuery
) -> tuple[SearchQuery, str | None]:
    """The query with its vector, or without it and a warning why; it is then searched by word."""
    if query.mode is Mode.KEYWORD or (query.similar_to is None and not _subject(query)):
        return query, None
    model = vectors.active_model(query.collection)
    if query.similar_to is not None:  # the engine uses the document's own vector
        return query, None
    if models.model is None:
        return query, _warning(query, "embeddings are off; these hits were found by word")
    if model is None:
        return query, _warning(query, "no documents are embedded yet; these hits were found by word")
    embedder = models.get(model)
    if embedder is None:
        return query, f"the vectors are still those of {model}, which is not available; these hits were found by word"
    try:
        return query.model_copy(update={"vector": _vector(embedder, _subject(query))}), None
    except TenderlakeError as error:
        logger.warning("search: {}", error.detail)
        return query, f"{error.detail}; these hits were found by word"


def _subject(query: SearchQuery) -> str:
    """The text to embed, from the searched part of the query."""
    return query_subject(query.text[:QUERY_CHARACTERS])


def _warning(query: SearchQuery, why: str) -> str | None:
    """The warning for an explicit semantic search; None for hybrid, the default, which falls back silently."""
    return why if query.mode is Mode.SEMANTIC else None


@lru_cache(maxsize=QUERY_VECTOR_CACHE_ENTRIES)
def _vector(embedder: Embedder, text: str) -> tuple[float, ...]:
    return tuple(embedder.embed([text])[0].tolist())
