"""The index of one collection on disk: opened once per process, read by many, written by one at a time.

Tantivy's lock is held only while a batch is written, so that any process can write next, also after a crash of this
one. `write` returns when the batch is on disk; segment merges finish in a thread, and the next writer waits for them.
"""

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
from infrastructure.system.durable_files import write_atomically

T = TypeVar("T")
HEAP_BYTES = 40_000_000  # the writer's buffer
SMALL_HEAP_BYTES = 15_000_000
SMALL_BATCH_DOCUMENTS = 200  # batches up to this size fit into the small buffer
LOCK_WAIT_SECONDS = 60.0


class IndexStore:
    """The index of a collection in `folder`: one subfolder per schema; a pointer file names the active one."""

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
        """The folder of the active index."""
        try:
            return self._pointer.with_name(self._pointer.read_text())
        except FileNotFoundError:
            return self._first

    def searcher(self) -> tantivy.Searcher:
        """A snapshot of the last commit of any process."""
        for first_attempt in (True, False):
            path = self.path
            try:
                return self._snapshot(path)
            except (DamagedError, FileNotFoundError):
                if not first_attempt or path == self.path:  # otherwise a swap removed it meanwhile
                    raise
        raise AssertionError

    def write(self, documents: Iterable[SearchDocument], deleted: Sequence[str]) -> list[str]:
        """Delete, then add, in one commit; returns the ids added. A document replaces the one with the same id."""
        newest = {document[ID]: document for document in documents}
        # Lazily: thousands take tens of MB.
        converted = (to_tantivy(self.spec, document) for document in newest.values())
        heap = HEAP_BYTES if len(newest) > SMALL_BATCH_DOCUMENTS else SMALL_HEAP_BYTES
        self._commit(lambda writer: _put(writer, converted, dict.fromkeys([*newest, *deleted])), heap)
        return list(newest)

    def clear(self) -> None:
        """Delete all documents, and the indexes of older schemas."""
        self._commit(lambda writer: writer.delete_all_documents(), SMALL_HEAP_BYTES)
        self.remove_others()

    def remove_others(self) -> None:
        """Remove the collection's indexes that are not active."""
        for other in self._first.parent.glob(f"{self.spec.name}-*"):
            if other.is_dir() and other != self.path:
                shutil.rmtree(other, ignore_errors=True)

    def new_inactive(self) -> "IndexStore":
        """An empty store in its own folder, inactive until `activate`."""
        new_store = IndexStore(self._first.parent, self.spec)
        new_store._first = self._first.with_name(f"{self._first.name}.{time.time_ns()}")
        new_store._pointer = new_store._first.with_name(f"{new_store._first.name}.none")
        _create(new_store._first, new_store.schema)
        return new_store

    def activate(self, other: "IndexStore") -> None:
        """Activate the index of a store made by `new_inactive`. Other writers wait, and then write to it."""
        other.wait_for_merges()
        with self._writing, self._locked(SMALL_HEAP_BYTES) as (writer, old):
            writer.rollback()
            write_atomically(self._pointer, [other.path.name.encode()])
        self.wait_for_merges()
        shutil.rmtree(old, ignore_errors=True)

    def wait_for_merges(self) -> None:
        """Wait until the segment merges started here have finished."""
        if self._merging is not None:
            self._merging.join()

    def remove(self) -> None:
        """Remove the folder of an inactive store."""
        self.wait_for_merges()
        shutil.rmtree(self._first, ignore_errors=True)

    def _snapshot(self, path: Path) -> tantivy.Searcher:
        index = self._open(path)
        state = (path / "meta.json").stat()
        seen = (state.st_ino, state.st_mtime_ns)
        if seen != self._seen:  # a stat is a hundred times cheaper than a reload
            _with_disk_errors(index.reload, path)
            self._seen = seen
        return index.searcher()

    def _commit(self, change: Callable[[tantivy.IndexWriter], None], heap: int) -> None:
        with self._writing, self._locked(heap) as (writer, path):
            try:
                _with_disk_errors(lambda: change(writer), path)
                _with_disk_errors(writer.commit, path)
            except BaseException:
                writer.rollback()
                raise

    @contextmanager
    def _locked(self, heap: int) -> Iterator[tuple[tantivy.IndexWriter, Path]]:
        """The writer and folder of the active index; released at the end, after segment merges."""
        self.wait_for_merges()
        writer, path = self._begin(heap)
        try:
            yield writer, path
        finally:
            self._merging = threading.Thread(target=_release, args=(writer, path))
            self._merging.start()

    def _begin(self, heap: int) -> tuple[tantivy.IndexWriter, Path]:
        while True:
            path = self.path
            try:
                writer = self._writer(self._open(path), heap, path)
            except (DamagedError, FileNotFoundError):
                if path == self.path:
                    raise
                continue  # a swap removed it meanwhile
            if path == self.path:
                return writer, path
            writer.wait_merging_threads()

    def _writer(self, index: tantivy.Index, heap: int, path: Path) -> tantivy.IndexWriter:
        retrying = Retrying(
            retry=retry_if_exception(_busy),
            wait=wait_random(0.002, 0.02),
            stop=stop_after_delay(LOCK_WAIT_SECONDS),
            reraise=True,
        )
        try:
            return retrying(index.writer, heap, 1)
        except ValueError as error:
            if _busy(error):
                raise UnavailableError(
                    f"Another process has been writing to {path.name} for {LOCK_WAIT_SECONDS:.0f} s"
                ) from error
            raise _disk_error(error, path) from error

    def _open(self, path: Path) -> tantivy.Index:
        with self._opening:
            exists = (path / "meta.json").exists()
            if self._index is None or path != self._opened or not exists:  # first use, swapped, or deleted
                if not exists:
                    if path != self.path:
                        raise FileNotFoundError(path)
                    _create(path, self.schema)
                index = _with_disk_errors(lambda: tantivy.Index.open(str(path)), path)
                index.config_reader("manual")
                index.register_tokenizer(WORDS, words_analyzer())
                index.register_tokenizer(WHOLE, whole_analyzer())
                self._index, self._opened, self._seen = index, path, None
            return self._index


def _create(path: Path, schema: tantivy.Schema) -> None:
    """Create an empty index in a temporary folder and move it into place, so that two processes don't interfere."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}-", dir=path.parent))
    try:
        _with_disk_errors(lambda: tantivy.Index(schema, path=str(temporary)), path)
        temporary.replace(path)
    except OSError:
        if not (path / "meta.json").exists():
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _release(writer: tantivy.IndexWriter, path: Path) -> None:
    """Wait for the segment merges, then release the writer and its lock. A failed merge loses no documents."""
    try:
        writer.wait_merging_threads()
    except ValueError as error:
        logger.warning("merging segments of {}: {}", path.name, error)


def _put(writer: tantivy.IndexWriter, documents: Iterable[tantivy.Document], replaced: Iterable[str]) -> None:
    for name in replaced:
        writer.delete_documents_by_term(ID, name)
    for document in documents:
        writer.add_document(document)


def _busy(error: BaseException) -> bool:
    return isinstance(error, ValueError) and "LockBusy" in str(error)


def _with_disk_errors(action: Callable[[], T], path: Path) -> T:
    """Run the action. Tantivy reports disk errors as ValueError; InvalidError (a bad document) is passed on."""
    try:
        return action()
    except InvalidError:
        raise
    except ValueError as error:
        raise _disk_error(error, path) from error


def _disk_error(error: ValueError, path: Path) -> Exception:
    if "No space left" in str(error):
        return NoSpaceError(f"The disk that holds {path} is full")
    return DamagedError(f"The search index {path} can't be used ({error}). `tenderlake rebuild search` rebuilds it")
