"""Reads documents from the search engine by id."""

from collections.abc import Iterator, Sequence

from domain.search.queries import Filter, SearchDocument, SearchQuery
from services.ports.search import SearchQueries

QUERY_MAX_DOCUMENTS = 1_000  # document ids per query
PAGE_HITS = 100


def matching_documents(engine: SearchQueries, query: SearchQuery, ids: Sequence[str]) -> Iterator[SearchDocument]:
    """Those of these documents that the query finds."""
    for start in range(0, len(ids), QUERY_MAX_DOCUMENTS):
        narrowed = (*query.filters, Filter(field="id", values=tuple(ids[start : start + QUERY_MAX_DOCUMENTS])))
        page, more = 1, True
        while more:
            paged = query.model_copy(update={"filters": narrowed, "page": page, "per_page": PAGE_HITS})
            hits = engine.search(paged).hits
            yield from (hit.document for hit in hits)
            page, more = page + 1, len(hits) == PAGE_HITS
