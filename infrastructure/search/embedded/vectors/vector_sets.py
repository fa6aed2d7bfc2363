"""The vectors of a collection: a log a model, and a catalogue that says which model answers. One writer at a time, by a lock that dies with it."""

import fcntl
import os
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
from infrastructure.search.embedded.vectors.vector_log import Snapshot, VectorLog, sync
from infrastructure.system.disk_space import disk_full_as_error
from services.ports.search import VectorRow

PATIENCE = 60.0  # seconds to wait for another writer
SPARSE = 2  # times as many rows as are needed: then the file is written anew
WORTH = 1_000  # rows below which that is not worth it
Texts = Callable[[Sequence[str]], dict[str, str]]  # the hash of each of these documents' text, of those that there are
EMPTY: dict[str, Any] = {"serving": None, "sets": {}}


class VectorSets:
    """The vectors in `folder`; a folder that does not exist holds none, and is made by the first write."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._logs: dict[str, VectorLog] = {}
        self._looking = threading.Lock()
        self._seen: tuple[int, int] | None = None
        self._catalogue = EMPTY

    def serving(self) -> str | None:
        """The model that answers."""
        return self._known()["serving"]  # type: ignore[no-any-return]

    def snapshot(self, model: str | None = None) -> Snapshot | None:
        """The model's vectors (default: of the one that answers) as they stand; None where there are none."""
        for again in (True, False):
            log = self._log(model or self.serving())
            try:
                return log.snapshot() if log else None
            except FileNotFoundError:  # written anew elsewhere, between the two looks
                if not again:
                    raise
        return None

    def entries(self, model: str) -> Iterator[tuple[str, str]]:
        """(id, hash) of every vector of the model."""
        log = self._log(model)
        return log.entries() if log else iter(())

    def read(self, model: str, ids: Sequence[str]) -> dict[str, VectorRow]:
        """The model's vectors of these documents, of those that have one."""
        log = self._log(model)
        return log.read(ids) if log and ids else {}

    def write(self, model: str, rows: Sequence[VectorRow], texts: Texts) -> None:
        """Put the vectors that are of their document's text, durably. InvalidError where one is not like the others, or holds what is no number."""
        newest = list({row.id: row for row in rows}.values())
        if not newest:
            return
        dimension = len(newest[0].vector)
        if any(row.vector.shape != (dimension,) or not np.isfinite(row.vector).all() for row in newest):
            raise InvalidError(f"A vector of {model} is not like the others, or holds what is no number")
        with self._locked():
            log = self._log(model) or self._begin(model, dimension)
            if log.dimension != dimension:
                raise InvalidError(f"Vectors of {model} have {log.dimension} numbers, not {dimension}")
            now = texts([row.id for row in newest])  # under the lock: who changes a document comes for its vector after us
            log.append([row for row in newest if row.text_hash == now.get(row.id)], ())
            needed = len(log.snapshot().keys)
            if log.written > max(WORTH, SPARSE * needed):
                self._write_anew(model, log)

    def follow(self, ids: Sequence[str], texts: Texts) -> None:
        """Of these documents' vectors, of every model, delete those that are not of their document's text, or have none."""
        if not ids or not self._known()["sets"]:
            return
        with self._locked():
            for model in self._known()["sets"]:
                log = self._log(model)
                have = log.hashes(ids) if log else {}
                if log is not None and have:
                    now = texts(list(have))
                    log.append((), [name for name, text_hash in have.items() if text_hash != now.get(name)])

    def follow_all(self, texts: Texts) -> None:
        """The same for every document that has a vector."""
        for model in self._known()["sets"]:
            ids = [name for name, _ in self.entries(model)]
            for start in range(0, len(ids), WORTH):
                self.follow(ids[start : start + WORTH], texts)

    def forget(self) -> None:
        """Write the files of each model anew that still hold vectors, hashes or ids which were deleted."""
        if not self._known()["sets"]:
            return
        with self._locked():
            for model in self._known()["sets"]:
                log = self._log(model)
                if log is not None and log.tells_of_gone():
                    self._write_anew(model, log)

    def serve(self, model: str) -> None:
        """Have this model answer, and remove the vectors of the others."""
        with self._locked():
            sets = self._known()["sets"]
            if model not in sets:
                raise InvalidError(f"There are no vectors of {model}; there are those of {', '.join(sets) or 'none'}")
            self._save({"serving": model, "sets": {model: sets[model]}})
            for other in sets.keys() - {model}:
                shutil.rmtree(self._folder / sets[other]["folder"], ignore_errors=True)

    def clear(self) -> None:
        """Remove all."""
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

    def _write_anew(self, model: str, old: VectorLog) -> None:
        fresh = self._empty(model, old.dimension)
        ids = [name for name, _ in old.entries()]
        for start in range(0, len(ids), WORTH):
            fresh.append(list(old.read(ids[start : start + WORTH]).values()), ())
        self._name(model, fresh)
        shutil.rmtree(old.folder, ignore_errors=True)

    def _empty(self, model: str, dimension: int) -> VectorLog:
        """A log in a folder that no other log had since the catalogue last said so."""
        number = 1 + max((int(one["folder"].rsplit(".", 1)[1]) for one in self._known()["sets"].values()), default=0)
        name = f"{re.sub('[^A-Za-z0-9]+', '-', model)[:80]}.{number}"
        shutil.rmtree(self._folder / name, ignore_errors=True)  # of a writer that was killed before it named it
        log = VectorLog(self._folder / name, dimension)
        log.create()
        return log

    def _name(self, model: str, log: VectorLog) -> None:
        known = self._known()
        sets = known["sets"] | {model: {"folder": log.folder.name, "dimension": log.dimension}}
        self._save({"serving": known["serving"] or model, "sets": sets})

    def _log(self, model: str | None) -> VectorLog | None:
        found = self._known()["sets"].get(model)
        if found is None:
            return None
        with self._looking:
            return self._logs.setdefault(found["folder"], VectorLog(self._folder / found["folder"], found["dimension"]))

    def _known(self) -> dict[str, Any]:
        """The catalogue, read again where it has changed."""
        path = self._folder / "catalogue.json"
        with self._looking:
            try:
                state = path.stat()
                seen = (state.st_ino, state.st_mtime_ns)
                if seen != self._seen:
                    self._catalogue = orjson.loads(path.read_bytes())
                    self._seen = seen
                    kept = {one["folder"] for one in self._catalogue["sets"].values()}
                    self._logs = {name: log for name, log in self._logs.items() if name in kept}
            except FileNotFoundError:
                self._catalogue, self._seen, self._logs = EMPTY, None, {}
            return self._catalogue

    def _save(self, catalogue: dict[str, Any]) -> None:
        path, new = self._folder / "catalogue.json", self._folder / "catalogue.new"
        with new.open("wb") as file:
            file.write(orjson.dumps(catalogue))
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
        sync(self._folder)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("ab") as lock:
            waiting = Retrying(retry=retry_if_exception_type(BlockingIOError), wait=wait_random(0.002, 0.02), stop=stop_after_delay(PATIENCE), reraise=True)
            try:
                waiting(fcntl.flock, lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise UnavailableError(f"Another process has been writing vectors to {self._folder} for {PATIENCE:.0f} s") from error
            with disk_full_as_error():
                yield
