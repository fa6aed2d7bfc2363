"""The synonyms of an installation, in one file."""

import threading
from collections.abc import Sequence
from pathlib import Path

import orjson

from domain.search.queries import Synonym
from infrastructure.system.durable_files import write_atomically


class SynonymFile:
    """`synonyms.json` in the search folder; readers see the last write."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "synonyms.json"
        self._seen: tuple[int, int] | None = None
        self._cached: list[Synonym] = []
        self._lock = threading.Lock()

    def write(self, synonyms: Sequence[Synonym]) -> None:
        """Replace all synonyms atomically."""
        write_atomically(self._path, [orjson.dumps([item.model_dump() for item in synonyms])])

    def read(self) -> list[Synonym]:
        """The synonyms; empty if none were written."""
        with self._lock:
            try:
                state = self._path.stat()
            except FileNotFoundError:
                return []
            seen = (state.st_ino, state.st_mtime_ns)
            if seen != self._seen:
                self._cached = [Synonym.model_validate(item) for item in orjson.loads(self._path.read_bytes())]
                self._seen = seen
            return list(self._cached)
