"""Reads PDFs in parallel: each file gives one document, whatever its state, within the limits."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

from domain.document_files.document_file import DocumentFileState
from domain.document_files.pdf_limits import PdfLimits
from infrastructure.pdf import ocr
from infrastructure.pdf.findings import Findings
from infrastructure.pdf.worker_pool import PdfWorkerPool
from infrastructure.system.disk_space import disk_full_as_error

MAX_RESTARTS = 5  # crashes of the child process before the rest of a file is given up
CHUNK = 1 << 20
ABANDONED_SECONDS = 3_600.0  # without a write, after which the folder of a reading is that of an ended process


@dataclass
class PdfReading:
    """State of one file; `first` is the page from which the next text step starts."""

    path: Path
    out: Path
    deadline: float
    found: Findings = field(default_factory=Findings)
    steps: list[str] = field(default_factory=lambda: ["text", "about", "tables"])
    first: int = 1
    deaths: int = 0
    spent: float = 0.0


class PdfResult(NamedTuple):
    """`document` is a JSON object: state, reason, title, metadata, outline, pages, facts …"""

    state: DocumentFileState
    reason: str | None
    document: bytes


class PdfReader:
    """Reads up to `workers` files at once; child processes are reused for the next files."""

    def __init__(self, limits: PdfLimits, workers: int | None = None, spool: Path | None = None) -> None:
        self.limits = limits
        self.spool = spool
        self.pool = PdfWorkerPool(workers or os.cpu_count() or 1, limits.memory_bytes)

    def read(self, path: Path) -> PdfResult:
        """Read one file; see `read_many`."""
        return self.read_many({"": path})[""]

    def read_many(self, paths: Mapping[str, Path]) -> dict[str, PdfResult]:
        """Read the files; return the documents under the same names, whatever the files' state."""
        with disk_full_as_error(), _folder(self.spool, max(ABANDONED_SECONDS, 2 * self.limits.timeout)) as folder:
            readings = {
                name: PdfReading(path, folder / str(number), 0.0) for number, (name, path) in enumerate(paths.items())
            }
            waiting = list(readings)
            while waiting:
                unfinished: list[str] = []
                for name, ending in self.pool.run(self._requests(waiting, readings), self.limits.timeout):
                    if self._follow(readings[name], ending):
                        unfinished.append(name)
                waiting = unfinished
            return {name: self._document(reading.found) for name, reading in readings.items()}

    def close(self) -> None:
        """End the child processes."""
        self.pool.close()

    def _document(self, found: Findings) -> PdfResult:
        max_pages = self.limits.pages
        return PdfResult(found.state(), found.reason(max_pages), found.document(max_pages))

    def _requests(
        self, names: list[str], readings: Mapping[str, PdfReading]
    ) -> Iterator[tuple[str, dict[str, object]]]:
        for name in names:
            reading = readings[name]
            reading.deadline = reading.deadline or time.monotonic() + self.limits.timeout
            room = self.limits.output_bytes - sum(map(len, reading.found.pages.values()))
            pages = sorted(reading.found.unread)[: self.limits.ocr_pages]
            request = {
                "path": str(reading.path),
                "out": str(reading.out),
                "room": room,
                "first": reading.first,
                "spent": reading.spent,
            }
            yield (
                name,
                request
                | {
                    "steps": reading.steps,
                    "pages": pages,
                    "ocr_seconds": self.limits.page_seconds,
                    "limits": asdict(self.limits),
                },
            )

    def _follow(self, reading: PdfReading, ending: str) -> bool:
        """Add the child's output; return whether to run the file again, after a page that crashed, or for OCR."""
        found = reading.found
        found.add(reading.out.read_bytes() if reading.out.exists() else b"")
        reading.out.unlink(missing_ok=True)
        if ending == "timeout":
            found.stopped = f"reading took longer than {self.limits.timeout:g} s"
            return False
        if ending == "died":
            return self._died(reading)
        if found.unread and not found.texts and reading.steps != ["ocr"] and ocr.installed():
            reading.steps = ["ocr"]
            return True
        return False

    def _died(self, reading: PdfReading) -> bool:
        reading.deaths += 1
        found = reading.found
        why = f"it took more than {self.limits.page_seconds} s of CPU, or broke the reader"
        if found.count is None:
            found.stopped = f"opening it took more than {self.limits.cpu_seconds} s of CPU, or broke the reader"
            return False
        if found.reached < min(found.count, self.limits.pages) and "text" in reading.steps:
            found.left[found.reached + 1] = why
            reading.first = found.reached + 1
            reading.spent += self.limits.page_seconds
        else:  # the text is complete: continue with the steps after the one that crashed
            reading.steps = reading.steps[1:] if reading.steps[0] != "text" else reading.steps[2:]
            reading.first = 1
        if reading.deaths > MAX_RESTARTS:
            found.stopped = f"{MAX_RESTARTS} pages ended the reader"
            return False
        return bool(reading.steps)


@contextmanager
def _folder(spool: Path | None, abandoned_seconds: float) -> Iterator[Path]:
    """Make a folder for the children's output; remove those that ended processes left, which nobody has written to for
    so long. The processes of other containers have numbers of their own, so numbers would not tell.
    """
    if spool is not None:
        spool.mkdir(parents=True, exist_ok=True)
        for found in spool.glob("pdf-*"):
            with suppress(FileNotFoundError):
                if time.time() - found.stat().st_mtime > abandoned_seconds:
                    shutil.rmtree(found, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix="pdf-", dir=spool) as folder:
        yield Path(folder)
