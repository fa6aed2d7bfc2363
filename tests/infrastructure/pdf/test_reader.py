"""Reading any PDF ends with a document file that has its state; nothing hangs, and readable text is kept."""

import os
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from domain.document_files.pdf_limits import PdfLimits
from infrastructure.pdf import ocr
from infrastructure.pdf.findings import ranges
from infrastructure.pdf.reader import PdfReader
from tests.infrastructure.pdf import pdfs

LIMITS = PdfLimits(cpu_seconds=10, page_seconds=1, timeout=60)
Document = dict[str, Any]


@pytest.fixture
def reader() -> Iterator[PdfReader]:
    reader = PdfReader(LIMITS, workers=2)
    yield reader
    reader.close()


def read(reader: PdfReader, content: bytes, folder: Path) -> Document:
    path = folder / "file"
    path.write_bytes(content)
    document: Document = orjson.loads(reader.read(path).document)
    return document


def limited(content: bytes, folder: Path, **limits: Any) -> Document:
    reader = PdfReader(PdfLimits(**({"cpu_seconds": 10, "page_seconds": 1, "timeout": 60} | limits)), workers=1)
    try:
        return read(reader, content, folder)
    finally:
        reader.close()


def texts(document: Document) -> list[str]:
    return [page["text"].strip() for page in document["pages"]]


def test_text_metadata_and_pages_of_a_good_file(reader: PdfReader, tmp_path: Path) -> None:
    document = read(
        reader, pdfs.pdf("first page\nsecond line", "second page", title="A notice", author="The city"), tmp_path
    )
    assert texts(document) == ["first page\nsecond line", "second page"]
    assert (document["state"], document["title"], document["metadata"]["author"], document["page_count"]) == (
        "text",
        "A notice",
        "The city",
        2,
    )
    assert "reason" not in document


def test_the_outline_and_tables_are_kept(reader: PdfReader, tmp_path: Path) -> None:
    assert read(reader, pdfs.outlined("Lots", "Terms"), tmp_path)["outline"] == [
        {"level": 1, "title": "Lots", "page": 1},
        {"level": 1, "title": "Terms", "page": 2},
    ]
    rows = [["Lot", "Value"], ["1", "500"], ["2", "700"]]
    assert read(reader, pdfs.with_table(rows), tmp_path)["pages"][0]["tables"] == [rows]


def test_key_facts_come_with_page_and_position(reader: PdfReader, tmp_path: Path) -> None:
    notice = (
        "Title: Supply of tanks\nContracting authority: City of Bar\nEstimated value: EUR "
        "1,250,000.00\nDeadline: 12 March 2026 at 12:00\nCPV 45233142"
    )
    facts = read(reader, pdfs.pdf("cover", notice), tmp_path)["facts"]
    assert [(fact["name"], fact["value"]) for fact in facts] == [
        ("title", "Supply of tanks"),
        ("buyer", "City of Bar"),
        ("value", 1_250_000.0),
        ("deadline", "2026-03-12T12:00"),
        ("cpv", "45233142"),
    ]
    assert {fact["page"] for fact in facts} == {2}
    assert all(50 <= fact["bbox"][0] < fact["bbox"][2] for fact in facts)


def test_a_users_password_keeps_the_text_and_an_owners_one_does_not(reader: PdfReader, tmp_path: Path) -> None:
    locked = read(reader, pdfs.encrypted("secret", user="user"), tmp_path)
    assert (locked["state"], locked["reason"], locked["pages"]) == ("encrypted", "it opens with a password only", [])
    assert texts(read(reader, pdfs.encrypted("readable"), tmp_path)) == ["readable"]


def test_a_truncated_file_is_repaired_or_damaged_and_says_so(reader: PdfReader, tmp_path: Path) -> None:
    whole = pdfs.pdf("a page", "another")
    repaired = read(reader, whole[:-200], tmp_path)
    assert (repaired["state"], texts(repaired)) == ("repaired", ["a page", "another"])
    assert "damaged and was repaired" in repaired["reason"]
    damaged = read(reader, whole[:200], tmp_path)
    assert (damaged["state"], damaged["pages"]) == ("damaged", [])
    assert damaged["reason"]
    assert read(reader, b"%PDF-1.7\nnothing else", tmp_path)["state"] == "damaged"


def test_a_file_without_pages_and_one_of_blank_pages_are_empty(reader: PdfReader, tmp_path: Path) -> None:
    document = read(reader, pdfs.without_pages(), tmp_path)
    assert (document["state"], document["reason"], document["pages"]) == ("empty", "it has no pages", [])
    blank = read(reader, pdfs.pdf(""), tmp_path)
    assert (blank["state"], blank["reason"]) == ("empty", "its pages are blank")


def test_a_page_that_takes_hours_is_left_out_and_the_next_one_is_read(reader: PdfReader, tmp_path: Path) -> None:
    document = read(reader, pdfs.slow(), tmp_path)
    assert [page["page"] for page in document["pages"]] == [2]
    assert texts(document) == ["behind the slow page"]
    assert document["state"] == "text"
    assert document["reason"].startswith("page 1 is missing: it took more than 1 s of CPU")
    assert texts(read(reader, pdfs.pdf("the next file"), tmp_path)) == ["the next file"]


def test_a_file_that_takes_too_long_by_the_clock_is_given_up(tmp_path: Path) -> None:
    document = limited(pdfs.slow(), tmp_path, page_seconds=60, cpu_seconds=60, timeout=1.5)
    assert (document["state"], document["pages"]) == ("damaged", [])
    assert "longer than 1.5 s" in document["reason"]


def test_pages_behind_the_limit_are_named(tmp_path: Path) -> None:
    document = limited(pdfs.pdf(*"abcde"), tmp_path, pages=3)
    assert (texts(document), document["page_count"]) == (["a", "b", "c"], 5)
    assert document["reason"] == "pages 4-5 are missing: 3 pages are read at most"


def test_text_behind_the_limit_of_size_is_named(tmp_path: Path) -> None:
    document = limited(pdfs.pdf("a" * 60, "b" * 60, "c" * 60), tmp_path, output_bytes=240)
    assert texts(document) == ["a" * 60, "b" * 60]
    assert document["reason"] == "page 3 is missing: its text takes too much room"


def test_two_thousand_pages_are_read(reader: PdfReader, tmp_path: Path) -> None:
    document = read(reader, pdfs.pdf(*(f"page number {number}" for number in range(2_000))), tmp_path)
    assert len(document["pages"]) == 2_000
    assert document["pages"][1_999] == {"page": 2_000, "text": "page number 1999"}


def test_too_little_memory_is_said(tmp_path: Path) -> None:
    huge = pdfs.by_hand(
        [
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
            _bomb(600),
            pdfs.FONT,
        ]
    )
    document = limited(huge, tmp_path, memory_bytes=300 * 1024**2, page_seconds=20, cpu_seconds=40)
    assert (document["state"], document["pages"]) == ("damaged", [])
    assert document["reason"] == "page 1 is missing: there was not enough memory"


def _bomb(megabytes: int) -> bytes:
    """A stream that unpacks to one text of this many megabytes."""
    import zlib

    packer = zlib.compressobj(9)
    body = packer.compress(b"BT /F1 1 Tf (")
    for _ in range(megabytes):
        body += packer.compress(b"x" * 1024**2)
    body += packer.compress(b") Tj ET") + packer.flush()
    return b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(body), body)


def test_a_scanned_file_says_that_it_has_no_text(
    reader: PdfReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    document = read(reader, pdfs.scanned(), tmp_path)
    assert (document["state"], texts(document), document["reason"]) == (
        "scanned",
        [""],
        "there are only images on page 1",
    )


def test_a_scanned_file_is_read_with_tesseract_where_it_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tesseract = tmp_path / "tesseract"
    # It prints the size in the header of the given image, as tesseract prints its text.
    tesseract.write_text(
        '#!/bin/sh\n[ "$1 $2" = "stdin stdout" ] || exit 2\nhead -c 4 | tail -c 3\necho " was given"\ncat > /dev/null\n'
    )
    tesseract.chmod(tesseract.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    document = limited(pdfs.scanned(), tmp_path)
    assert (document["state"], texts(document)) == ("ocr", ["PNG was given"])
    assert document["reason"] == "the text was recognised from images on page 1"
    tesseract.write_text("#!/bin/sh\nexit 1\n")
    assert limited(pdfs.scanned(), tmp_path)["state"] == "scanned"


@pytest.mark.skipif(not ocr.installed(), reason="tesseract is not installed")
def test_tesseract_itself_reads_a_picture_of_a_text(tmp_path: Path) -> None:
    document = limited(pdfs.scanned(), tmp_path, page_seconds=30)
    assert (document["state"], texts(document)) == ("ocr", ["Axolotl in a picture"])


def test_several_files_are_read_at_once_each_into_its_own_document(reader: PdfReader, tmp_path: Path) -> None:
    paths = {str(number): tmp_path / f"{number}.pdf" for number in range(7)}
    for name, path in paths.items():
        path.write_bytes(pdfs.slow() if name == "3" else pdfs.pdf(f"file {name}"))
    found = reader.read_many(paths)
    assert {name: texts(orjson.loads(one.document)) for name, one in found.items() if name != "3"} == {
        name: [f"file {name}"] for name in paths if name != "3"
    }
    assert len(reader.pool.idle) <= 2


def test_children_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    (tmp_path / "slow.pdf").write_bytes(pdfs.slow())
    code = (
        "import sys; from pathlib import Path; from domain.document_files.pdf_limits import PdfLimits; from "
        "infrastructure.pdf.reader import PdfReader\n"
        "PdfReader(PdfLimits(page_seconds=60), 1).read(Path(sys.argv[1]))"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "slow.pdf")]) as parent:
        children: list[psutil.Process] = []
        until = time.monotonic() + 30
        while not children and time.monotonic() < until:
            children = psutil.Process(parent.pid).children()
        assert children
        parent.kill()
    gone, alive = psutil.wait_procs(children, timeout=10)
    assert gone
    assert not alive


def test_a_closed_reader_leaves_no_child(tmp_path: Path) -> None:
    reader = PdfReader(LIMITS, workers=1)
    read(reader, pdfs.pdf("x"), tmp_path)
    pids = [child.process.pid for child in reader.pool.idle]
    assert pids
    reader.close()
    assert not any(psutil.pid_exists(pid) for pid in pids)


def test_pages_are_named_as_people_write_them() -> None:
    assert (ranges([3]), ranges([1, 2, 3, 5])) == ("page 3", "pages 1-3, 5")
    assert ranges(range(1, 40, 2)) == "pages 1, 3, 5, 7, 9, 11, 13, 15 and 12 more ranges"


def test_what_a_killed_process_left_in_the_spool_is_removed(tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    for name, age_seconds in (
        ("pdf-gone", 7_200),
        ("pdf-4194304-other", 60),
    ):  # the other one runs in another container
        (spool / name).mkdir(parents=True)
        os.utime(spool / name, (time.time() - age_seconds,) * 2)
    reader = PdfReader(LIMITS, 1, spool)
    assert texts(read(reader, pdfs.pdf("x"), tmp_path)) == ["x"]
    reader.close()
    assert [path.name for path in spool.iterdir()] == ["pdf-4194304-other"]
