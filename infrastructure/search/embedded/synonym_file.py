"""The synonyms of an installation, in one file."""

import os
import threading
from collections.abc import Sequence
from pathlib import Path

import orjson

from domain.search.queries import Synonym


class SynonymFile:
    """`synonyms.json` in the search folder; readers see the last write."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "synonyms.json"
        self._seen: tuple[int, int] | None = None
        self._cached: list[Synonym] = []
        self._lock = threading.Lock()

    def write(self, synonyms: Sequence[Synonym]) -> None:
        """Replace all synonyms atomically."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_name(f".synonyms.{os.getpid()}.{threading.get_ident()}")
        with new.open("wb") as file:
            file.write(orjson.dumps([item.model_dump() for item in synonyms]))
            file.flush()
            os.fsync(file.fileno())
        new.replace(self._path)

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
