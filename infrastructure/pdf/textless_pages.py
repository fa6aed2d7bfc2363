"""Classifies pages without readable text: with images, with other drawings, or blank."""

# mypy: allow-untyped-calls

import re
from typing import Literal

import pymupdf

# Excludes private-use and replacement characters, whose meaning is lost.
READABLE = re.compile("[^\\s\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2060\ue000-\uf8ff\ufeff\ufffd]")
EMPTY = re.compile(rb"\(\s*\)|<\s*>")
TEXT_SHOWN = re.compile(rb"[)>][\s\]\d.-]*(?:Tj|TJ|'|\")(?=\s|$)")
XOBJECT_SHOWN = re.compile(rb"\sDo(?=\s|$)")
MAX_INSPECTED_DRAWINGS = 50  # of a page; with more it counts as drawn
DPI = 36
Shown = Literal["image", "drawn", "blank"]


def shown(page: pymupdf.Page, text: str) -> Shown:
    """Return what a page without readable text shows; `text` is its whole text."""
    marks = [kind for kind, box in page.get_bboxlog() if _paints(kind, *box)]
    if any("image" in kind or "imgmask" in kind for kind in marks):
        return "image"
    if marks:
        if not text.strip() and all("text" in kind for kind in marks):
            return "drawn" if _letters(page) else "blank"
        return "drawn" if len(marks) > MAX_INSPECTED_DRAWINGS or not _white(page) else "blank"
    content = page.read_contents()
    if XOBJECT_SHOWN.search(content) and page.get_images():
        return "image"  # an image too broken to be drawn
    return "drawn" if text.strip() or TEXT_SHOWN.search(EMPTY.sub(b"", content)) else "blank"


def _paints(kind: str, left: float, top: float, right: float, bottom: float) -> bool:
    return (
        not kind.startswith(("clip", "ignore")) and left <= right and top <= bottom and (right > left or bottom > top)
    )


def _letters(page: pymupdf.Page) -> bool:
    """Whether any drawn character is more than a space."""
    return any(not chr(char[0]).isspace() for span in page.get_texttrace() for char in span["chars"])


def _white(page: pymupdf.Page) -> bool:
    """Whether the page is completely white."""
    picture = page.get_pixmap(dpi=DPI, colorspace=pymupdf.csGRAY, alpha=False)
    return bool(picture.is_unicolor) and picture.pixel(0, 0) == (255,)
