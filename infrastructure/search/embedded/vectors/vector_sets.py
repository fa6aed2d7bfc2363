"""The vectors of a collection: one log per model, and a file that names the active model.

One writer at a time, by a file lock that ends with its process.
"""

import fcntl
import re
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random

from domain.shared.errors import InvalidError, UnavailableError
from infrastructure.search.embedded.vectors.vector_log import Snapshot, VectorLog
from infrastructure.system.disk_space import disk_full_as_error
from infrastructure.system.durable_files import write_atomically
from services.ports.search import VectorRow

LOCK_WAIT_SECONDS = 60.0  # seconds to wait for another writer
REWRITE_FACTOR = 2  # a file with this many times the needed rows is rewritten
REWRITE_MIN_ROWS = 1_000  # files with fewer rows are not rewritten; also the rows copied at once
Texts = Callable[[Sequence[str]], dict[str, str]]  # text hashes of those of the documents that exist
EMPTY: dict[str, Any] = {"serving": None, "sets": {}}


class VectorSets:
    """The vectors in `folder`; the first write creates the folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._logs: dict[str, VectorLog] = {}
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._catalogue = EMPTY

    def serving(self) -> str | None:
        """The active model."""
        return self._read_catalogue()["serving"]  # type: ignore[no-any-return]

    def snapshot(self, model: str | None = None) -> Snapshot | None:
        """The current vectors of the model (default: the active one); None without any."""
        for first_attempt in (True, False):
            log = self._log(model or self.serving())
            try:
                return log.snapshot() if log else None
            except FileNotFoundError:  # rewritten by another process meanwhile
                if not first_attempt:
                    raise
        return None

    def entries(self, model: str) -> Iterator[tuple[str, str]]:
        """(id, hash) of every vector of the model."""
        log = self._log(model)
        return log.entries() if log else iter(())

    def read(self, model: str, ids: Sequence[str]) -> dict[str, VectorRow]:
        """The model's vectors of these documents by id; documents without one are left out."""
        log = self._log(model)
        return log.read(ids) if log and ids else {}

    def write(self, model: str, rows: Sequence[VectorRow], texts: Texts) -> None:
        """Add the vectors whose text hash is current, durably.

        InvalidError for differing lengths or values that are no numbers.
        """
        newest = list({row.id: row for row in rows}.values())
        if not newest:
            return
        dimension = len(newest[0].vector)
        if any(row.vector.shape != (dimension,) or not np.isfinite(row.vector).all() for row in newest):
            raise InvalidError(
                f"A vector of {model} differs in length from the others, or has values that are no numbers"
            )
        with self._locked():
            log = self._log(model) or self._begin(model, dimension)
            if log.dimension != dimension:
                raise InvalidError(f"Vectors of {model} have {log.dimension} numbers, not {dimension}")
            now = texts([row.id for row in newest])  # under the lock, so that a later `delete_outdated` waits for it
            log.append([row for row in newest if row.text_hash == now.get(row.id)], ())
            needed = len(log.snapshot().keys)
            if log.written > max(REWRITE_MIN_ROWS, REWRITE_FACTOR * needed):
                self._rewrite(model, log)

    def delete_outdated(self, ids: Sequence[str], texts: Texts) -> None:
        """Delete these documents' vectors, of every model, whose text hash is outdated or whose document is deleted."""
        if not ids or not self._read_catalogue()["sets"]:
            return
        with self._locked():
            for model in self._read_catalogue()["sets"]:
                log = self._log(model)
                have = log.hashes(ids) if log else {}
                if log is not None and have:
                    now = texts(list(have))
                    log.append((), [name for name, text_hash in have.items() if text_hash != now.get(name)])

    def delete_all_outdated(self, texts: Texts) -> None:
        """`delete_outdated` for every document with a vector."""
        for model in self._read_catalogue()["sets"]:
            ids = [name for name, _ in self.entries(model)]
            for start in range(0, len(ids), REWRITE_MIN_ROWS):
                self.delete_outdated(ids[start : start + REWRITE_MIN_ROWS], texts)

    def purge_deleted(self) -> None:
        """Rewrite the files that still contain deleted vectors, hashes or ids."""
        if not self._read_catalogue()["sets"]:
            return
        with self._locked():
            for model in self._read_catalogue()["sets"]:
                log = self._log(model)
                if log is not None and log.has_deleted():
                    self._rewrite(model, log)

    def serve(self, model: str) -> None:
        """Make this model active, and remove the vectors of other models."""
        with self._locked():
            sets = self._read_catalogue()["sets"]
            if model not in sets:
                raise InvalidError(f"There are no vectors of {model}, only of {', '.join(sets) or 'none'}")
            self._save({"serving": model, "sets": {model: sets[model]}})
            for other in sets.keys() - {model}:
                shutil.rmtree(self._folder / sets[other]["folder"], ignore_errors=True)

    def clear(self) -> None:
        """Remove all vectors."""
        if self._folder.exists():
            with self._locked():
                self._save(EMPTY)
                for path in self._folder.iterdir():
                    if path.is_dir():
                        shutil.rmtree(path, ignore_errors=True)

    def _begin(self, model: str, dimension: int) -> VectorLog:
        log = self._empty(model, dimension)
        self._name(model, log)
        return self._log(model) or log

    def _rewrite(self, model: str, old: VectorLog) -> None:
        rewritten = self._empty(model, old.dimension)
        ids = [name for name, _ in old.entries()]
        for start in range(0, len(ids), REWRITE_MIN_ROWS):
            rewritten.append(list(old.read(ids[start : start + REWRITE_MIN_ROWS]).values()), ())
        self._name(model, rewritten)
        shutil.rmtree(old.folder, ignore_errors=True)

    def _empty(self, model: str, dimension: int) -> VectorLog:
        """A log in a new folder, with a number above those in use."""
        number = 1 + max(
            (int(entry["folder"].rsplit(".", 1)[1]) for entry in self._read_catalogue()["sets"].values()), default=0
        )
        name = f"{re.sub('[^A-Za-z0-9]+', '-', model)[:80]}.{number}"
        shutil.rmtree(self._folder / name, ignore_errors=True)  # left by a writer that was killed
        log = VectorLog(self._folder / name, dimension)
        log.create()
        return log

    def _name(self, model: str, log: VectorLog) -> None:
        catalogue = self._read_catalogue()
        sets = catalogue["sets"] | {model: {"folder": log.folder.name, "dimension": log.dimension}}
        self._save({"serving": catalogue["serving"] or model, "sets": sets})

    def _log(self, model: str | None) -> VectorLog | None:
        found = self._read_catalogue()["sets"].get(model)
        if found is None:
            return None
        with self._lock:
            return self._logs.setdefault(found["folder"], VectorLog(self._folder / found["folder"], found["dimension"]))

    def _read_catalogue(self) -> dict[str, Any]:
        """The file of models and logs, read again if it has changed."""
        path = self._folder / "catalogue.json"
        with self._lock:
            try:
                state = path.stat()
                seen = (state.st_ino, state.st_mtime_ns)
                if seen != self._seen:
                    self._catalogue = orjson.loads(path.read_bytes())
                    self._seen = seen
                    folders = {entry["folder"] for entry in self._catalogue["sets"].values()}
                    self._logs = {name: log for name, log in self._logs.items() if name in folders}
            except FileNotFoundError:
                self._catalogue, self._seen, self._logs = EMPTY, None, {}
            return self._catalogue

    def _save(self, catalogue: dict[str, Any]) -> None:
        write_atomically(self._folder / "catalogue.json", [orjson.dumps(catalogue)])

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("ab") as lock:
            retrying = Retrying(
                retry=retry_if_exception_type(BlockingIOError),
                wait=wait_random(0.002, 0.02),
                stop=stop_after_delay(LOCK_WAIT_SECONDS),
                reraise=True,
            )
            try:
                retrying(fcntl.flock, lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UnavailableError(
                    f"Another process has been writing vectors to {self._folder} for {LOCK_WAIT_SECONDS:.0f} s"
                ) from error
            with disk_full_as_error():
                yield
