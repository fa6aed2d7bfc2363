"""The `SearchEngine` port on tantivy and numpy: a folder with one index and its vectors per collection."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

from tantivy import Query

from domain.search.embedding_text import embedding_text_hash
from domain.search.queries import (
    Collection,
    CollectionSpec,
    Filter,
    SearchDocument,
    SearchKey,
    SearchQuery,
    SearchResult,
    Synonym,
)
from domain.shared.errors import ConflictError, InvalidError
from infrastructure.search.common.allowed_fields import check_depth
from infrastructure.search.common.document_codec import decode
from infrastructure.search.common.identifiers import ID
from infrastructure.search.embedded import paging
from infrastructure.search.embedded.filters_and_facets import facets
from infrastructure.search.embedded.hits import HitBuilder
from infrastructure.search.embedded.index_store import IndexStore
from infrastructure.search.embedded.schema import DOCUMENT
from infrastructure.search.embedded.search_run import SearchRun
from infrastructure.search.embedded.suggestions import suggestions
from infrastructure.search.embedded.synonym_file import SynonymFile
from infrastructure.search.embedded.term_queries import one_of
from infrastructure.search.embedded.vectors import Snapshot, VectorSets
from services.ports.search import IndexRebuild, VectorRow

SCAN_DOCUMENTS = 20_000  # documents per query of a scan


class EmbeddedSearch:
    """Search in `folder`. Threads and processes may share it; one writes at a time, others wait.

    services/ports/search.py documents the methods.
    """

    def __init__(self, folder: Path, specs: Sequence[CollectionSpec]) -> None:
        self._stores = {spec.name: IndexStore(folder, spec) for spec in specs}
        self._vectors = {spec.name: VectorSets(folder / "vectors" / spec.name) for spec in specs}
        self._synonyms = SynonymFile(folder)

    @property
    def name(self) -> str:
        return "embedded"

    @property
    def version(self) -> str:
        return f"tantivy {version('tantivy')}"

    def write(self, collection: Collection, documents: Iterable[SearchDocument], deleted: Sequence[str]) -> None:
        store = self._store(collection)
        ids = dict.fromkeys([*store.write(documents, deleted), *deleted])
        self._vectors[collection].delete_outdated(list(ids), partial(texts, store))

    def search(self, query: SearchQuery) -> SearchResult:
        started = perf_counter()
        check_depth(query.page, query.per_page)
        store = self._store(query.collection)
        searcher = store.searcher()
        model, vectors = self._vectors_for(query)
        run = SearchRun(store, searcher, query, self._synonyms.read() if query.text else (), vectors)
        hits = HitBuilder(store, searcher, query, run, model).hits()
        facet_counts = facets(store.spec, searcher, run.everything, query.facet_by, query.facet_size)
        found = run.found
        took = round((perf_counter() - started) * 1000, 3)
        mode = query.mode if run.text.nothing else run.mode
        notes = list(run.text.notes)
        return SearchResult(
            found=found,
            page=query.page,
            per_page=query.per_page,
            took_ms=took,
            hits=hits,
            facets=facet_counts,
            mode=mode,
            notes=notes,
        )

    def suggest(self, collection: Collection, prefix: str, limit: int) -> list[str]:
        store = self._store(collection)
        return suggestions(store.spec, store.schema, store.searcher(), prefix, limit)

    def scan(self, collection: Collection) -> Iterator[SearchDocument]:
        """Every document of one snapshot, in index order."""
        searcher = self._store(collection).searcher()
        for offset in range(0, searcher.num_docs, SCAN_DOCUMENTS):
            # All scores are equal: in index order.
            for _, address in paging.by_relevance(searcher, Query.all_query(), offset, SCAN_DOCUMENTS).hits:
                yield decode(searcher.doc(address).get_first(DOCUMENT) or b"{}")

    def ids(self, collection: Collection) -> Iterator[str]:
        return (str(document["id"]) for document in self.scan(collection))

    def count(self, collection: Collection) -> int:
        return int(self._store(collection).searcher().num_docs)

    def clear(self, collection: Collection) -> None:
        self._store(collection).clear()
        self._vectors[collection].clear()

    def begin_rebuild(self, collection: Collection) -> IndexRebuild:
        return EmbeddedIndexRebuild(self._store(collection), self._vectors[collection])

    def write_vectors(self, collection: Collection, model: str, rows: Sequence[VectorRow]) -> None:
        self._vectors[collection].write(model, rows, partial(texts, self._store(collection)))

    def vectors(self, collection: Collection, model: str) -> Iterator[tuple[str, str]]:
        return self._vectors[collection].entries(model)

    def read_vectors(self, collection: Collection, model: str, ids: Sequence[str]) -> dict[str, VectorRow]:
        return self._vectors[collection].read(model, ids)

    def count_vectors(self, collection: Collection) -> int:
        snapshot = self._vectors[collection].snapshot()
        return len(snapshot.keys) if snapshot is not None else 0

    def active_model(self, collection: Collection) -> str | None:
        return self._vectors[collection].serving()

    def activate_model(self, collection: Collection, model: str) -> None:
        self._vectors[collection].serve(model)

    def set_synonyms(self, synonyms: Sequence[Synonym]) -> None:
        self._synonyms.write(synonyms)

    def synonyms(self) -> list[Synonym]:
        return self._synonyms.read()

    def search_key(self, filters: Sequence[Filter], collection: Collection | None, expires_at: datetime) -> SearchKey:
        raise ConflictError(
            "search runs inside tenderlake; search keys need a Typesense server (TENDERLAKE_TYPESENSE_URL)"
        )

    def _vectors_for(self, query: SearchQuery) -> tuple[str | None, Snapshot | None]:
        if query.vector is None and query.similar_to is None:
            return None, None
        sets = self._vectors[query.collection]
        model = sets.serving()
        return model, sets.snapshot(model) if model else None

    def _store(self, collection: Collection) -> IndexStore:
        if collection not in self._stores:
            raise InvalidError(f"There is no collection {collection!r}; there are {', '.join(self._stores)}")
        return self._stores[collection]


def texts(store: IndexStore, ids: Sequence[str]) -> dict[str, str]:
    """The embedding text hash of each of these documents that exists."""
    searcher = store.searcher()
    found = searcher.search(one_of(store.schema, ID, ids), limit=max(1, len(ids)), count=False).hits
    documents = (decode(searcher.doc(address).get_first(DOCUMENT) or b"{}") for _, address in found)
    return {str(document[ID]): embedding_text_hash(store.spec.name, document) for document in documents}


class EmbeddedIndexRebuild:
    """The port `IndexRebuild`: an index in its own folder. A swap keeps the vectors, stored elsewhere."""

    def __init__(self, store: IndexStore, vectors: VectorSets) -> None:
        self._serving, self._filled, self._vectors = store, store.new_inactive(), vectors

    def write(self, documents: Iterable[SearchDocument], deleted: Sequence[str]) -> int:
        return len(self._filled.write(documents, deleted))

    def swap(self) -> None:
        """Activate the new index; remove the old one, and permanently the vectors of documents that only it had."""
        self._serving.activate(self._filled)
        self._vectors.delete_all_outdated(partial(texts, self._serving))
        self._vectors.purge_deleted()

    def discard(self) -> None:
        self._filled.remove()
