"""The vectors of one model. `vectors.f32`: one row per vector; `rows.jsonl`: one line per change.

The line ["id", "hash"] adds the next row, ["id"] deletes. A row is written before its line, and a line is valid once
it is complete: the next writer truncates what a killed one left.
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
from infrastructure.system.durable_files import append_durably, sync
from services.ports.embeddings import Vectors
from services.ports.search import VectorRow

Keys = NDArray[np.int64]
NONE = -1  # the row number of a missing vector


@dataclass(frozen=True)
class Snapshot:
    """A consistent state: the document keys in ascending order, their rows, and the matrix of all rows."""

    keys: Keys
    rows: Keys
    matrix: Vectors

    def find(self, keys: Keys) -> Keys:
        """The row of each key; NONE without a vector."""
        if not len(self.keys):
            return np.full(len(keys), NONE, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[at] == keys, self.rows[at], NONE)


class VectorLog:
    """The files in `folder`. Many readers; a writer must hold the lock of `VectorSets`."""

    def __init__(self, folder: Path, dimension: int) -> None:
        self.dimension = dimension
        self.folder = folder
        self._vectors, self._lines = folder / "vectors.f32", folder / "rows.jsonl"
        self._reading = threading.Lock()
        self._read = 0  # bytes of `rows.jsonl` that were read
        # Key and row of each change; offset of each row's line.
        self._keys, self._rows, self._starts = array("q"), array("q"), array("q")
        self._snapshot: Snapshot | None = None

    def create(self) -> None:
        """Create the empty files, durably."""
        self.folder.mkdir(parents=True)
        for path in (self._vectors, self._lines):
            path.touch()
        sync(self.folder)

    @property
    def written(self) -> int:
        """The number of rows in the file, deleted ones included."""
        return len(self._starts)

    def has_deleted(self) -> bool:
        """Whether the files have deleted vectors, or lines that delete some."""
        return len(self.snapshot().keys) != len(self._keys)

    def snapshot(self) -> Snapshot:
        """The current vectors, writes of other processes included. FileNotFoundError if the files were moved."""
        with self._reading:
            if self._refresh() or self._snapshot is None:
                self._snapshot = self._build_snapshot()
            return self._snapshot

    def read(self, ids: Sequence[str]) -> dict[str, VectorRow]:
        """The vectors of these documents by id; documents without one are left out."""
        now = self.snapshot()
        return {
            name: VectorRow(name, text_hash, np.array(now.matrix[row]))
            for row, name, text_hash in self._entries_of(now, ids)
        }

    def hashes(self, ids: Sequence[str]) -> dict[str, str]:
        """The text hashes of these documents' vectors; documents without one are left out."""
        return {name: text_hash for _, name, text_hash in self._entries_of(self.snapshot(), ids)}

    def entries(self) -> Iterator[tuple[str, str]]:
        """(id, hash) of every current vector."""
        rows = np.sort(self.snapshot().rows).tolist()
        with self._lines.open("rb") as lines:
            for row in rows:
                name, text_hash = _line(lines, self._starts[row])
                yield name, text_hash

    def append(self, puts: Sequence[VectorRow], deleted: Sequence[str]) -> None:
        """Append changes durably; deleting an id without a vector has no effect."""
        self.snapshot()
        self._truncate_incomplete()
        if puts:
            append_durably(
                self._vectors, np.stack([row.vector for row in puts]).astype(np.float32, copy=False).tobytes()
            )
        lines = [orjson.dumps([name]) for name in self.hashes(deleted)] + [
            orjson.dumps([row.id, row.text_hash]) for row in puts
        ]
        if lines:
            append_durably(self._lines, b"\n".join(lines) + b"\n")

    def _entries_of(self, now: Snapshot, ids: Sequence[str]) -> Iterator[tuple[int, str, str]]:
        """(row, id, hash) of those documents that have a vector."""
        found = now.find(np.array([surrogate_key(document_id) for document_id in ids], dtype=np.int64))
        with self._lines.open("rb") as lines:
            for row in found[found != NONE].tolist():
                name, text_hash = _line(lines, self._starts[row])
                yield row, name, text_hash

    def _refresh(self) -> bool:
        """Read new lines; whether there were any."""
        with self._lines.open("rb") as lines:
            lines.seek(self._read)
            new = lines.read()
        complete = new[: new.rfind(b"\n") + 1]
        for line in complete.splitlines(keepends=True):
            try:
                change = orjson.loads(line)
            except orjson.JSONDecodeError as error:
                raise DamagedError(
                    f"{self._lines} is damaged at byte {self._read}: delete the folder, and its vectors are computed "
                    "again"
                ) from error
            self._keys.append(surrogate_key(change[0]))
            self._rows.append(len(self._starts) if len(change) > 1 else NONE)
            if len(change) > 1:
                self._starts.append(self._read)
            self._read += len(line)
        return bool(complete)

    def _build_snapshot(self) -> Snapshot:
        keys, rows = np.array(self._keys, dtype=np.int64), np.array(self._rows, dtype=np.int64)
        order = np.argsort(keys, kind="stable")
        keys, rows = keys[order], rows[order]
        last = np.append(keys[1:] != keys[:-1], True)[: len(keys)]  # the newest change of each key
        current = last & (rows != NONE)
        return Snapshot(keys[current], rows[current], self._matrix())

    def _matrix(self) -> Vectors:
        shape = (self.written, self.dimension)
        if self._vectors.stat().st_size < self.written * self.dimension * 4:
            raise DamagedError(
                f"{self._vectors} is shorter than its rows: delete the folder, and its vectors are computed again"
            )
        return (
            np.memmap(self._vectors, dtype=np.float32, mode="r", shape=shape)
            if self.written
            else np.zeros(shape, dtype=np.float32)
        )

    def _truncate_incomplete(self) -> None:
        os.truncate(self._lines, self._read)
        os.truncate(self._vectors, self.written * self.dimension * 4)


def _line(lines: BinaryIO, start: int) -> list[str]:
    lines.seek(start)
    found: list[str] = orjson.loads(lines.readline())
    return found
