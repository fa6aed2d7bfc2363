"""The `SearchEngine` port on tantivy: each collection an index in a folder, generic over the specs it is given."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from time import perf_counter

from tantivy import Occur, Query, Searcher

from domain.errors import InvalidError
from domain.search import Collection, CollectionSpec, Document, Hit, SearchQuery, SearchResult
from infrastructure.search.embedded import paging
from infrastructure.search.embedded.codec import decode
from infrastructure.search.embedded.conditions import facets, filter_query
from infrastructure.search.embedded.highlight import Highlighter
from infrastructure.search.embedded.matching import Matcher, count
from infrastructure.search.embedded.paging import Found
from infrastructure.search.embedded.schema import DOCUMENT, ID
from infrastructure.search.embedded.store import Store
from infrastructure.search.embedded.suggest import suggestions
from infrastructure.search.embedded.text_query import text_query

SCAN = 20_000  # documents of a scan that are addressed at once


class EmbeddedSearch:
    """Search in `folder`. Any number of threads and processes may read and write; one writes at a time, the others wait for it."""

    def __init__(self, folder: Path, specs: Sequence[CollectionSpec]) -> None:
        self._stores = {spec.name: Store(folder, spec) for spec in specs}

    def upsert(self, collection: Collection, documents: Sequence[Document]) -> None:
        """Put documents, each in place of the one with its id."""
        self.write(collection, documents, ())

    def delete(self, collection: Collection, ids: Sequence[str]) -> None:
        """Delete documents; ids that aren't there are fine."""
        self.write(collection, (), ids)

    def write(self, collection: Collection, documents: Sequence[Document], deleted: Sequence[str]) -> None:
        """Put and delete in one commit, on disk and seen by all when it returns. An id in both is put."""
        if documents or deleted:
            self._store(collection).write(documents, deleted)

    def search(self, query: SearchQuery) -> SearchResult:
        """One page of hits, with facets over all of them. InvalidError where a field can't be asked so."""
        started = perf_counter()
        paging.check_depth(query.page, query.per_page)
        store = self._store(query.collection)
        searcher = store.searcher()
        matcher = Matcher(store.schema, searcher, store.spec.fields)
        text = text_query(matcher, searcher, query.text, ranked=query.sort is None)
        everything = _with_filters(store, query, text)
        page = _page(store, searcher, query, everything, ranked=text is not None)
        highlighter = Highlighter(matcher.words, store.spec.fields)
        hits = [_hit(searcher, one, highlighter if text is not None else None) for one in page]
        counted = facets(store.spec, searcher, everything, query.facet_by, query.facet_size)
        found = count(searcher, everything)
        took = (perf_counter() - started) * 1000
        return SearchResult(found=found, page=query.page, per_page=query.per_page, took_ms=round(took, 3), hits=hits, facets=counted)

    def suggest(self, collection: Collection, prefix: str, limit: int) -> list[str]:
        """Titles or names that complete what is typed, the best first."""
        store = self._store(collection)
        return suggestions(store.spec, store.schema, store.searcher(), prefix, limit)

    def scan(self, collection: Collection) -> Iterator[Document]:
        """Every document of one snapshot, as they lie on disk."""
        searcher = self._store(collection).searcher()
        for offset in range(0, searcher.num_docs, SCAN):
            for found in paging.by_relevance(searcher, Query.all_query(), offset, SCAN):  # all alike: in the order of their addresses
                yield _document(searcher, found)

    def count(self, collection: Collection) -> int:
        """Documents there are: 0 in a new index, which a change of the spec makes."""
        return int(self._store(collection).searcher().num_docs)

    def clear(self, collection: Collection) -> None:
        """Delete every document."""
        self._store(collection).clear()

    def _store(self, collection: Collection) -> Store:
        if collection not in self._stores:
            raise InvalidError(f"There is no collection {collection!r}; there are {', '.join(self._stores)}")
        return self._stores[collection]


def _with_filters(store: Store, query: SearchQuery, text: Query | None) -> Query:
    if text is None and not query.filters:
        return Query.all_query()
    conditions = [Query.const_score_query(filter_query(store.spec, store.schema, condition), 0.0) for condition in query.filters]
    return Query.boolean_query([(Occur.Must, one) for one in ([text] if text is not None else []) + conditions])


def _page(store: Store, searcher: Searcher, query: SearchQuery, everything: Query, *, ranked: bool) -> list[Found]:
    offset = (query.page - 1) * query.per_page
    if query.sort is not None:
        return paging.by_field(store.spec, store.schema, searcher, everything, query.sort, offset, query.per_page)
    return (paging.by_relevance if ranked else paging.by_id)(searcher, everything, offset, query.per_page)


def _document(searcher: Searcher, found: Found) -> Document:
    return decode(searcher.doc(found[1]).get_first(DOCUMENT) or b"{}")


def _hit(searcher: Searcher, found: Found, highlighter: Highlighter | None) -> Hit:
    document = _document(searcher, found)
    return Hit(id=document[ID], score=round(found[0], 4), document=document, highlights=highlighter.highlights(document) if highlighter else {})
