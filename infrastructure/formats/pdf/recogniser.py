"""PDF files as sources: each is one document file, read in a child process (infrastructure/pdf).

A PDF that can't be read is kept as a record with the reason.
"""

import hashlib
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import orjson

from domain.document_files.document_file import UNREADABLE
from domain.document_files.process_links import name_key
from domain.jobs.job import Position
from domain.raw_records.record import Kind, RefusedElement, SourceLocation
from domain.shared.errors import InvalidError
from infrastructure.formats.pdf.signature import head_of, is_pdf, is_web
from infrastructure.pdf.reader import PdfReader, PdfResult
from infrastructure.system.checkpoints import waiting_for_process
from services.ports.sources import Element, Slice


class PdfSource:
    """A recogniser of the chain in infrastructure/formats/recogniser_chain.py."""

    name = "pdf"
    kind = "PDF"
    binary = True

    def __init__(self, reader: PdfReader) -> None:
        self.reader = reader
        self.ahead: dict[str, Future[PdfResult]] = {}
        # The threads live as long as the source: the kernel ends a child process with the thread that started it.
        self.threads = ThreadPoolExecutor(reader.pool.size, thread_name_prefix="pdf")

    def recognise(self, text: Path, filename: str) -> Position | None:
        """The first position; None if the file is no PDF. InvalidError for a web page with the file name of a PDF."""
        if is_pdf(text):
            return {}
        if filename.lower().endswith(".pdf") and is_web(head_of(text)):
            raise InvalidError(
                f"{filename} is named as a PDF but is a web page, perhaps an error page of the site", expected=["PDF"]
            )
        return None

    def expect(self, paths: Sequence[Path]) -> None:
        """Start reading the PDFs among these files in parallel; results are kept until `read`, or until the next
        call.
        """
        for pending in self.ahead.values():
            pending.cancel()
        chosen = {str(path.resolve()): path for path in paths if self.recognise(path, "") is not None}
        self.ahead = (
            {name: self.threads.submit(self.reader.read, path) for name, path in chosen.items()}
            if len(chosen) > 1
            else {}
        )

    def read(self, text: Path, filename: str, position: Position, limit: int) -> Slice:  # pylint: disable=unused-argument
        """The document file as one element; with a refusal if nothing in it can be read."""
        with text.open("rb") as file:
            sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        metadata = {
            "filename": name_key(filename) or "upload",
            "sha256": sha256,
            "size": text.stat().st_size,
            "media_type": "application/pdf",
        }
        ahead = self.ahead.pop(str(text.resolve()), None)
        with waiting_for_process():
            found = ahead.result() if ahead else self.reader.read(text)
        raw = orjson.dumps(metadata)[:-1] + b"," + found.document[1:]
        return Slice(
            [Element(raw, place := SourceLocation(file=filename), kind=Kind.DOCUMENTS, refusal=_refusal(found, place))],
            [],
            None,
        )


def _refusal(found: PdfResult, place: SourceLocation) -> RefusedElement | None:
    if found.state not in UNREADABLE:
        return None
    return RefusedElement(
        place=place,
        code=f"pdf_{found.state}",
        reason=f"{found.reason or found.state}; its record is kept with this reason",
    )
