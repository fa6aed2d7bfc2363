"""The `SearchEngine` port on a Typesense server, for any specs; each collection is behind an alias."""

from collections.abc import Iterable, Iterator, Sequence
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
from infrastructure.search.typesense.http_client import READ_SECONDS, Client, RetryPolicy
from infrastructure.search.typesense.search_keys import make_key
from infrastructure.search.typesense.search_run import SearchRun
from infrastructure.search.typesense.suggestions import suggestions
from infrastructure.search.typesense.synonyms import Synonyms
from infrastructure.search.typesense.vector_store import VectorStore
from services.ports.search import IndexRebuild, VectorRow

PREFIX = "tenderlake-"  # of our collections and aliases: other products may share the server


class TypesenseSearch:
    """Search on the server at `url`. Any number of threads and processes may read; one writes a collection at a time.

    services/ports/search.py documents the methods.
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
        return "typesense"

    @property
    def version(self) -> str:
        return self._synonyms.version

    def close(self) -> None:
        """Close the connections to the server."""
        self.client.close()

    def write(self, collection: Collection, documents: Iterable[SearchDocument], deleted: Sequence[str]) -> None:
        """Put, then delete; an id in both is put. Repeating it after a failure gives the same."""
        self._store(collection).write(documents, deleted)

    def search(self, query: SearchQuery) -> SearchResult:
        """One page of hits. InvalidError for a wrong use of a field; NotFoundError for an unknown `similar_to`."""
        started = perf_counter()
        store = self._store(query.collection)

        def run() -> SearchResult:
            store.about(fresh=False)
            synonyms = self._synonyms
            vectors = self._vectors[query.collection]
            return SearchRun(store, vectors, query, lambda: synonyms.get(store.alias), synonyms.parameters()).result()

        return store.existing(run).model_copy(update={"took_ms": round((perf_counter() - started) * 1000, 3)})

    def suggest(self, collection: Collection, prefix: str, limit: int) -> list[str]:
        store = self._store(collection)
        store.about(fresh=False)
        return store.existing(lambda: suggestions(store, prefix, limit))

    def scan(self, collection: Collection) -> Iterator[SearchDocument]:
        return self._store(collection).scan()

    def count(self, collection: Collection) -> int:
        return int(self._store(collection).about().get("num_documents", 0))

    def ids(self, collection: Collection) -> Iterator[str]:
        return self._store(collection).ids()

    def clear(self, collection: Collection) -> None:
        self._rebuild(collection, carry=False).swap()

    def begin_rebuild(self, collection: Collection) -> IndexRebuild:
        return self._rebuild(collection, carry=True)

    def write_vectors(self, collection: Collection, model: str, rows: Sequence[VectorRow]) -> None:
        self._of(collection).write(model, rows)

    def vectors(self, collection: Collection, model: str) -> Iterator[tuple[str, str]]:
        return self._of(collection).hashes(model)

    def read_vectors(self, collection: Collection, model: str, ids: Sequence[str]) -> dict[str, VectorRow]:
        return self._of(collection).read(model, ids)

    def count_vectors(self, collection: Collection) -> int:
        return self._of(collection).count()

    def active_model(self, collection: Collection) -> str | None:
        return self._of(collection).serving()

    def activate_model(self, collection: Collection, model: str) -> None:
        self._of(collection).serve(model)

    def set_synonyms(self, synonyms: Sequence[Synonym]) -> None:
        self._synonyms.set(synonyms, self._aliases())

    def synonyms(self) -> list[Synonym]:
        return self._synonyms.get(self._aliases()[0])

    def search_key(self, filters: Sequence[Filter], collection: Collection | None, expires_at: datetime) -> SearchKey:
        stores = [self._store(collection)] if collection is not None else list(self._stores.values())
        return make_key(self.client, stores, filters, expires_at)

    def _rebuild(self, collection: Collection, *, carry: bool) -> TypesenseCollectionRebuild:
        return TypesenseCollectionRebuild(self._store(collection), self._of(collection), self._synonyms, carry=carry)

    def _aliases(self) -> list[str]:
        """The aliases, each with a collection."""
        for store in self._stores.values():
            store.about(fresh=False)
        return [store.alias for store in self._stores.values()]

    def _of(self, collection: Collection) -> VectorStore:
        return self._vectors[self._store(collection).spec.name]

    def _store(self, collection: Collection) -> CollectionStore:
        if collection not in self._stores:
            raise InvalidError(f"There is no collection {collection!r}; there are {', '.join(self._stores)}")
        return self._stores[collection]
