"""One collection's index on disk: opened once a process, read by many, written by one at a time.

The lock of tantivy is held only while a batch is written, so that any process can write next, also when this one is killed.
"""

import shutil
import tempfile
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import tantivy
from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_random

from domain.errors import DamagedError, NoSpaceError, UnavailableError
from domain.search import CollectionSpec, Document
from infrastructure.search.embedded.analysis import WHOLE, WORDS, whole_analyzer, words_analyzer
from infrastructure.search.embedded.schema import ID, build_schema, schema_hash, to_tantivy

T = TypeVar("T")
HEAP = 40_000_000  # bytes of the writer's buffer
SMALL_HEAP = 15_000_000
SMALL = 200  # documents that surely fit into the small one
PATIENCE = 60.0  # seconds to wait for another writer


class Store:
    """The index of a collection below `folder`, in a folder of its own for each schema."""

    def __init__(self, folder: Path, spec: CollectionSpec) -> None:
        self.spec = spec
        self.path = folder / f"{spec.name}-{schema_hash(spec)}"
        self.schema = build_schema(spec)
        self._index: tantivy.Index | None = None
        self._seen: tuple[int, int] | None = None
        self._opening = threading.Lock()
        self._writing = threading.Lock()

    def searcher(self) -> tantivy.Searcher:
        """A snapshot of the last commit, whichever process made it."""
        index = self._open()
        state = (self.path / "meta.json").stat()
        seen = (state.st_ino, state.st_mtime_ns)
        if seen != self._seen:  # a stat is a hundred times cheaper than a reload
            _guarded(index.reload, self.path)
            self._seen = seen
        return index.searcher()

    def write(self, documents: Sequence[Document], deleted: Sequence[str]) -> None:
        """Delete, then put, in one commit. A document of an id already there replaces it."""
        newest = {document[ID]: document for document in documents}
        made = [to_tantivy(self.spec, document) for document in newest.values()]  # before the lock: may raise, takes the most time
        self._commit(lambda writer: _put(writer, made, [*newest, *deleted]), HEAP if len(made) > SMALL else SMALL_HEAP)

    def clear(self) -> None:
        """Delete every document, and what older schemas left behind."""
        self._commit(lambda writer: writer.delete_all_documents(), SMALL_HEAP)
        for other in self.path.parent.glob(f"{self.spec.name}-*"):
            if other != self.path:
                shutil.rmtree(other, ignore_errors=True)

    def _commit(self, change: Callable[[tantivy.IndexWriter], None], heap: int) -> None:
        index = self._open()
        with self._writing:
            writer = self._writer(index, heap)
            try:
                _guarded(lambda: change(writer), self.path)
                _guarded(writer.commit, self.path)
            except BaseException:
                writer.rollback()
                raise
            finally:
                writer.wait_merging_threads()  # gives up the writer, and with it the lock

    def _writer(self, index: tantivy.Index, heap: int) -> tantivy.IndexWriter:
        waiting = Retrying(retry=retry_if_exception(_busy), wait=wait_random(0.002, 0.02), stop=stop_after_delay(PATIENCE), reraise=True)
        try:
            return waiting(index.writer, heap, 1)
        except ValueError as error:
            if _busy(error):
                raise UnavailableError(f"Another process has been writing to {self.path.name} for {PATIENCE:.0f} s") from error
            raise _told(error, self.path) from error

    def _open(self) -> tantivy.Index:
        with self._opening:
            there = (self.path / "meta.json").exists()
            if self._index is None or not there:  # deleted beneath us: begin again
                if not there:
                    _create(self.path, self.schema)
                index = _guarded(lambda: tantivy.Index.open(str(self.path)), self.path)
                index.config_reader("manual")
                index.register_tokenizer(WORDS, words_analyzer())
                index.register_tokenizer(WHOLE, whole_analyzer())
                self._index = index
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


def _put(writer: tantivy.IndexWriter, documents: Sequence[tantivy.Document], replaced: Sequence[str]) -> None:
    for name in replaced:
        writer.delete_documents_by_term(ID, name)
    for document in documents:
        writer.add_document(document)


def _busy(error: BaseException) -> bool:
    return isinstance(error, ValueError) and "LockBusy" in str(error)


def _guarded(action: Callable[[], T], path: Path) -> T:
    """Tantivy raises ValueError for whatever goes wrong on disk."""
    try:
        return action()
    except ValueError as error:
        raise _told(error, path) from error


def _told(error: ValueError, path: Path) -> Exception:
    if "No space left" in str(error):
        return NoSpaceError(f"The disk that holds {path} is full")
    return DamagedError(f"The search index {path} can't be used ({error}). `tenderlake rebuild search` makes it anew")
