"""A collection filled beside the one that serves; one alias changes hands at the end."""

from collections.abc import Sequence

from domain.search.queries import SearchDocument
from infrastructure.search.typesense.collection_store import CollectionStore
from infrastructure.search.typesense.synonyms import Synonyms
from infrastructure.search.typesense.vector_store import VectorStore


class TypesenseCollectionRebuild:
    """An empty collection of the store's schema; made at once, so that a failure shows before anything is written."""

    def __init__(self, store: CollectionStore, vectors: VectorStore, synonyms: Synonyms, *, carry: bool = True) -> None:
        store.about()
        store.clean()
        self._store, self._vectors, self._synonyms = store, vectors, synonyms
        self._carry = carry
        self._name = store.create(**(vectors.carried() if carry else {}))

    def write(self, documents: Sequence[SearchDocument], deleted: Sequence[str]) -> None:
        """Put and delete, unseen by searches; the vectors of documents that say the same come along."""
        self._store.write(documents, deleted, into=self._name)
        if self._carry:
            self._vectors.carry(self._name, [str(one["id"]) for one in documents])

    def swap(self) -> None:
        """Have it serve, at one stroke; the old one is removed."""
        if not self._synonyms.in_sets():
            self._synonyms.set(self._synonyms.get([self._store.alias]), [self._name])
        old = self._store.serving()
        self._store.point(self._name)
        if old is not None and old != self._name:
            self._store.drop(old)

    def discard(self) -> None:
        """Give it up, unless it serves already; the old one goes on serving."""
        if self._store.serving() != self._name:
            self._store.drop(self._name)
