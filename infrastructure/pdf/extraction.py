"""What the child does with one PDF: text page by page, then what describes the file, its tables, and the text of its images.

Each step is written out as soon as it is known; the kernel ends the child where a page takes too long, and the parent goes on behind it.
"""

# mypy: allow-untyped-calls

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import SubprocessError
from typing import Any

import pymupdf

from domain.document_files.proposed_facts import TextLine, propose_facts
from domain.shared.errors import reason_of
from infrastructure.pdf import ocr
from infrastructure.pdf.form_fields import FilledField, filled_in, lacking
from infrastructure.pdf.glyph_normalisation import letters
from infrastructure.pdf.limits import PdfLimits
from infrastructure.pdf.opening import LockedError, opened
from infrastructure.pdf.right_to_left import RIGHT_TO_LEFT, block_text
from infrastructure.pdf.textless_pages import READABLE, shown
from infrastructure.pdf.worker_output import Output, allow, cpu_used

FLAGS = pymupdf.TEXTFLAGS_TEXT
DPI = 200
LONGEST = 4_000  # pixels of a page's longer side, for tesseract
HEADINGS = 1_000
RULES = 4  # lines or boxes drawn on a page, fewer of which make no table
CELL = 2_000  # characters

pymupdf.TOOLS.mupdf_display_errors(False)
pymupdf.TOOLS.mupdf_display_warnings(False)


class StoppedError(Exception):
    """Raised where the file has used up what it may take."""


def extract(request: dict[str, Any], output: Output) -> None:
    """Do the steps asked for: `text` from page `first` on, `about`, `tables`, `ocr` of the `pages` named."""
    limits = PdfLimits(**request["limits"])
    allow(limits.cpu_seconds)
    with _said(output, "broken", 0):
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
        output.write("end", 0, {"repaired": bool(document.is_repaired)})  # some damage shows at a page only


@contextmanager
def _said(output: Output, tag: str, page: int) -> Iterator[None]:
    """Say what went wrong, whatever it was: files from anywhere break the library in any way."""
    try:
        yield
    except StoppedError:
        raise
    except Exception as error:  # pylint: disable=broad-exception-caught
        reason = reason_of(error)
        output.write(tag, page, "there was not enough memory" if isinstance(error, MemoryError) or "alloc" in reason else reason)


def _text(document: pymupdf.Document, request: dict[str, Any], limits: PdfLimits, until: float, output: Output) -> None:
    for number in range(request["first"], min(document.page_count, limits.pages) + 1):
        if cpu_used() > until:
            output.write("stopped", number, f"reading took more than {limits.cpu_seconds} s of CPU")
            return
        allow(limits.page_seconds)
        with _said(output, "failed", number):
            if not _page(document[number - 1], number, limits, output):
                output.write("stopped", number, "its text takes too much room")
                return


def _page(page: pymupdf.Page, number: int, limits: PdfLimits, output: Output) -> bool:
    """Whether there was room for the page."""
    filled = _filled(page, number, output)
    layer = page.get_textpage(flags=FLAGS)
    text = _text_of(layer)
    if more := lacking(filled, layer, text):
        text = "\n\n".join([*filter(None, [text]), "\n".join(map(letters, more))])
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
    with _said(output, "unfilled", number):
        return filled_in(page)
    return []


def _text_of(layer: pymupdf.TextPage) -> str:
    """The text, a blank line between two blocks."""
    text = "\n\n".join(block[4].strip("\n") for block in layer.extractBLOCKS() if block[6] == 0)
    if not text.isascii() and RIGHT_TO_LEFT.search(text):
        text = "\n\n".join(block_text(block) for block in layer.extractRAWDICT()["blocks"] if block["type"] == 0)
    return letters(text).replace("\x00", "")


def _lines(layer: pymupdf.TextPage) -> list[TextLine]:
    lines = [line for block in layer.extractDICT()["blocks"] for line in block.get("lines", ())]
    return [
        TextLine(letters("".join(span["text"] for span in line["spans"])), tuple(line["bbox"]), max((span["size"] for span in line["spans"]), default=0))
        for line in lines
    ]


def _about(document: pymupdf.Document, _request: dict[str, Any], limits: PdfLimits, _until: float, output: Output) -> None:
    allow(limits.page_seconds)
    with _said(output, "nothing", 0):
        metadata = {name: letters(value.replace("\x00", "").strip()) for name, value in (document.metadata or {}).items() if value}
        output.write("metadata", 0, {name: value for name, value in metadata.items() if value})
    with _said(output, "nothing", 0):
        output.write("language", 0, document.language or None)
    with _said(output, "nothing", 0):
        entries = document.get_toc()[:HEADINGS]
        output.write("outline", 0, [{"level": level, "title": letters(title), "page": page if page > 0 else None} for level, title, page in entries])


def _tables(document: pymupdf.Document, request: dict[str, Any], limits: PdfLimits, until: float, output: Output) -> None:
    until = min(until, cpu_used() + limits.table_seconds)
    for number in range(request["first"], min(document.page_count, limits.table_pages) + 1):
        if cpu_used() > until:
            output.write("untabled", number, f"finding tables took more than {limits.table_seconds:g} s of CPU")
            return
        allow(limits.page_seconds)
        with _said(output, "nothing", number):
            page = document[number - 1]
            drawn = page.read_contents()
            if drawn.count(b" re") + drawn.count(b" l\n") + drawn.count(b" l ") < RULES:
                continue
            tables = [[[_cell(cell) for cell in row] for row in table.extract()] for table in page.find_tables().tables]
            if tables:
                output.write("tables", number, tables)


def _cell(text: str | None) -> str | None:
    return None if text is None else letters(text.replace("\x00", ""))[:CELL]


def _ocr(document: pymupdf.Document, request: dict[str, Any], limits: PdfLimits, _until: float, output: Output) -> None:
    for number in request["pages"]:
        allow(limits.page_seconds)
        try:
            with _said(output, "unread", number):
                page = document[number - 1]
                zoom = min(DPI / 72, LONGEST / max(page.rect.width, page.rect.height, 1))
                picture = page.get_pixmap(matrix=pymupdf.Matrix(zoom, zoom), colorspace=pymupdf.csGRAY, alpha=False)
                output.write("ocr", number, ocr.recognise(picture.tobytes("png"), request["ocr_seconds"]))
        except SubprocessError as error:
            output.write("unread", number, reason_of(error))
