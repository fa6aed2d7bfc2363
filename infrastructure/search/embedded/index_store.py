"""One collection's index on disk: opened once a process, read by many, written by one at a time.

The lock of tantivy is held only while a batch is written, so that any process can write next, also when this one is killed. What was written
is there when `write` returns; the merges of segments that it sets off end behind it, and who writes next waits for them.
"""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import tantivy
from loguru import logger
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from domain.search.queries import CollectionSpec, SearchDocument
from domain.shared.errors import DamagedError, InvalidError, NoSpaceError, UnavailableError
from infrastructure.search.common.identifiers import ID
from infrastructure.search.common.text_analysis import WHOLE, WORDS, whole_analyzer, words_analyzer
from infrastructure.search.embedded.schema import build_schema, schema_hash, to_tantivy

T = TypeVar("T")
HEAP_BYTES = 40_000_000  # bytes of the writer's buffer
SMALL_HEAP_BYTES = 15_000_000
SMALL_BATCH_DOCUMENTS = 200  # documents that surely fit into the small one
LOCK_WAIT_SECONDS = 60.0  # seconds to wait for another writer


class IndexStore:
    """The index of a collection below `folder`, in a folder of its own for each schema; a pointer beside it names the one that was swapped in."""

    def __init__(self, folder: Path, spec: CollectionSpec) -> None:
        self.spec = spec
        self.schema = build_schema(spec)
        self._first = folder / f"{spec.name}-{schema_hash(spec)}"
        self._pointer = folder / f"{self._first.name}.current"
        self._index: tantivy.Index | None = None
        self._opened: Path | None = None
        self._seen: tuple[int, int] | None = None
        self._opening = threading.Lock()
        self._writing = threading.Lock()
        self._merging: threading.Thread | None = None

    @property
    def path(self) -> Path:
        """The folder that serves."""
        try:
            return self._pointer.with_name(self._pointer.read_text())
        except FileNotFoundError:
            return self._first

    def searcher(self) -> tantivy.Searcher:
        """A snapshot of the last commit, whichever process made it."""
        for again in (True, False):
            path = self.path
            try:
                return self._snapshot(path)
            except (DamagedError, FileNotFoundError):
                if not again or path == self.path:  # else it was swapped, and removed, between the two looks
                    raise
        raise AssertionError

    def write(self, documents: Sequence[SearchDocument], deleted: Sequence[str]) -> None:
        """Delete, then put, in one commit. A document of an id already there replaces it."""
        newest = {document[ID]: document for document in documents}
        made = (to_tantivy(self.spec, document) for document in newest.values())  # one at a time: thousands of them would be tens of megabytes
        self._commit(lambda writer: _put(writer, made, [*newest, *deleted]), HEAP_BYTES if len(newest) > SMALL_BATCH_DOCUMENTS else SMALL_HEAP_BYTES)

    def clear(self) -> None:
        """Delete every document, and what older schemas left behind."""
        self._commit(lambda writer: writer.delete_all_documents(), SMALL_HEAP_BYTES)
        self.remove_others()

    def remove_others(self) -> None:
        """Remove the indexes of the collection that do not serve."""
        for other in self._first.parent.glob(f"{self.spec.name}-*"):
            if other.is_dir() and other != self.path:
                shutil.rmtree(other, ignore_errors=True)

    def beside(self) -> "IndexStore":
        """An empty store in a folder of its own, that serves nobody before `take`."""
        made = IndexStore(self._first.parent, self.spec)
        made._first = self._first.with_name(f"{self._first.name}.{time.time_ns()}")
        made._pointer = made._first.with_name(f"{made._first.name}.none")
        _create(made._first, made.schema)
        return made

    def take(self, other: "IndexStore") -> None:
        """Have the index of a store made by `beside` serve. Nobody writes meanwhile; who waited to then writes there."""
        new = self._pointer.with_suffix(".new")
        other.merged()
        with self._writing, self._locked(SMALL_HEAP_BYTES) as (writer, old):
            writer.rollback()
            with new.open("w") as file:
                file.write(other.path.name)
                file.flush()
                os.fsync(file.fileno())
            new.replace(self._pointer)
        self.merged()
        shutil.rmtree(old, ignore_errors=True)

    def merged(self) -> None:
        """Return when no merge of segments that was set off here goes on."""
        if self._merging is not None:
            self._merging.join()

    def drop(self) -> None:
        """Remove the folder: of a store that does not serve."""
        self.merged()
        shutil.rmtree(self._first, ignore_errors=True)

    def _snapshot(self, path: Path) -> tantivy.Searcher:
        index = self._open(path)
        state = (path / "meta.json").stat()
        seen = (state.st_ino, state.st_mtime_ns)
        if seen != self._seen:  # a stat is a hundred times cheaper than a reload
            _guarded(index.reload, path)
            self._seen = seen
        return index.searcher()

    def _commit(self, change: Callable[[tantivy.IndexWriter], None], heap: int) -> None:
        with self._writing, self._locked(heap) as (writer, path):
            try:
                _guarded(lambda: change(writer), path)
                _guarded(writer.commit, path)
            except BaseException:
                writer.rollback()
                raise

    @contextmanager
    def _locked(self, heap: int) -> Iterator[tuple[tantivy.IndexWriter, Path]]:
        """The writer of the index that serves, and its folder; given up at the end, once merges are through."""
        self.merged()
        writer, path = self._begin(heap)
        try:
            yield writer, path
        finally:
            self._merging = threading.Thread(target=_give_up, args=(writer, path))
            self._merging.start()

    def _begin(self, heap: int) -> tuple[tantivy.IndexWriter, Path]:
        while True:
            path = self.path
            try:
                writer = self._writer(self._open(path), heap, path)
            except (DamagedError, FileNotFoundError):
                if path == self.path:
                    raise
                continue  # swapped, and removed, while we waited
            if path == self.path:
                return writer, path
            writer.wait_merging_threads()

    def _writer(self, index: tantivy.Index, heap: int, path: Path) -> tantivy.IndexWriter:
        waiting = Retrying(retry=retry_if_exception(_busy), wait=wait_random(0.002, 0.02), stop=stop_after_delay(LOCK_WAIT_SECONDS), reraise=True)
        try:
            return waiting(index.writer, heap, 1)
        except ValueError as error:
            if _busy(error):
                raise UnavailableError(f"Another process has been writing to {path.name} for {LOCK_WAIT_SECONDS:.0f} s") from error
            raise _told(error, path) from error

    def _open(self, path: Path) -> tantivy.Index:
        with self._opening:
            there = (path / "meta.json").exists()
            if self._index is None or path != self._opened or not there:  # swapped, or deleted beneath us
                if not there:
                    if path != self.path:
                        raise FileNotFoundError(path)
                    _create(path, self.schema)
                index = _guarded(lambda: tantivy.Index.open(str(path)), path)
                index.config_reader("manual")
                index.register_tokenizer(WORDS, words_analyzer())
                index.register_tokenizer(WHOLE, whole_analyzer())
                self._index, self._opened, self._seen = index, path, None
            return self._index


def _create(path: Path, schema: tantivy.Schema) -> None:
    """An empty index, made aside and moved into place, so that two processes can't make half of it each."""
    path.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        _guarded(lambda: tantivy.Index(schema, path=str(made)), path)
        made.replace(path)
    except OSError:
        if not (path / "meta.json").exists():
            raise
    finally:
        shutil.rmtree(made, ignore_errors=True)


def _give_up(writer: tantivy.IndexWriter, path: Path) -> None:
    """End the writer, and with it the lock, when its merges are through. What was committed stands without them."""
    try:
        writer.wait_merging_threads()
    except ValueError as error:
        logger.warning("merging segments of {}: {}", path.name, error)


def _put(writer: tantivy.IndexWriter, documents: Iterable[tantivy.Document], replaced: Sequence[str]) -> None:
    for name in replaced:
        writer.delete_documents_by_term(ID, name)
    for document in documents:
        writer.add_document(document)


def _busy(error: BaseException) -> bool:
    return isinstance(error, ValueError) and "LockBusy" in str(error)


def _guarded(action: Callable[[], T], path: Path) -> T:
    """Tantivy raises ValueError for whatever goes wrong on disk; what is wrong with a document is told as it is."""
    try:
        return action()
    except InvalidError:
        raise
    except ValueError as error:
        raise _told(error, path) from error


def _told(error: ValueError, path: Path) -> Exception:
    if "No space left" in str(error):
        return NoSpaceError(f"The disk that holds {path} is full")
    return DamagedError(f"The search index {path} can't be used ({error}). `tenderlake rebuild search` makes it anew")
