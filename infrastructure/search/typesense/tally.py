"""How many documents each collection had after our last write: a server that was started again counts up to it before it is whole again."""

import json
import os
import tempfile
from pathlib import Path
from threading import Lock


class Tally:
    """Kept in a file beside the lake, so that every process of the installation knows; in memory where there is no file."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._counts: dict[str, int] = {}
        self._read_at: tuple[int, int] | None = None
        self._lock = Lock()

    def get(self, collection: str) -> int:
        """Documents that there must be at least."""
        with self._lock:
            return self._read().get(collection, 0)

    def set(self, collection: str, count: int) -> None:
        """Documents that there are; kept through power cuts only as well as the file system does, for it is a check and no ledger."""
        with self._lock:
            self._counts = {**self._read(), collection: max(0, count)}
            if self._path is not None:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                handle, name = tempfile.mkstemp(dir=self._path.parent, prefix=".tally-")
                with os.fdopen(handle, "w") as file:
                    json.dump(self._counts, file)
                Path(name).replace(self._path)

    def lower(self, collection: str, by: int) -> None:
        """Before documents are deleted: fewer may be there from now on."""
        self.set(collection, self.get(collection) - by)

    def _read(self) -> dict[str, int]:
        if self._path is None or not self._path.exists():
            return self._counts if self._path is None else {}
        stat = self._path.stat()
        seen = (stat.st_mtime_ns, stat.st_ino)
        if seen != self._read_at:
            self._counts = {str(name): int(count) for name, count in json.loads(self._path.read_text()).items()}
            self._read_at = seen
        return self._counts
