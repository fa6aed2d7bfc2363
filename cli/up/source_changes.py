"""Notices changes of the product's own source files, for `tenderlake up --reload`."""

import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("api", "cli", "domain", "infrastructure", "services", "workers")
POLL_SECONDS = 1.0  # polling notices changes in mounted folders too, where the kernel reports none


class SourceChanges:
    """The state of the source files when it was last asked."""

    def __init__(self, root: Path = ROOT) -> None:
        self.root = root
        self._seen = self._state()
        self._checked_at = time.monotonic()

    def found(self) -> bool:
        """Whether a file was changed, added or removed since the last call that looked."""
        if time.monotonic() - self._checked_at < POLL_SECONDS:
            return False
        before, self._seen, self._checked_at = self._seen, self._state(), time.monotonic()
        return before != self._seen

    def _state(self) -> dict[Path, int]:
        files = (file for package in PACKAGES for file in (self.root / package).rglob("*.py"))
        return {file: file.stat().st_mtime_ns for file in files if file.exists()}
