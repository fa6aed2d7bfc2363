"""The meaning of a query: its vector, made by the model whose vectors answer, so that the two can be compared."""

from functools import lru_cache

from loguru import logger

from domain.search.embedding_text import query_subject
from domain.search.queries import QUERY_CHARACTERS, Mode, SearchQuery
from domain.shared.errors import TenderlakeError
from services.ports.embeddings import Embedder
from services.ports.parts import Parts

QUERY_VECTOR_CACHE_ENTRIES = 2_000  # vectors of queries that are kept


def with_query_vector(parts: Parts, query: SearchQuery) -> tuple[SearchQuery, str | None]:
    """The query with its vector, and why it has none where it should: it is then searched by word."""
    if query.mode is Mode.KEYWORD or (query.similar_to is None and not _meant(query)):
        return query, None
    model = parts.search.active_model(query.collection)
    if query.similar_to is not None:  # the document's own vector is taken
        return query, None
    if parts.embedders.model is None:
        return query, _told(query, "embeddings are off; these were found by word")
    if model is None:
        return query, _told(query, "nothing is embedded yet; these were found by word")
    embedder = parts.embedders.get(model)
    if embedder is None:
        return query, f"the vectors are still those of {model}, which is not at hand; these were found by word"
    try:
        return query.model_copy(update={"vector": _vector(embedder, _meant(query))}), None
    except TenderlakeError as error:
        logger.warning("search: {}", error.detail)
        return query, f"{error.detail}; these were found by word"


def _meant(query: SearchQuery) -> str:
    """What is meant by as much of the text as is searched."""
    return query_subject(query.text[:QUERY_CHARACTERS])


def _told(query: SearchQuery, why: str) -> str | None:
    """Hybrid is what nobody asked for; only who asks for meaning is told that there is none."""
    return why if query.mode is Mode.SEMANTIC else None


@lru_cache(maxsize=QUERY_VECTOR_CACHE_ENTRIES)
def _vector(embedder: Embedder, text: str) -> tuple[float, ...]:
    return tuple(embedder.embed([text])[0].tolist())
