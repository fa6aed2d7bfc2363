"""PDFs with the faults of other programs; for valid ones see tests/infrastructure/pdf/pdfs.py."""
# mypy: allow-untyped-calls

from collections.abc import Iterable, Sequence
from typing import Any

import pymupdf

from tests.infrastructure.pdf.pdfs import FONT, by_hand, pdf

BASE = 33  # the code of the first glyph
Run = tuple[float, float, Sequence[str]]


def stream(body: bytes, about: bytes = b"") -> bytes:
    """A stream object."""
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (about, len(body), body)


def page(content: bytes, resources: bytes = b"", *more: bytes) -> bytes:
    """A PDF of one page with this content; the font is F1, further objects are numbered from 6."""
    shown = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>%s>>>>"
        % resources
    )
    return by_hand(
        [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>", shown, stream(content), FONT, *more]
    )


def glyphs(*runs: Run) -> bytes:
    """Runs of glyphs drawn from left to right, five points each; each glyph maps to its letters, as in fonts."""
    codes = {glyph: BASE + place for place, glyph in enumerate(sorted({glyph for _, _, run in runs for glyph in run}))}
    pairs = b"".join(
        b"<%02x> <%s>\n" % (code, glyph.encode("utf-16-be").hex().encode()) for glyph, code in codes.items()
    )
    told = b"begincmap\n1 begincodespacerange <00> <ff> endcodespacerange\n%d beginbfchar\n%sendbfchar\nendcmap" % (
        len(codes),
        pairs,
    )
    font = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica/FirstChar %d/LastChar %d/Widths[%s]/ToUnicode 7 0 R>>"
    font %= (BASE, BASE + len(codes) - 1, b"500 " * len(codes))
    drawn = b"".join(
        b"BT /F2 10 Tf 1 0 0 1 %g %g Tm <%s> Tj ET\n" % (x, y, bytes(codes[glyph] for glyph in run).hex().encode())
        for x, y, run in runs
    )
    return page(drawn, b"", font, stream(told)).replace(b"/F1 5 0 R", b"/F2 6 0 R")


def form(fields: Iterable[tuple[int, str, Any, dict[str, Any]]], *, drawn: bool = True) -> bytes:
    """A page with form fields (type, name, value, further attributes), with or without appearance streams."""
    document = pymupdf.open(stream=pdf("Form of offer"), filetype="pdf")
    shown = document[0]
    for place, (kind, name, value, more) in enumerate(fields):
        widget = pymupdf.Widget()
        widget.field_type, widget.field_name = kind, name
        widget.rect = pymupdf.Rect(50, 100 + 30 * place, 300, 120 + 30 * place)
        for attribute, given in more.items():
            setattr(widget, attribute, given)
        widget.field_value = value
        shown.add_widget(widget)
    if not drawn:
        empty = document.get_new_xref()
        document.update_object(empty, "<</Type/XObject/Subtype/Form/BBox[0 0 250 20]>>")
        document.update_stream(empty, b" ")
        for widget in shown.widgets():
            document.xref_set_key(widget.xref, "AP", f"<</N {empty} 0 R>>")
    return bytes(document.tobytes())


def encrypting(about: bytes) -> bytes:
    """A readable page in a file with this encryption dictionary."""
    plain = page(b"BT /F1 12 Tf 72 720 Td (open page) Tj ET", b"", about)
    identity = b"<%s>" % (b"01" * 16)
    return plain.replace(b"/Root 1 0 R", b"/Root 1 0 R/Encrypt 6 0 R/ID[%s%s]" % (identity, identity))


def standard_encryption(strings_and_streams: bytes) -> bytes:
    """An encryption dictionary with a password, whose crypt filter is for attachments, and for strings and streams as
    given.
    """
    filters = b"/CF<</StdCF<</AuthEvent/EFOpen/CFM/AESV2/Length 16>>>>%s/EFF/StdCF" % strings_and_streams
    return b"<</Filter/Standard/V 4/R 4/Length 128/P -1028/O<%s>/U<%s>%s>>" % (b"ab" * 32, b"cd" * 32, filters)
