"""PDF pages per second: reading with child process, limits and validation, compared with plain pymupdf."""
# mypy: allow-untyped-calls

import random
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from domain.document_files.pdf_limits import PdfLimits
from domain.raw_records.record import AcceptedRecord
from domain.validation.elements import validate_element
from infrastructure.formats.pdf.recogniser import PdfSource
from infrastructure.pdf.reader import PdfReader

WORDS = 400  # per page
ROUNDS = 5
MIN_RATIO = 0.8
PLAIN = """
import sys, time, pymupdf
for _ in range(int(sys.argv[2])):
    started = time.perf_counter()
    document = pymupdf.open(sys.argv[1])
    texts = [page.get_text() for page in document]
    print(time.perf_counter() - started, flush=True)
    input()
"""
Row = Callable[..., None]


def run(work: Path, pages: int, row: Row) -> None:
    """Read a generated PDF ROUNDS times with each, alternating, in one warm process each."""
    file = make(work / "pages.pdf", pages)
    reader = PdfReader(PdfLimits(), workers=1)
    plain, ours = [], []
    with subprocess.Popen(
        [sys.executable, "-c", PLAIN, str(file), str(ROUNDS + 1)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as peer:
        assert peer.stdin
        assert peer.stdout
        for number in range(ROUNDS + 1):
            seconds = float(peer.stdout.readline())
            own = _read(reader, file, pages)
            peer.stdin.write("\n")
            peer.stdin.flush()
            if number:  # the first round loads the libraries
                plain.append(pages / seconds)
                ours.append(pages / own)
    reader.close()
    share = statistics.median(ours) / statistics.median(plain)
    row(f"PDF of {pages} pages, plain pymupdf `get_text`", f"{statistics.median(plain):.0f} pages/s")
    figure = f"{statistics.median(ours):.0f} pages/s ({share:.2f})"
    row("– read and validated, one process", figure, f"≥ {MIN_RATIO}", met=share >= MIN_RATIO)


def make(path: Path, pages: int) -> Path:
    """Write a PDF with so many pages of random words."""
    import pymupdf

    dice = random.Random(1)
    words = ["".join(dice.choices("abcdefghiklmnoprstu", k=dice.randint(2, 10))) for _ in range(2_000)]
    document = pymupdf.open()
    for _ in range(pages):
        document.new_page().insert_textbox(
            pymupdf.Rect(50, 50, 550, 790), " ".join(dice.choices(words, k=WORDS)), fontsize=10
        )
    document.save(path, deflate=True)
    return path


def _read(reader: PdfReader, file: Path, pages: int) -> float:
    source = PdfSource(reader)
    started = time.perf_counter()
    (element,) = source.read(file, file.name, {}, 1).elements
    (validated,) = validate_element(element.raw, element.place, element.kind)
    seconds = time.perf_counter() - started
    assert isinstance(validated, AcceptedRecord)
    assert validated.payload.count(b'"page":') >= pages
    return seconds
