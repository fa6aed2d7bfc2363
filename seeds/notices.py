"""PDF notices of generated processes, as publishers link them in their tenders' documents."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import pymupdf

from seeds.phrases import CRITERIA, ELIGIBILITY

Json = dict[str, Any]
PAGE, MARGIN, FOOT = pymupdf.paper_rect("a4"), 64.0, 780.0
WIDTH = PAGE.width - 2 * MARGIN
DATES = {"creationDate": "D:20240101000000Z", "modDate": "D:20240101000000Z"}  # fixed, for reproducible bytes


class Line(NamedTuple):
    """A paragraph: text, font size in points, bold or not, and the space above it."""

    text: str
    size: float = 10.0
    bold: bool = False
    above: float = 4.0


def notice(release: Json, *, named: bool = True) -> bytes:
    """The notice of a release's tender as PDF; `named`: whether its text contains the ocid."""
    document: Any = pymupdf.open()
    page, y = document.new_page(width=PAGE.width, height=PAGE.height), MARGIN
    for line in _lines(release, named):
        y += line.above
        for words in _wrapped(line):
            if y > FOOT:
                page, y = document.new_page(width=PAGE.width, height=PAGE.height), MARGIN
            y += line.size * 1.35
            page.insert_text((MARGIN, y), words, fontsize=line.size, fontname=_font(line))
    document.set_metadata({"title": release["tender"]["title"], "author": release["buyer"]["name"]} | DATES)
    content: bytes = document.tobytes(garbage=3, deflate=True, no_new_id=True)
    document.close()
    return content


def _font(line: Line) -> str:
    return "hebo" if line.bold else "helv"


def _wrapped(line: Line) -> Iterator[str]:
    words = ""
    for word in line.text.split():
        longer = f"{words} {word}".strip()
        if words and pymupdf.get_text_length(longer, fontname=_font(line), fontsize=line.size) > WIDTH:
            yield words
            longer = word
        words = longer
    yield words


def _lines(release: Json, named: bool) -> Iterator[Line]:
    tender = release["tender"]
    yield Line("CONTRACT NOTICE", 9, above=0)
    yield Line(tender["title"], 16, bold=True)
    yield Line("Section I: Contracting authority", 12, bold=True, above=14)
    yield Line(f"Contracting authority: {release['buyer']['name']}")
    if named:
        yield Line(f"Open contracting identifier: {release['ocid']}")
    yield Line(f"Reference number: {release['ocid'][-8:].upper()}")
    yield Line("Section II: Object", 12, bold=True, above=14)
    yield Line(f"Title: {tender['title']}")
    for code in _codes(tender):
        yield Line(f"CPV code: {code}")
    if tender.get("value"):
        yield Line(f"Estimated value excluding VAT: {tender['value']['amount']:,.2f} {tender['value']['currency']}")
    for paragraph in str(tender.get("description") or "").splitlines():
        if paragraph:
            yield Line(paragraph, above=8)
    yield Line("Section III: Conditions for participation", 12, bold=True, above=14)
    for text in (*ELIGIBILITY, *CRITERIA):
        yield Line(f"- {text}")
    yield Line("Section IV: Procedure", 12, bold=True, above=14)
    yield Line(f"Type of procedure: {tender.get('procurementMethodDetails') or tender.get('procurementMethod')}")
    if deadline := (tender.get("tenderPeriod") or {}).get("endDate"):
        yield Line(f"Time limit for receipt of tenders: {datetime.fromisoformat(deadline):%d %B %Y %H:%M}")


def _codes(tender: Json) -> Iterator[str]:
    found = [
        tender.get("classification") or {},
        *(item.get("classification") or {} for item in tender.get("items") or []),
    ]
    for code in {one["id"]: one for one in found if one.get("scheme") == "CPV"}.values():
        yield f"{code['id']} - {code.get('description', '')}".strip(" -")
