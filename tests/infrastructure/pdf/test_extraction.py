"""Extracted text is in reading order and includes form values; missing text is reported."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pymupdf
import pytest

from domain.document_files.pdf_limits import PdfLimits
from infrastructure.pdf.glyph_normalisation import letters
from infrastructure.pdf.reader import PdfReader
from tests.infrastructure.pdf import faulty_pdfs, pdfs

Document = dict[str, Any]
TEXT, CHECK, COMBO, LIST = (
    pymupdf.PDF_WIDGET_TYPE_TEXT,
    pymupdf.PDF_WIDGET_TYPE_CHECKBOX,
    pymupdf.PDF_WIDGET_TYPE_COMBOBOX,
    pymupdf.PDF_WIDGET_TYPE_LISTBOX,
)


@pytest.fixture(scope="module")
def reader() -> Iterator[PdfReader]:
    reader = PdfReader(PdfLimits(cpu_seconds=10, page_seconds=5, timeout=60), workers=1)
    yield reader
    reader.close()


def read(reader: PdfReader, content: bytes, folder: Path) -> Document:
    path = folder / "secret-folder-file"
    path.write_bytes(content)
    document: Document = orjson.loads(reader.read(path).document)
    return document


def text(reader: PdfReader, content: bytes, folder: Path) -> str:
    return str(read(reader, content, folder)["pages"][0]["text"])


@pytest.mark.parametrize(
    ("drawn", "written"),
    [
        ("ﻟﻮﺍﺯﻡ ﻣﻜﺘﺒﻴﺔ", "لوازم مكتبية"),
        ("ﻻ ﷲ", "لا الله"),
        ("\ufee3\ufe78\ufea4\ufe7d", "\u0645\u064f\u062d\u0651"),  # a vowel mark in a word adds no space
        ("oﬃcial ﬁling", "official filing"),
        ("\ufb2aלום", "\u05e9\u05c1לום"),
        ("\u2f08\u2f1d", "人口"),
        ("plain ASCII, Ünïcode, ½ and ２０２６", "plain ASCII, Ünïcode, ½ and ２０２６"),
    ],
)
def test_glyph_forms_become_letters(drawn: str, written: str) -> None:
    assert letters(drawn) == written


def back(text: str) -> str:
    """The text in drawing order, from left to right."""
    return text[::-1]


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([(50, f"{back('دينار')} 5678 {back('بقيمة')} 1234 {back('عقد رقم')}")], "عقد رقم 1234 بقيمة 5678 دينار"),
        (
            [(50, f"{back('שקל')} 5,678.50 {back('בסך')} 12/2024 {back('חוזה מספר')}")],
            "חוזה מספר 12/2024 בסך 5,678.50 שקל",
        ),
        ([(50, f"Office 365 {back('תוכנת ניהול')}")], "תוכנת ניהול Office 365"),
        ([(50, f"Contract with {back('חברת שלום')} of 2024, lot 2")], "Contract with חברת שלום of 2024, lot 2"),
        ([(50, f"({back('מגיר')}) {back('שלום')}")], "שלום (מגיר)"),
        # Spaces as gaps, drawn from the right
        ([(150, back("חוזה")), (125, "1234"), (100, back("מספר"))], "חוזה 1234 מספר"),
        ([(100, back("מספר")), (125, "1234"), (150, back("חוזה"))], "חוזה 1234 מספר"),
    ],
)
def test_numbers_and_words_beside_letters_from_right_to_left_keep_their_blanks_and_order(
    reader: PdfReader, tmp_path: Path, runs: list[tuple[float, str]], expected: str
) -> None:
    drawn = faulty_pdfs.glyphs(*((x, 700, list(run)) for x, run in runs))
    assert text(reader, drawn, tmp_path) == expected


def test_a_glyph_of_two_letters_is_written_in_their_order_whichever_way_it_is_drawn(
    reader: PdfReader, tmp_path: Path
) -> None:
    lam_alef = "\u0644\u0627"
    seen = [*back("مين"), lam_alef, *back("اس")]
    assert text(reader, faulty_pdfs.glyphs((50, 700, seen)), tmp_path) == "اسلامين"
    one_by_one = [(100 - 5 * place, 700, [glyph]) for place, glyph in enumerate(reversed(seen))]
    assert text(reader, faulty_pdfs.glyphs(*one_by_one), tmp_path) == "اسلامين"


def test_drawn_forms_are_written_in_letters_in_the_text_the_title_and_the_outline(
    reader: PdfReader, tmp_path: Path
) -> None:
    drawn = faulty_pdfs.glyphs((50, 700, [*" 12", *back("ﻟﻮﺍﺯﻡ ﻣﻜﺘﺒﻴﺔ")]), (50, 600, list("oﬃce")))
    document = pymupdf.open(stream=drawn, filetype="pdf")
    document.set_metadata({"title": "ﻣﻜﺘﺒﻴﺔ"})
    document.set_toc([[1, "ﻣﻜﺘﺒﻴﺔ", 1]])
    found = read(reader, bytes(document.tobytes()), tmp_path)
    assert found["title"] == found["outline"][0]["title"] == "مكتبية"
    assert found["pages"][0]["text"].split() == ["لوازم", "مكتبية12", "office"]


FIELDS: list[tuple[int, str, Any, dict[str, Any]]] = [
    (TEXT, "bidder", "Axolotl Ltd of Bar", {}),
    (TEXT, "lots", "5", {}),
    (TEXT, "pin", "hunter2", {"field_flags": 1 << 13}),
    (TEXT, "empty", "", {}),
    (CHECK, "small", True, {"field_label": "Small enterprise"}),
    (CHECK, "consortium", False, {}),
    (COMBO, "lot", "Second", {"choice_values": ["First", "Second"]}),
    (LIST, "language", "b", {"choice_values": [("a", "Albanian"), ("b", "Breton")]}),
]


@pytest.mark.parametrize("drawn", [True, False])
def test_what_is_filled_into_a_form_is_text_once_and_a_password_is_not(
    reader: PdfReader, tmp_path: Path, drawn: bool
) -> None:
    document = read(reader, faulty_pdfs.form(FIELDS, drawn=drawn), tmp_path)
    (words,) = [page["text"] for page in document["pages"]]
    for value in ("Axolotl Ltd of Bar", "[x] Small enterprise", "Second", "Breton"):
        assert words.count(value) == 1, words
    assert words.split().count("5") == 1
    assert "hunter2" not in orjson.dumps(document).decode()
    assert "consortium" not in words
    assert ("reason" in document, document["state"]) == (False, "text")


def test_a_value_that_does_not_fit_its_field_is_text_as_a_whole(reader: PdfReader, tmp_path: Path) -> None:
    value = "a line\nand a second one that is far too long for its field " + "word " * 60
    found = text(reader, faulty_pdfs.form([(TEXT, "memo", value, {"field_flags": 1 << 12})]), tmp_path)
    assert " ".join(value.split()) in " ".join(found.split())


def test_the_same_field_shown_twice_is_told_once(reader: PdfReader, tmp_path: Path) -> None:
    twice: list[tuple[int, str, Any, dict[str, Any]]] = [(TEXT, "name", "Axolotl", {}), (TEXT, "name", "Axolotl", {})]
    assert text(reader, faulty_pdfs.form(twice, drawn=False), tmp_path).count("Axolotl") == 1


BARS = b"0.2 g 100 100 50 300 re f 200 100 50 150 re f"
BROKEN_TEXT = b"BT /F1 12 Tf 72 720 Td [(Grand) Tj (es)] TJ ET"
UNMAPPED = "\ue001\ue002\ue003"
UNREAD = "no text could be read on page 1, though something is drawn there"


@pytest.mark.parametrize(
    ("content", "state", "reason"),
    [
        (faulty_pdfs.page(BARS), "no_text", UNREAD),
        (faulty_pdfs.page(BROKEN_TEXT), "no_text", UNREAD),
        (faulty_pdfs.glyphs((50, 700, list(UNMAPPED))), "no_text", UNREAD),
        (pdfs.scanned(), "scanned", "there are only images on page 1"),
        (
            faulty_pdfs.page(b"q 100 0 0 100 50 50 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x40 EI Q"),
            "scanned",
            "there are only images on page 1",
        ),
        (faulty_pdfs.page(b"1 g 0 0 612 792 re f"), "empty", "its pages are blank"),  # white on white
        (
            faulty_pdfs.page(b"BT /F1 12 Tf 72 720 Td (   ) Tj () Tj ET 10 10 20 20 re W n"),
            "empty",
            "its pages are blank",
        ),
        (faulty_pdfs.page(b"q Q"), "empty", "its pages are blank"),
    ],
)
def test_a_page_without_text_says_what_is_on_it(
    reader: PdfReader, tmp_path: Path, content: bytes, state: str, reason: str
) -> None:
    found = read(reader, content, tmp_path)
    assert (found["state"], found["reason"]) == (state, reason)
    assert texts_of(found) == [""]


def test_pages_without_text_beside_others_are_named(reader: PdfReader, tmp_path: Path) -> None:
    document = pymupdf.open(stream=pdfs.pdf("text", ""), filetype="pdf")
    for part in (faulty_pdfs.page(BARS), pdfs.scanned()):
        document.insert_pdf(pymupdf.open(stream=part, filetype="pdf"))
    found = read(reader, bytes(document.tobytes()), tmp_path)
    assert (found["state"], texts_of(found)) == ("text", ["text", "", "", ""])
    assert (
        found["reason"]
        == "there are only images on page 4; no text could be read on page 3, though something is drawn there"
    )


def texts_of(document: Document) -> list[str]:
    return [page["text"] for page in document["pages"]]


def test_attachments_that_are_encrypted_alone_keep_nobody_from_the_pages(reader: PdfReader, tmp_path: Path) -> None:
    for filters in (b"/StmF/Identity/StrF/Identity", b""):  # Identity is the default
        found = read(reader, faulty_pdfs.encrypting(faulty_pdfs.standard_encryption(filters)), tmp_path)
        assert (found["state"], texts_of(found)) == ("text", ["open page"])
    for filters in (b"/StmF/StdCF/StrF/StdCF", b"/StmF/StdCF/StrF/Identity", b"/StmF/Identity/StrF/StdCF"):
        found = read(reader, faulty_pdfs.encrypting(faulty_pdfs.standard_encryption(filters)), tmp_path)
        assert (found["state"], found["reason"], found["pages"]) == ("encrypted", "it opens with a password only", [])


def test_a_file_for_the_holders_of_a_certificate_is_encrypted_and_not_damaged(
    reader: PdfReader, tmp_path: Path
) -> None:
    found = read(reader, faulty_pdfs.encrypting(b"<</Filter/Adobe.PubSec/V 4/SubFilter/adbe.pkcs7.s5>>"), tmp_path)
    assert (found["state"], found["pages"]) == ("encrypted", [])
    assert found["reason"].startswith("it is encrypted in a way that can't be read: unknown encryption handler")


@pytest.mark.parametrize("content", [b"%PDF-1.7\nnothing else", b"%PDF-", pdfs.pdf("x")[:150]])
def test_the_reason_names_no_path_of_this_machine(reader: PdfReader, tmp_path: Path, content: bytes) -> None:
    found = read(reader, content, tmp_path)
    assert found["state"] == "damaged"
    assert "secret-folder" not in orjson.dumps(found).decode()
    assert "/" not in found["reason"]
