"""The ports: what the use cases need from the outside, as Protocols; `infrastructure/bootstrap.py` plugs the adapters in."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from domain.instants import Order
from domain.job import Batch
from domain.money import Rate
from domain.record import Kind, Note, Place, Refused
from domain.search import Collection, Document, Filter, SearchKey, SearchQuery, SearchResult, Synonym
from domain.webhooks import Answered

T = TypeVar("T")


class Readings(Protocol):
    """Where slices are read: in the worker's thread, or in the background where that takes long. `worker` is the worker's name in leases."""

    @property
    def worker(self) -> str: ...
    def holds(self, job_id: str) -> bool:
        """Whether a slice of the job is being landed in this process."""

    def holding(self, batches: Sequence[Batch]) -> AbstractContextManager[None]:
        """Renew the leases of these batches until the end."""

    def read(self, batch: Batch, work: Callable[[], T], late: Callable[[Callable[[], T]], None]) -> T | None:
        """What `work` gives; None where it takes long: then `late` is called with it in the background, once it has ended."""


class InlineReadings:
    """`Readings` in the caller's thread, however long they take."""

    worker = ""

    def holds(self, job_id: str) -> bool:  # pylint: disable=unused-argument
        """Nothing is landed but what the caller waits for."""
        return False

    def holding(self, batches: Sequence[Batch]) -> AbstractContextManager[None]:  # pylint: disable=unused-argument
        """Nothing is renewed."""
        return nullcontext()

    def read(self, batch: Batch, work: Callable[[], T], late: Callable[[Callable[[], T]], None]) -> T | None:  # pylint: disable=unused-argument
        """What `work` gives."""
        return work()


class Messages(Protocol):
    """The queue of wake-up calls. A message carries ids and never data; losing one costs a sweep's interval."""

    def send(self, actor: str, *args: str) -> None:
        """Enqueue a message. UnavailableError where the queue does not answer."""

    def pending(self, actor: str) -> set[tuple[str, ...]]:
        """The arguments of the messages that wait or are handled at the moment. UnavailableError where the queue does not answer."""

    def check(self) -> None:
        """UnavailableError where the queue does not answer."""

    def wait(self, seconds: float) -> None:
        """Where the queue is away, return once it answers; AwayError where that takes longer."""

    def claim(self, installation: str) -> str:
        """The installation that the queue serves: this one, where it served none before."""


class Lake(Protocol):
    """Bronze and silver."""

    def append_bronze(self, kind: str, batch: int, rows: pl.DataFrame) -> None: ...
    def read_bronze(
        self, kind: str, batches: Sequence[int], columns: Sequence[str], ocids: Sequence[str] | None = None, record_ids: Sequence[str] | None = None
    ) -> pl.DataFrame: ...
    def append_silver(self, silver_batch: int, frames: dict[str, pl.DataFrame]) -> None: ...
    def read_silver(
        self,
        table: str,
        silver_batches: Sequence[int],
        columns: Sequence[str] | None = None,
        ocids: Sequence[str] | None = None,
        record_ids: Sequence[str] | None = None,
    ) -> pl.DataFrame: ...
    def erase_bronze(self, kind: str, record_id: str, batches: Sequence[int]) -> None: ...
    def erase_silver(self, table: str, key: str, name: str, before: int) -> None: ...
    def forget(self, kinds: Sequence[str], tables: Sequence[str]) -> bool: ...
    def crowded(self) -> bool: ...
    def compact(self) -> None: ...


Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """A model that turns texts into vectors of length 1, near each other where their meaning is."""

    @property
    def model(self) -> str:
        """The model's name: other vectors have another name."""

    @property
    def dimension(self) -> int:
        """Numbers of a vector; an endpoint may have to be asked once."""

    def __hash__(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """A row a text, in their order. InvalidError for texts that the model refuses; UnavailableError where it does not answer (well)."""


class Embedders(Protocol):
    """The models at hand; None from both where embeddings are off."""

    @property
    def model(self) -> str | None:
        """The name of the one that the settings choose."""

    def get(self, model: str) -> Embedder | None:
        """The one of that name, loaded at its first use; None where it can't be had here."""


class NoEmbedders:
    """`Embedders` where embeddings are off."""

    @property
    def model(self) -> str | None:
        """None is chosen."""
        return None

    def get(self, model: str) -> Embedder | None:
        """There is none."""


@dataclass(frozen=True)
class VectorRow:
    """The vector of a document, and the hash of the text that it was made of."""

    id: str
    text_hash: str
    vector: Vectors


class Fresh(Protocol):
    """An empty index of a collection, filled while the old one serves. Vectors of documents that stand in both are kept."""

    def write(self, documents: Sequence[Document], deleted: Sequence[str]) -> None: ...
    def swap(self) -> None:
        """Have it serve, at one stroke; the old one is removed. What is written to the collection from now on goes here."""

    def drop(self) -> None:
        """Give it up; the old one goes on serving."""


class SearchEngine(Protocol):
    """Documents that can be found. Every write is durable, and seen by searchers in other processes, when it returns."""

    @property
    def name(self) -> str:
        """Which engine it is."""

    @property
    def version(self) -> str:
        """The engine's version; a server is asked for it."""

    def upsert(self, collection: Collection, documents: Sequence[Document]) -> None: ...
    def delete(self, collection: Collection, ids: Sequence[str]) -> None: ...
    def write(self, collection: Collection, documents: Sequence[Document], deleted: Sequence[str]) -> None:
        """Put and delete. A vector stands for the text of its document: it goes with the document, and where that says something else now."""

    def search(self, query: SearchQuery) -> SearchResult: ...
    def suggest(self, collection: Collection, prefix: str, limit: int) -> list[str]: ...
    def scan(self, collection: Collection) -> Iterator[Document]: ...
    def ids(self, collection: Collection) -> Iterator[str]:
        """The id of every document, in no order."""

    def count(self, collection: Collection) -> int: ...
    def clear(self, collection: Collection) -> None:
        """Delete every document, and every vector."""

    def fresh(self, collection: Collection) -> Fresh: ...
    def write_vectors(self, collection: Collection, model: str, rows: Sequence[VectorRow]) -> None:
        """Put vectors beside those of other models, each in place of the one with its id. Where no model serves yet, this one does from now on.

        InvalidError where one has another length than the model's others, or holds what is no number.
        Left out are ids without a document, and vectors of another text (`domain.meaning`) than the document has now.
        """

    def vectors(self, collection: Collection, model: str) -> Iterator[tuple[str, str]]:
        """(id, text_hash) of every vector of the model, in no order."""

    def read_vectors(self, collection: Collection, model: str, ids: Sequence[str]) -> dict[str, VectorRow]:
        """The vectors of these documents, of those that have one."""

    def count_vectors(self, collection: Collection) -> int:
        """Vectors of the model that serves; 0 where none does."""

    def serving(self, collection: Collection) -> str | None:
        """The model whose vectors answer queries; None where there are none."""

    def serve(self, collection: Collection, model: str) -> None:
        """Have this model's vectors answer from now on, and remove those of the others."""

    def set_synonyms(self, synonyms: Sequence[Synonym]) -> None:
        """The synonyms of all collections, in place of those before."""

    def synonyms(self) -> list[Synonym]: ...
    def search_key(self, filters: Sequence[Filter], collection: Collection | None, expires_at: datetime) -> SearchKey:
        """A key with which a browser may search the engine itself, and do nothing else. ConflictError where the engine is no server."""


@dataclass(frozen=True)
class Element:
    """One element of a source, as bytes of UTF-8 JSON, with the metadata of the package it stood in, and the kind of record that it is.

    `flaw` is why the element counts as refused although its record is kept: a file in which nothing can be read.
    `notes` are what its reader noted of it. `date_order` finds the order that the dates of its file prove, None where none is proven; it may
    have to read all of the file.
    """

    raw: bytes
    place: Place
    package: dict[str, Any] | None = None
    kind: Kind = Kind.RELEASES
    flaw: Refused | None = None
    notes: tuple[Note, ...] = ()
    date_order: Callable[[], Order | None] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Slice:
    """A stretch of a source; `position` is where the next one begins, None at the end."""

    elements: Sequence[Element]
    refused: Sequence[Refused]
    position: dict[str, Any] | None


class Receiver(Protocol):
    """A file on its way in; NoSpaceError where the disk is full."""

    @property
    def size(self) -> int: ...
    def write(self, part: bytes) -> None: ...
    def finish(self) -> tuple[str, int]:
        """Make it durable and put it in place: (sha256 in hexadecimal, size in bytes)."""

    def abort(self) -> None:
        """Forget it; changes nothing after `finish`."""


class RateService(Protocol):
    """A public service of exchange rates."""

    def rates(self, base: str, first: date, last: date, currencies: Sequence[str]) -> list[Rate]:
        """1 `base` in each of the currencies that it knows, on the days that it has. UnavailableError where it can't be asked or believed."""


class Files(Protocol):
    """Raw files by content hash."""

    def path(self, sha256: str) -> Path: ...
    def receive(self) -> Receiver: ...
    def copy(self, source: Path) -> tuple[str, int]:
        """Take in a file from disk: (sha256 in hexadecimal, size in bytes)."""

    def check_room(self) -> None:
        """NoSpaceError where the disk is so full that nothing more should be begun."""

    def remove(self, sha256: str) -> bool:
        """Remove the file for good; whether there was one."""

    def clean(self) -> None:
        """Remove what interrupted uploads left behind."""


class Sources(Protocol):
    """Reads uploaded files in slices, each from a position in O(1), in bounded memory."""

    def read(self, sha256: str, filename: str, position: dict[str, Any] | None, limit: int, reader: str = "") -> Slice:
        """The next elements. InvalidError where nobody recognises the file. `reader` (a job) has copies of its own, which nobody else removes."""

    def expect(self, sha256s: Sequence[str]) -> None:
        """These files are read next: those that take long may be read ahead, several at once."""

    def release(self, sha256: str, reader: str = "") -> None:
        """Give back what the reader left on disk beside the raw file."""


class Work(Protocol):
    """A unit of work: repositories over one transaction, committed on request only."""

    @property
    def jobs(self) -> Any: ...
    @property
    def batches(self) -> Any: ...
    @property
    def leases(self) -> Any: ...
    @property
    def records(self) -> Any: ...
    @property
    def quarantine(self) -> Any: ...
    @property
    def watermarks(self) -> Any: ...
    @property
    def gold(self) -> Any: ...
    @property
    def documents(self) -> Any: ...
    @property
    def files(self) -> Any: ...
    @property
    def users(self) -> Any: ...
    @property
    def star(self) -> Any: ...
    @property
    def rates(self) -> Any: ...
    @property
    def raw(self) -> Any: ...
    @property
    def outcomes(self) -> Any: ...
    @property
    def trail(self) -> Any: ...
    @property
    def turns(self) -> Any: ...
    @property
    def keys(self) -> Any: ...
    @property
    def webhooks(self) -> Any: ...
    @property
    def deliveries(self) -> Any: ...
    @property
    def searching(self) -> Any: ...
    @property
    def saved(self) -> Any: ...
    @property
    def installations(self) -> Any: ...
    @property
    def erasure(self) -> Any: ...
    def commit(self) -> None: ...
    def quick_check(self) -> str: ...


class Warehouse(Protocol):
    """Opens units of work."""

    def read(self) -> AbstractContextManager[Work]: ...
    def write(self) -> AbstractContextManager[Work]: ...
    def scrub(self) -> None: ...
    def tidy(self) -> None: ...
    def check(self) -> None: ...
    def wait(self, seconds: float) -> None:
        """Where the database is away, return once it answers; AwayError where that takes longer."""


@dataclass(frozen=True)
class Post:
    """A request to somebody else's address: the body as bytes, the headers as they go out."""

    url: str
    body: bytes
    headers: Mapping[str, str]


class Hooks(Protocol):
    """The way to other people's addresses."""

    def post(self, post: Post) -> Answered:
        """Send it within seconds, whatever the receiver does. Called from several threads at once."""


class NoHooks:
    """Where nothing is sent to anybody: every attempt fails and is made again."""

    def post(self, post: Post) -> Answered:  # pylint: disable=unused-argument
        """Nothing is sent."""
        return Answered(error="this process sends nothing")


class Seals(Protocol):
    """Secrets as the database keeps them, unreadable without a key that lies elsewhere."""

    def seal(self, text: str) -> str: ...
    def open(self, sealed: str) -> str:
        """What was sealed. DamagedError where it can't be opened."""


class NoSeals:
    """Where no secret is kept, as in scratch installations: texts stay as they are."""

    def seal(self, text: str) -> str:
        """The text."""
        return text

    def open(self, sealed: str) -> str:
        """The text."""
        return sealed


@dataclass(frozen=True)
class Parts:
    """What the use cases work with."""

    warehouse: Warehouse
    lake: Lake
    search: SearchEngine
    messages: Messages
    sources: Sources
    files: Files
    batch_records: int = 3_000
    base_currency: str = "EUR"
    rate_service: RateService | None = None
    embedders: Embedders = field(default_factory=NoEmbedders)
    hooks: Hooks = field(default_factory=NoHooks)
    seals: Seals = field(default_factory=NoSeals)
    readings: Readings = field(default_factory=InlineReadings)
