"""Reads PDFs, several at once: one document a file, whatever state the file is in, and never longer than the limits allow."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

import psutil

from domain.document_files.document_file import DocumentFileState
from infrastructure.pdf import ocr
from infrastructure.pdf.findings import Findings
from infrastructure.pdf.limits import PdfLimits
from infrastructure.pdf.worker_pool import PdfWorkerPool
from infrastructure.system.disk_space import disk_full_as_error

MAX_RESTARTS = 5  # pages that may end their child before the rest of the file is given up
CHUNK = 1 << 20


@dataclass
class PdfReading:
    """One file on its way through its steps; `first` is the page that the next text is read from."""

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
    """`workers` files at once; children live on between files."""

    def __init__(self, limits: PdfLimits, workers: int | None = None, spool: Path | None = None) -> None:
        self.limits = limits
        self.spool = spool
        self.pool = PdfWorkerPool(workers or os.cpu_count() or 1, limits.memory_bytes)

    def read(self, path: Path) -> PdfResult:
        """The document of one file; see `read_many`."""
        return self.read_many({"": path})[""]

    def read_many(self, paths: Mapping[str, Path]) -> dict[str, PdfResult]:
        """The documents by the names given, whatever state the files are in."""
        with disk_full_as_error(), _folder(self.spool) as folder:
            readings = {name: PdfReading(path, folder / str(number), 0.0) for number, (name, path) in enumerate(paths.items())}
            waiting = list(readings)
            while waiting:
                again: list[str] = []
                for name, ending in self.pool.run(self._requests(waiting, readings), self.limits.timeout):
                    if self._follow(readings[name], ending):
                        again.append(name)
                waiting = again
            return {name: self._document(reading.found) for name, reading in readings.items()}

    def close(self) -> None:
        """End the children."""
        self.pool.close()

    def _document(self, found: Findings) -> PdfResult:
        most = self.limits.pages
        return PdfResult(found.state(), found.reason(most), found.document(most))

    def _requests(self, names: list[str], readings: Mapping[str, PdfReading]) -> Iterator[tuple[str, dict[str, object]]]:
        for name in names:
            reading = readings[name]
            reading.deadline = reading.deadline or time.monotonic() + self.limits.timeout
            room = self.limits.output_bytes - sum(map(len, reading.found.pages.values()))
            pages = sorted(reading.found.unread)[: self.limits.ocr_pages]
            asked = {"path": str(reading.path), "out": str(reading.out), "room": room, "first": reading.first, "spent": reading.spent}
            yield name, asked | {"steps": reading.steps, "pages": pages, "ocr_seconds": self.limits.page_seconds, "limits": asdict(self.limits)}

    def _follow(self, reading: PdfReading, ending: str) -> bool:
        """Take in what was written; whether the file is to be taken up again behind a page that ended its child, or for its images."""
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
        else:  # all the text is there: go on without what ended the child
            reading.steps = reading.steps[1:] if reading.steps[0] != "text" else reading.steps[2:]
            reading.first = 1
        if reading.deaths > MAX_RESTARTS:
            found.stopped = f"{MAX_RESTARTS} pages ended the reader"
            return False
        return bool(reading.steps)


@contextmanager
def _folder(spool: Path | None) -> Iterator[Path]:
    """A folder for what the children write; those of processes that were killed are removed."""
    if spool is not None:
        spool.mkdir(parents=True, exist_ok=True)
        for left in spool.glob("pdf-*-*"):
            owner = left.name.split("-")[1]
            if owner.isdecimal() and not psutil.pid_exists(int(owner)):
                shutil.rmtree(left, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=f"pdf-{os.getpid()}-", dir=spool) as folder:
        yield Path(folder)
