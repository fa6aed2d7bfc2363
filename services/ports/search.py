"""The search engine."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.search.queries import Collection, Filter, SearchDocument, SearchKey, SearchQuery, SearchResult, Synonym
from services.ports.embeddings import Vectors


@dataclass(frozen=True)
class VectorRow:
    """The vector of a document, and the hash of the text that it was made of."""

    id: str
    text_hash: str
    vector: Vectors


class IndexRebuild(Protocol):
    """An empty index of a collection, filled while the old one serves.

    Vectors of documents that stand in both are kept.
    """

    def write(self, documents: Sequence[SearchDocument], deleted: Sequence[str]) -> None: ...
    def swap(self) -> None:
        """Have it serve, at one stroke; the old one is removed.

        What is written to the collection from now on goes here.
        """

    def discard(self) -> None:
        """Give it up; the old one goes on serving."""


class SearchEngine(Protocol):
    """Documents that can be found.

    Every write is durable, and seen by searchers in other processes, when it returns.
    """

    @property
    def name(self) -> str:
        """Which engine it is."""

    @property
    def version(self) -> str:
        """The engine's version; a server is asked for it."""

    def upsert(self, collection: Collection, documents: Sequence[SearchDocument]) -> None: ...
    def delete(self, collection: Collection, ids: Sequence[str]) -> None: ...
    def write(self, collection: Collection, documents: Sequence[SearchDocument], deleted: Sequence[str]) -> None:
        """Put and delete. A vector stands for the text of its document: it goes with the document, and where that says
        something else now.
        """

    def search(self, query: SearchQuery) -> SearchResult: ...
    def suggest(self, collection: Collection, prefix: str, limit: int) -> list[str]: ...
    def scan(self, collection: Collection) -> Iterator[SearchDocument]: ...
    def ids(self, collection: Collection) -> Iterator[str]:
        """The id of every document, in no order."""

    def count(self, collection: Collection) -> int: ...
    def clear(self, collection: Collection) -> None:
        """Delete every document, and every vector."""

    def begin_rebuild(self, collection: Collection) -> IndexRebuild: ...
    def write_vectors(self, collection: Collection, model: str, rows: Sequence[VectorRow]) -> None:
        """Put vectors beside those of other models, each in place of the one with its id. Where no model serves yet,
        this one does from now on.

        InvalidError where one has another length than the model's others, or holds what is no number.
        Left out are ids without a document, and vectors of another text (`domain.search.embedding_text`) than the
        document has now.
        """

    def vectors(self, collection: Collection, model: str) -> Iterator[tuple[str, str]]:
        """(id, text_hash) of every vector of the model, in no order."""

    def read_vectors(self, collection: Collection, model: str, ids: Sequence[str]) -> dict[str, VectorRow]:
        """The vectors of these documents, of those that have one."""

    def count_vectors(self, collection: Collection) -> int:
        """Vectors of the model that serves; 0 where none does."""

    def active_model(self, collection: Collection) -> str | None:
        """The model whose vectors answer queries; None where there are none."""

    def activate_model(self, collection: Collection, model: str) -> None:
        """Have this model's vectors answer from now on, and remove those of the others."""

    def set_synonyms(self, synonyms: Sequence[Synonym]) -> None:
        """The synonyms of all collections, in place of those before."""

    def synonyms(self) -> list[Synonym]: ...
    def search_key(self, filters: Sequence[Filter], collection: Collection | None, expires_at: datetime) -> SearchKey:
        """A key with which a browser may search the engine itself, and do nothing else.

        ConflictError where the engine is no server.
        """
