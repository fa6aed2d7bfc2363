"""Reading uploaded files: elements, slices, and where slices are read."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar

from domain.jobs.job import Position
from domain.pipeline.batch import Batch
from domain.raw_records.record import Kind, Note, RefusedElement, SourceLocation
from domain.shared.dates import DateOrder

T = TypeVar("T")


class SliceReader(Protocol):
    """Where slices are read: in the worker's thread, or in the background where that takes long.

    `worker` is the worker's name in leases.
    """

    @property
    def worker(self) -> str: ...
    def is_landing(self, job_id: str) -> bool:
        """Whether a slice of the job is being landed in this process."""

    def renewing_leases(self, batches: Sequence[Batch]) -> AbstractContextManager[None]:
        """Renew the leases of these batches until the end."""

    def read(self, batch: Batch, work: Callable[[], T], late: Callable[[Callable[[], T]], None]) -> T | None:
        """What `work` gives; None where it takes long: then `late` is called with it in the background, once it has
        ended.
        """


class InlineSliceReader:
    """`Readings` in the caller's thread, however long they take."""

    worker = ""

    def is_landing(self, job_id: str) -> bool:  # pylint: disable=unused-argument
        """Nothing is landed but what the caller waits for."""
        return False

    def renewing_leases(self, batches: Sequence[Batch]) -> AbstractContextManager[None]:  # pylint: disable=unused-argument
        """Nothing is renewed."""
        return nullcontext()

    def read(self, batch: Batch, work: Callable[[], T], late: Callable[[Callable[[], T]], None]) -> T | None:  # pylint: disable=unused-argument
        """What `work` gives."""
        return work()


@dataclass(frozen=True)
class Element:
    """One element of a source, as bytes of UTF-8 JSON, with the metadata of the package it stood in, and the kind of
    record that it is.

    `flaw` is why the element counts as refused although its record is kept: a file in which nothing can be read.
    `notes` are what its reader noted of it. `date_order` finds the order that the dates of its file prove, None where
    none is proven; it may have to read all of the file.
    """

    raw: bytes
    place: SourceLocation
    package: dict[str, Any] | None = None
    kind: Kind = Kind.RELEASES
    refusal: RefusedElement | None = None
    notes: tuple[Note, ...] = ()
    date_order: Callable[[], DateOrder | None] | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Slice:
    """A stretch of a source; `position` is where the next one begins, None at the end."""

    elements: Sequence[Element]
    refused: Sequence[RefusedElement]
    position: Position | None


class Sources(Protocol):
    """Reads uploaded files in slices, each from a position in O(1), in bounded memory."""

    def read(self, sha256: str, filename: str, position: Position | None, limit: int, reader: str = "") -> Slice:
        """The next elements. InvalidError where nobody recognises the file.

        `reader` (a job) has copies of its own, which nobody else removes.
        """

    def read_ahead(self, sha256s: Sequence[str]) -> None:
        """These files are read next: those that take long may be read ahead, several at once."""

    def remove_copies(self, sha256: str, reader: str = "") -> None:
        """Give back what the reader left on disk beside the raw file."""
