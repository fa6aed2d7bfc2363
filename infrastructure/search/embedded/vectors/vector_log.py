"""The vectors of one model: `vectors.f32`, a row a vector, and `rows.jsonl`, a line a change: ["id", "hash"] puts the next row, ["id"] deletes.

A row is on disk before its line, and a line counts once its end is there: what a killed writer left is cut off by the next one.
"""

import os
import threading
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import orjson
from numpy.typing import NDArray

from domain.shared.errors import DamagedError
from domain.shared.surrogate_keys import surrogate_key
from services.ports.embeddings import Vectors
from services.ports.search import VectorRow

Keys = NDArray[np.int64]
NONE = -1  # the row of what is not there


@dataclass(frozen=True)
class Snapshot:
    """What stands at one moment: the keys of the documents in ascending order, the rows of their vectors, and the matrix of all rows."""

    keys: Keys
    rows: Keys
    matrix: Vectors

    def find(self, keys: Keys) -> Keys:
        """The row of each key, NONE where it has no vector."""
        if not len(self.keys):
            return np.full(len(keys), NONE, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, self.rows[at], NONE)


class VectorLog:
    """The files of `folder`. Any number of readers; whoever appends holds the lock of the collection's vectors."""

    def __init__(self, folder: Path, dimension: int) -> None:
        self.dimension = dimension
        self.folder = folder
        self._vectors, self._lines = folder / "vectors.f32", folder / "rows.jsonl"
        self._reading = threading.Lock()
        self._read = 0  # bytes of the lines that are known
        self._keys, self._rows, self._starts = array("q"), array("q"), array("q")  # a change's key and row; a row's line
        self._snapshot: Snapshot | None = None

    def create(self) -> None:
        """The empty files, durably."""
        self.folder.mkdir(parents=True)
        for path in (self._vectors, self._lines):
            path.touch()
        sync(self.folder)

    @property
    def written(self) -> int:
        """Rows of the file, those that nobody needs any more included."""
        return len(self._starts)

    def tells_of_gone(self) -> bool:
        """Whether the files hold vectors that nobody needs any more, or lines that delete some."""
        return len(self.snapshot().keys) != len(self._keys)

    def snapshot(self) -> Snapshot:
        """The vectors as they stand, as far as anybody has written. FileNotFoundError where the files have moved."""
        with self._reading:
            if self._refresh() or self._snapshot is None:
                self._snapshot = self._made()
            return self._snapshot

    def read(self, ids: Sequence[str]) -> dict[str, VectorRow]:
        """The vectors of these documents, of those that have one."""
        now = self.snapshot()
        return {name: VectorRow(name, text_hash, np.array(now.matrix[row])) for row, name, text_hash in self._named(now, ids)}

    def hashes(self, ids: Sequence[str]) -> dict[str, str]:
        """The hashes of these documents' vectors, of those that have one."""
        return {name: text_hash for _, name, text_hash in self._named(self.snapshot(), ids)}

    def entries(self) -> Iterator[tuple[str, str]]:
        """(id, hash) of every vector that stands."""
        rows = np.sort(self.snapshot().rows).tolist()
        with self._lines.open("rb") as lines:
            for row in rows:
                name, text_hash = _line(lines, self._starts[row])
                yield name, text_hash

    def append(self, puts: Sequence[VectorRow], deleted: Sequence[str]) -> None:
        """Write at the end, durably; ids that have no vector need no deleting."""
        self.snapshot()
        self._mend()
        if puts:
            _append(self._vectors, np.stack([row.vector for row in puts]).astype(np.float32, copy=False).tobytes())
        lines = [orjson.dumps([name]) for name in self.hashes(deleted)] + [orjson.dumps([row.id, row.text_hash]) for row in puts]
        if lines:
            _append(self._lines, b"\n".join(lines) + b"\n")

    def _named(self, now: Snapshot, ids: Sequence[str]) -> Iterator[tuple[int, str, str]]:
        """(row, id, hash) of those that have a vector."""
        found = now.find(np.array([surrogate_key(one) for one in ids], dtype=np.int64))
        with self._lines.open("rb") as lines:
            for row in found[found != NONE].tolist():
                name, text_hash = _line(lines, self._starts[row])
                yield row, name, text_hash

    def _refresh(self) -> bool:
        """Read what was written since; whether there was anything."""
        with self._lines.open("rb") as lines:
            lines.seek(self._read)
            new = lines.read()
        complete = new[: new.rfind(b"\n") + 1]
        for line in complete.splitlines(keepends=True):
            try:
                change = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise DamagedError(f"{self._lines} is damaged at byte {self._read}: delete the folder, and its vectors are made anew") from error
            self._keys.append(surrogate_key(change[0]))
            self._rows.append(len(self._starts) if len(change) > 1 else NONE)
            if len(change) > 1:
                self._starts.append(self._read)
            self._read += len(line)
        return bool(complete)

    def _made(self) -> Snapshot:
        keys, rows = np.array(self._keys, dtype=np.int64), np.array(self._rows, dtype=np.int64)
        order = np.argsort(keys, kind="stable")
        keys, rows = keys[order], rows[order]
        last = np.append(keys[1:] != keys[:-1], True)[: len(keys)]  # the newest change of each key
        standing = last & (rows != NONE)
        return Snapshot(keys[standing], rows[standing], self._matrix())

    def _matrix(self) -> Vectors:
        shape = (self.written, self.dimension)
        if self._vectors.stat().st_size < self.written * self.dimension * 4:
            raise DamagedError(f"{self._vectors} is shorter than its rows: delete the folder, and its vectors are made anew")
        return np.memmap(self._vectors, dtype=np.float32, mode="r", shape=shape) if self.written else np.zeros(shape, dtype=np.float32)

    def _mend(self) -> None:
        os.truncate(self._lines, self._read)
        os.truncate(self._vectors, self.written * self.dimension * 4)


def _line(lines: BinaryIO, start: int) -> list[str]:
    lines.seek(start)
    found: list[str] = orjson.loads(lines.readline())
    return found


def _append(path: Path, content: bytes) -> None:
    with path.open("ab") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
