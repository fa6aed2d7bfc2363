"""A collection that is filled beside the active one; one alias is changed at the end."""

from collections.abc import Iterable, Sequence

from domain.search.queries import SearchDocument
from infrastructure.search.typesense.collection_store import CollectionStore
from infrastructure.search.typesense.synonyms import Synonyms
from infrastructure.search.typesense.vector_store import VectorStore


class TypesenseCollectionRebuild:
    """A new collection, created at once; `carry` copies the vectors of the documents written."""

    def __init__(self, store: CollectionStore, vectors: VectorStore, synonyms: Synonyms, *, carry: bool = True) -> None:
        store.about()
        store.clean()
        self._store, self._vectors, self._synonyms = store, vectors, synonyms
        self._carry = carry
        self._name = store.create(**(vectors.carried() if carry else {}))

    def write(self, documents: Iterable[SearchDocument], deleted: Sequence[str]) -> int:
        """Put and delete, not seen by searches; vectors of documents with the same text are copied."""
        keys = self._store.write(documents, deleted, into=self._name)
        if self._carry:
            self._vectors.carry(self._name, keys)
        return len(keys)

    def swap(self) -> None:
        """Make it active; the old one is removed."""
        self._synonyms.copy(self._store.alias, self._name)
        self._store.activate(self._name)

    def discard(self) -> None:
        """Remove it, unless it is active already."""
        if not self._store.is_active(self._name):
            self._store.drop(self._name)
