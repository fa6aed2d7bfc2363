"""The `SearchEngine` port on a Typesense server: each collection behind an alias, for any specs it is given."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from time import perf_counter

import httpx

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
from domain.shared.errors import InvalidError
from infrastructure.search.typesense.collection_rebuild import TypesenseCollectionRebuild
from infrastructure.search.typesense.collection_store import CollectionStore
from infrastructure.search.typesense.http_client import IMPATIENT, READ_SECONDS, Client, RetryPolicy
from infrastructure.search.typesense.search_keys import make_key
from infrastructure.search.typesense.searching import Searcher
from infrastructure.search.typesense.suggestions import suggestions
from infrastructure.search.typesense.synonyms import Synonyms
from infrastructure.search.typesense.vector_store import VectorStore
from services.ports.search import IndexRebuild, VectorRow

PREFIX = "tenderlake-"  # of all our collections and aliases, for other products may share the server


class TypesenseSearch:
    """Search on the server at `url`.

    Any number of threads and processes may read; one writes a collection at a time.
    """

    def __init__(
        self,
        url: str,
        key: str,
        specs: Sequence[CollectionSpec],
        *,
        prefix: str = PREFIX,
        transport: httpx.BaseTransport | None = None,
        patience: RetryPolicy | None = None,
        seconds: float = READ_SECONDS,
    ) -> None:
        self.client = Client(url, key, transport=transport, patience=patience, seconds=seconds)
        self._stores = {spec.name: CollectionStore(self.client, spec, prefix) for spec in specs}
        self._vectors = {name: VectorStore(store) for name, store in self._stores.items()}
        self._synonyms = Synonyms(self.client, prefix)

    @property
    def name(self) -> str:
        """Which engine it is."""
        return "typesense"

    @property
    def version(self) -> str:
        """The server's version."""
        return self._synonyms.version

    def close(self) -> None:
        """Close the connections to the server."""
        self.client.close()

    def upsert(self, collection: Collection, documents: Sequence[SearchDocument]) -> None:
        """Put documents, each in place of the one with its id."""
        self.write(collection, documents, ())

    def delete(self, collection: Collection, ids: Sequence[str]) -> None:
        """Delete documents; ids that aren't there are fine."""
        self.write(collection, (), ids)

    def write(self, collection: Collection, documents: Sequence[SearchDocument], deleted: Sequence[str]) -> None:
        """Put, then delete; all of it is there when it returns.

        An id in both is put. Done again after a failure, it leaves the same.
        """
        store = self._store(collection)
        if documents or deleted:
            store.write(documents, deleted)

    def search(self, query: SearchQuery) -> SearchResult:
        """One page of hits, with facets over all of them.

        InvalidError where a field can't be asked so; NotFoundError for an unknown `similar_to`.
        """
        started = perf_counter()
        store = self._store(query.collection)
        store.about(IMPATIENT, fresh=False)  # begun where there is none
        vectors = self._vectors[query.collection]
        found = store.standing(lambda: Searcher(store, vectors, self.synonyms, self._synonyms.name()).search(query))
        return found.model_copy(update={"took_ms": round((perf_counter() - started) * 1000, 3)})

    def suggest(self, collection: Collection, prefix: str, limit: int) -> list[str]:
        """Titles or names that complete what is typed, the best first."""
        store = self._store(collection)
        store.about(IMPATIENT, fresh=False)
        return store.standing(lambda: suggestions(store, prefix, limit))

    def scan(self, collection: Collection) -> Iterator[SearchDocument]:
        """Every document, as it was put."""
        return self._store(collection).scan()

    def count(self, collection: Collection) -> int:
        """Documents there are: 0 in a new collection, which a change of the spec makes."""
        return int(self._store(collection).about(IMPATIENT).get("num_documents", 0))

    def ids(self, collection: Collection) -> Iterator[str]:
        """The id of every document."""
        return self._store(collection).ids()

    def clear(self, collection: Collection) -> None:
        """Delete every document, and every vector."""
        TypesenseCollectionRebuild(
            self._store(collection), self._vectors[collection], self._synonyms, carry=False
        ).swap()

    def begin_rebuild(self, collection: Collection) -> IndexRebuild:
        """An empty collection, filled while the old one serves."""
        return TypesenseCollectionRebuild(self._store(collection), self._vectors[collection], self._synonyms)

    def write_vectors(self, collection: Collection, model: str, rows: Sequence[VectorRow]) -> None:
        """Put vectors, each in place of the one with its id."""
        self._store(collection)
        self._vectors[collection].write(model, rows)

    def vectors(self, collection: Collection, model: str) -> Iterator[tuple[str, str]]:
        """(id, text_hash) of every vector of the model."""
        self._store(collection)
        return self._vectors[collection].hashes(model)

    def read_vectors(self, collection: Collection, model: str, ids: Sequence[str]) -> dict[str, VectorRow]:
        """The vectors of these documents, of those that have one."""
        self._store(collection)
        return self._vectors[collection].read(model, ids)

    def count_vectors(self, collection: Collection) -> int:
        """Vectors of the model that answers."""
        self._store(collection)
        return self._vectors[collection].count()

    def active_model(self, collection: Collection) -> str | None:
        """The model whose vectors answer queries."""
        self._store(collection)
        return self._vectors[collection].serving()

    def activate_model(self, collection: Collection, model: str) -> None:
        """Have this model's vectors answer from now on, and remove those of the others."""
        self._store(collection)
        self._vectors[collection].serve(model)

    def set_synonyms(self, synonyms: Sequence[Synonym]) -> None:
        """The synonyms of all collections, in place of those before."""
        for store in self._stores.values():
            store.about(fresh=False)
        self._synonyms.set(synonyms, [store.alias for store in self._stores.values()])

    def synonyms(self) -> list[Synonym]:
        """The synonyms there are."""
        for store in self._stores.values():
            store.about(fresh=False)
        return self._synonyms.get([store.alias for store in self._stores.values()])

    def search_key(self, filters: Sequence[Filter], collection: Collection | None, expires_at: datetime) -> SearchKey:
        """A key that searches one collection, narrowed by filters, or all of them."""
        stores = [self._store(collection)] if collection is not None else list(self._stores.values())
        return make_key(self.client, stores, filters, expires_at)

    def _store(self, collection: Collection) -> CollectionStore:
        if collection not in self._stores:
            raise InvalidError(f"There is no collection {collection!r}; there are {', '.join(self._stores)}")
        return self._stores[collection]
