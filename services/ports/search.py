"""The search engine, split by use."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from domain.search.queries import Collection, Filter, SearchDocument, SearchKey, SearchQuery, SearchResult, Synonym
from services.ports.embeddings import Vectors


@dataclass(frozen=True)
class VectorRow:
    """The vector of a document, and the hash of its text."""

    id: str
    text_hash: str
    vector: Vectors


class IndexRebuild(Protocol):
    """An empty index of a collection, filled while the old one serves.

    Vectors of documents that are in both are kept.
    """

    def write(self, documents: Iterable[SearchDocument], deleted: Sequence[str]) -> int:
        """Like `SearchIndex.write`; returns the number of documents added."""

    def swap(self) -> None:
        """Serve this index from now on, atomically, and remove the old one. Later writes go to this one."""

    def discard(self) -> None:
        """Remove this index; the old one continues to serve."""


class SearchQueries(Protocol):
    """Reading documents."""

    def search(self, query: SearchQuery) -> SearchResult:
        """One page of hits, with facets over all of them.

        InvalidError for a field that doesn't support its use; NotFoundError for an unknown `similar_to`.
        """

    def suggest(self, collection: Collection, prefix: str, limit: int) -> list[str]:
        """Titles or names that complete the typed text, the best first."""

    def search_key(self, filters: Sequence[Filter], collection: Collection | None, expires_at: datetime) -> SearchKey:
        """A key with which a browser may search the engine itself, and do nothing else.

        ConflictError where the engine is no server.
        """


class SearchIndex(Protocol):
    """The documents of each collection.

    Every write is durable, and seen by searchers in other processes, when it returns.
    """

    def write(self, collection: Collection, documents: Iterable[SearchDocument], deleted: Sequence[str]) -> None:
        """Add or replace documents, and delete others; an id in both is added. Documents are consumed once.

        The vector of a document is deleted with it, and when its text changes.
        """

    def scan(self, collection: Collection) -> Iterator[SearchDocument]:
        """Every document, in no order."""

    def ids(self, collection: Collection) -> Iterator[str]:
        """The id of every document, in no order."""

    def count(self, collection: Collection) -> int:
        """The number of documents; 0 in a new index, which a change of the spec creates."""

    def clear(self, collection: Collection) -> None:
        """Delete every document and every vector."""

    def begin_rebuild(self, collection: Collection) -> IndexRebuild:
        """Create an empty index beside the active one."""


class VectorIndex(Protocol):
    """The vectors of documents, by model."""

    def write_vectors(self, collection: Collection, model: str, rows: Sequence[VectorRow]) -> None:
        """Add or replace vectors. The first model with vectors becomes active.

        Ids without a document are left out, and vectors of another text (`domain.search.embedding_text`) than the
        document has now. InvalidError for a vector of another length than the model's others, or with a value that is
        no number.
        """

    def vectors(self, collection: Collection, model: str) -> Iterator[tuple[str, str]]:
        """(id, text_hash) of every vector of the model, in no order."""

    def read_vectors(self, collection: Collection, model: str, ids: Sequence[str]) -> dict[str, VectorRow]:
        """The vectors of those documents that have one."""

    def count_vectors(self, collection: Collection) -> int:
        """The number of vectors of the active model; 0 without one."""

    def active_model(self, collection: Collection) -> str | None:
        """The model whose vectors answer queries; None without vectors."""

    def activate_model(self, collection: Collection, model: str) -> None:
        """Answer queries by this model's vectors from now on, and remove those of other models."""


class SynonymStore(Protocol):
    """The synonyms that the engine applies to queries."""

    def set_synonyms(self, synonyms: Sequence[Synonym]) -> None:
        """Replace the synonyms of all collections."""

    def synonyms(self) -> list[Synonym]: ...


class SearchEngine(SearchQueries, SearchIndex, VectorIndex, SynonymStore, Protocol):
    """A search engine."""

    @property
    def name(self) -> str:
        """The name of the engine: embedded or typesense."""

    @property
    def version(self) -> str:
        """The version of the engine; a server is asked for it."""
