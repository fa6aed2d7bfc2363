"""A collection filled beside the one that serves; one alias changes hands at the end."""

import time
from collections.abc import Sequence

from domain.search import Document
from infrastructure.search.typesense.store import Store
from infrastructure.search.typesense.synonyms import Synonyms
from infrastructure.search.typesense.vectors import VectorStore

ABANDONED = 24 * 3600 * 10**9  # nanoseconds


class FreshCollection:
    """An empty collection of the store's schema; made at once, so that a failure shows before anything is written."""

    def __init__(self, store: Store, vectors: VectorStore, synonyms: Synonyms) -> None:
        store.ready()
        self._store = store
        self._vectors = vectors
        self._synonyms = synonyms
        self._clean()
        self._name = store.create()

    def write(self, documents: Sequence[Document], deleted: Sequence[str]) -> None:
        """Put and delete, unseen by searches."""
        self._store.write(documents, deleted, into=self._name)

    def swap(self) -> None:
        """Have it serve, at one stroke; the old one is removed. Vectors of documents that are gone go with it."""
        if not self._synonyms.in_sets():
            self._synonyms.set(self._synonyms.get([self._store.alias]), [self._name])
        old = self._store.serving()
        self._store.point(self._name)
        if old is not None and old != self._name:
            self._store.drop(old)
        self._vectors.prune()

    def drop(self) -> None:
        """Give it up, unless it serves already; the old one goes on serving."""
        if self._store.serving() != self._name:
            self._store.drop(self._name)

    def _clean(self) -> None:
        """Remove what rebuilds that were killed left behind, once it is old enough to be nobody's."""
        for one in self._store.client.ask("GET", "/collections"):
            name = str(one["name"])
            mark = name.removeprefix(f"{self._store.alias}-").rpartition("-")[2]
            if name.startswith(f"{self._store.alias}-") and mark.isdigit() and 0 < int(mark) < time.time_ns() - ABANDONED and name != self._store.serving():
                self._store.drop(name)
