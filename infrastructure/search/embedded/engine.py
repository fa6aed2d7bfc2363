"""The `SearchEngine` port on tantivy and numpy: each collection an index and its vectors in a folder, generic over the specs it is given."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from time import perf_counter

from tantivy import Query

from domain.search.embedding_text import embedding_text_hash
from domain.search.queries import Collection, CollectionSpec, Filter, SearchDocument, SearchKey, SearchQuery, SearchResult, Synonym
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

SCAN = 20_000  # documents of a scan that are addressed at once


class EmbeddedSearch:
    """Search in `folder`. Any number of threads and processes may read and write; one writes at a time, the others wait for it."""

    def __init__(self, folder: Path, specs: Sequence[CollectionSpec]) -> None:
        self._stores = {spec.name: IndexStore(folder, spec) for spec in specs}
        self._vectors = {spec.name: VectorSets(folder / "vectors" / spec.name) for spec in specs}
        self._synonyms = SynonymFile(folder)

    @property
    def name(self) -> str:
        """Which engine it is."""
        return "embedded"

    @property
    def version(self) -> str:
        """That of tantivy."""
        return f"tantivy {version('tantivy')}"

    def upsert(self, collection: Collection, documents: Sequence[SearchDocument]) -> None:
        """Put documents, each in place of the one with its id."""
        self.write(collection, documents, ())

    def delete(self, collection: Collection, ids: Sequence[str]) -> None:
        """Delete documents; ids that aren't there are fine."""
        self.write(collection, (), ids)

    def write(self, collection: Collection, documents: Sequence[SearchDocument], deleted: Sequence[str]) -> None:
        """Put and delete in one commit, on disk and seen by all when it returns. An id in both is put."""
        if documents or deleted:
            self._store(collection).write(documents, deleted)
            self._vectors[collection].follow([*(document[ID] for document in documents), *deleted], partial(texts, self._store(collection)))

    def search(self, query: SearchQuery) -> SearchResult:
        """One page of hits, with facets over all of them. InvalidError where a field can't be asked so."""
        started = perf_counter()
        check_depth(query.page, query.per_page)
        store = self._store(query.collection)
        searcher = store.searcher()
        model, vectors = self._vectors_for(query)
        finding = SearchRun(store, searcher, query, self._synonyms.read() if query.text else (), vectors)
        hits = HitBuilder(store, searcher, query, finding, model).hits()
        counted = facets(store.spec, searcher, finding.everything, query.facet_by, query.facet_size)
        found = finding.found
        took = round((perf_counter() - started) * 1000, 3)
        mode = query.mode if finding.text.nothing else finding.mode
        notes = list(finding.text.notes)
        return SearchResult(found=found, page=query.page, per_page=query.per_page, took_ms=took, hits=hits, facets=counted, mode=mode, notes=notes)

    def suggest(self, collection: Collection, prefix: str, limit: int) -> list[str]:
        """Titles or names that complete what is typed, the best first."""
        store = self._store(collection)
        return suggestions(store.spec, store.schema, store.searcher(), prefix, limit)

    def scan(self, collection: Collection) -> Iterator[SearchDocument]:
        """Every document of one snapshot, as they lie on disk."""
        searcher = self._store(collection).searcher()
        for offset in range(0, searcher.num_docs, SCAN):
            for _, address in paging.by_relevance(searcher, Query.all_query(), offset, SCAN).hits:  # all alike: in the order of their addresses
                yield decode(searcher.doc(address).get_first(DOCUMENT) or b"{}")

    def ids(self, collection: Collection) -> Iterator[str]:
        """The id of every document."""
        return (str(one["id"]) for one in self.scan(collection))

    def count(self, collection: Collection) -> int:
        """Documents there are: 0 in a new index, which a change of the spec makes."""
        return int(self._store(collection).searcher().num_docs)

    def clear(self, collection: Collection) -> None:
        """Delete every document, and every vector."""
        self._store(collection).clear()
        self._vectors[collection].clear()

    def begin_rebuild(self, collection: Collection) -> IndexRebuild:
        """An empty index beside the one that serves."""
        return EmbeddedIndexRebuild(self._store(collection), self._vectors[collection])

    def write_vectors(self, collection: Collection, model: str, rows: Sequence[VectorRow]) -> None:
        """Put vectors; the first model that has some answers queries."""
        self._vectors[collection].write(model, rows, partial(texts, self._store(collection)))

    def vectors(self, collection: Collection, model: str) -> Iterator[tuple[str, str]]:
        """(id, text_hash) of every vector of the model."""
        return self._vectors[collection].entries(model)

    def read_vectors(self, collection: Collection, model: str, ids: Sequence[str]) -> dict[str, VectorRow]:
        """The vectors of these documents, of those that have one."""
        return self._vectors[collection].read(model, ids)

    def count_vectors(self, collection: Collection) -> int:
        """Vectors of the model that answers."""
        snapshot = self._vectors[collection].snapshot()
        return len(snapshot.keys) if snapshot is not None else 0

    def active_model(self, collection: Collection) -> str | None:
        """The model whose vectors answer queries."""
        return self._vectors[collection].serving()

    def activate_model(self, collection: Collection, model: str) -> None:
        """Have this model answer, and remove the vectors of the others."""
        self._vectors[collection].serve(model)

    def set_synonyms(self, synonyms: Sequence[Synonym]) -> None:
        """These instead of those before, from the next query on."""
        self._synonyms.write(synonyms)

    def synonyms(self) -> list[Synonym]:
        """The synonyms in force."""
        return self._synonyms.read()

    def search_key(self, filters: Sequence[Filter], collection: Collection | None, expires_at: datetime) -> SearchKey:
        """ConflictError: there is no server to search."""
        raise ConflictError("search runs inside tenderlake, where no browser reaches it; keys are for a Typesense server (TENDERLAKE_TYPESENSE_URL)")

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
    """The hash of each document's text, of those that there are."""
    searcher = store.searcher()
    found = searcher.search(one_of(store.schema, ID, ids), limit=max(1, len(ids)), count=False).hits
    documents = (decode(searcher.doc(address).get_first(DOCUMENT) or b"{}") for _, address in found)
    return {str(document[ID]): embedding_text_hash(store.spec.name, document) for document in documents}


class EmbeddedIndexRebuild:
    """The port `Fresh`: an index in a folder of its own. Vectors lie beside the indexes, so that they outlive a swap."""

    def __init__(self, store: IndexStore, vectors: VectorSets) -> None:
        self._serving, self._filled, self._vectors = store, store.beside(), vectors

    def write(self, documents: Sequence[SearchDocument], deleted: Sequence[str]) -> None:
        """Put and delete in one commit."""
        if documents or deleted:
            self._filled.write(documents, deleted)

    def swap(self) -> None:
        """Have it serve; the old one is removed, and the vectors of what that one alone had, for good."""
        self._serving.take(self._filled)
        self._vectors.follow_all(partial(texts, self._serving))
        self._vectors.forget()

    def discard(self) -> None:
        """Remove it."""
        self._filled.drop()
