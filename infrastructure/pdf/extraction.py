"""Extraction from one PDF in the child process: text by page, metadata and outline, tables, and text of images (OCR).

Results are written as soon as they are known: the kernel kills the child on a page that exceeds its CPU time, and the
parent continues after that page.
"""

# mypy: allow-untyped-calls

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import SubprocessError
from typing import Any

import pymupdf

from domain.document_files.pdf_limits import PdfLimits
from domain.document_files.proposed_facts import TextLine, propose_facts
from domain.shared.errors import reason_of
from infrastructure.pdf import ocr
from infrastructure.pdf.form_fields import FilledField, filled_fields, missing_values
from infrastructure.pdf.glyph_normalisation import letters
from infrastructure.pdf.opening import LockedError, opened
from infrastructure.pdf.right_to_left import RIGHT_TO_LEFT, block_text
from infrastructure.pdf.textless_pages import READABLE, shown
from infrastructure.pdf.worker_output import Output, allow, cpu_used

FLAGS = pymupdf.TEXTFLAGS_TEXT
DPI = 200
LONG_SIDE_PIXELS = 4_000  # maximum of a page's image for tesseract
MAX_HEADINGS = 1_000
TABLE_MIN_RULES = 4  # a page with fewer drawn lines and boxes has no table
CELL_MAX_CHARACTERS = 2_000

pymupdf.TOOLS.mupdf_display_errors(False)
pymupdf.TOOLS.mupdf_display_warnings(False)


class StoppedError(Exception):
    """Raised when the file exceeds its limits."""


def extract(request: dict[str, Any], output: Output) -> None:
    """Run the requested steps: `text` from page `first` on, `about`, `tables`, `ocr` of the named `pages`."""
    limits = PdfLimits(**request["limits"])
    allow(limits.cpu_seconds)
    with _reporting_errors(output, "broken", 0):
        try:
            document = opened(Path(request["path"]))
        except LockedError as error:
            output.write("encrypted", 0, reason_of(error))
            return
        pages = document.page_count
        output.write("opened", pages, {"repaired": bool(document.is_repaired)})
        until = cpu_used() + limits.cpu_seconds - request["spent"]
        steps = {"text": _text, "about": _about, "tables": _tables, "ocr": _ocr}
        for step in request["steps"]:
            steps[step](document, request, limits, until, output)
        output.write("end", 0, {"repaired": bool(document.is_repaired)})  # some damage appears only at a page


@contextmanager
def _reporting_errors(output: Output, tag: str, page: int) -> Iterator[None]:
    """Write any error to the output: malformed files make the library raise anything."""
    try:
        yield
    except StoppedError:
        raise
    except Exception as error:  # pylint: disable=broad-exception-caught
        reason = reason_of(error)
        output.write(
            tag, page, "there was not enough memory" if isinstance(error, MemoryError) or "alloc" in reason else reason
        )


def _text(document: pymupdf.Document, request: dict[str, Any], limits: PdfLimits, until: float, output: Output) -> None:
    for number in range(request["first"], min(document.page_count, limits.pages) + 1):
        if cpu_used() > until:
            output.write("stopped", number, f"reading took more than {limits.cpu_seconds} s of CPU")
            return
        allow(limits.page_seconds)
        with _reporting_errors(output, "failed", number):
            if not _page(document[number - 1], number, limits, output):
                output.write("stopped", number, "its text takes too much room")
                return


def _page(page: pymupdf.Page, number: int, limits: PdfLimits, output: Output) -> bool:
    """Write the text of a page; return False if the output has no room for it."""
    filled = _filled(page, number, output)
    layer = page.get_textpage(flags=FLAGS)
    text = _text_of(layer)
    if missing := missing_values(filled, layer, text):
        text = "\n\n".join([*filter(None, [text]), "\n".join(map(letters, missing))])
    tag = "page" if READABLE.search(text) else shown(page, text)
    written = output.write(tag, number, {"page": number, "text": text if tag == "page" else ""})
    if written and number <= limits.fact_pages and tag == "page":
        facts = propose_facts(number, _lines(layer))
        if facts:
            output.write("facts", number, facts)
    return written


def _filled(page: pymupdf.Page, number: int, output: Output) -> list[FilledField]:
    if page.first_widget is None:
        return []
    with _reporting_errors(output, "unfilled", number):
        return filled_fields(page)
    return []


def _text_of(layer: pymupdf.TextPage) -> str:
    """Return the text of the page, with a blank line between blocks."""
    text = "\n\n".join(block[4].strip("\n") for block in layer.extractBLOCKS() if block[6] == 0)
    if not text.isascii() and RIGHT_TO_LEFT.search(text):
        text = "\n\n".join(block_text(block) for block in layer.extractRAWDICT()["blocks"] if block["type"] == 0)
    return letters(text).replace("\x00", "")


def _lines(layer: pymupdf.TextPage) -> list[TextLine]:
    lines = [line for block in layer.extractDICT()["blocks"] for line in block.get("lines", ())]
    return [
        TextLine(
            letters("".join(span["text"] for span in line["spans"])),
            tuple(line["bbox"]),
            max((span["size"] for span in line["spans"]), default=0),
        )
        for line in lines
    ]


def _about(
    document: pymupdf.Document, _request: dict[str, Any], limits: PdfLimits, _until: float, output: Output
) -> None:
    allow(limits.page_seconds)
    with _reporting_errors(output, "nothing", 0):
        metadata = {
            name: letters(value.replace("\x00", "").strip())
            for name, value in (document.metadata or {}).items()
            if value
        }
        output.write("metadata", 0, {name: value for name, value in metadata.items() if value})
    with _reporting_errors(output, "nothing", 0):
        output.write("language", 0, document.language or None)
    with _reporting_errors(output, "nothing", 0):
        entries = document.get_toc()[:MAX_HEADINGS]
        output.write(
            "outline",
            0,
            [
                {"level": level, "title": letters(title), "page": page if page > 0 else None}
                for level, title, page in entries
            ],
        )


def _tables(
    document: pymupdf.Document, request: dict[str, Any], limits: PdfLimits, until: float, output: Output
) -> None:
    until = min(until, cpu_used() + limits.table_seconds)
    for number in range(request["first"], min(document.page_count, limits.table_pages) + 1):
        if cpu_used() > until:
            output.write("untabled", number, f"finding tables took more than {limits.table_seconds:g} s of CPU")
            return
        allow(limits.page_seconds)
        with _reporting_errors(output, "nothing", number):
            page = document[number - 1]
            drawn = page.read_contents()
            if drawn.count(b" re") + drawn.count(b" l\n") + drawn.count(b" l ") < TABLE_MIN_RULES:
                continue
            tables = [[[_cell(cell) for cell in row] for row in table.extract()] for table in page.find_tables().tables]
            if tables:
                output.write("tables", number, tables)


def _cell(text: str | None) -> str | None:
    return None if text is None else letters(text.replace("\x00", ""))[:CELL_MAX_CHARACTERS]


def _ocr(document: pymupdf.Document, request: dict[str, Any], limits: PdfLimits, _until: float, output: Output) -> None:
    for number in request["pages"]:
        allow(limits.page_seconds)
        try:
            with _reporting_errors(output, "unread", number):
                page = document[number - 1]
                zoom = min(DPI / 72, LONG_SIDE_PIXELS / max(page.rect.width, page.rect.height, 1))
                picture = page.get_pixmap(matrix=pymupdf.Matrix(zoom, zoom), colorspace=pymupdf.csGRAY, alpha=False)
                output.write("ocr", number, ocr.recognise(picture.tobytes("png"), request["ocr_seconds"]))
        except SubprocessError as error:
            output.write("unread", number, reason_of(error))
