"""PDFs for the tests: made with pymupdf, or by hand if it can't write them."""
# mypy: allow-untyped-calls

from collections.abc import Sequence

import pymupdf

FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


def pdf(*pages: str, **metadata: str) -> bytes:
    """A PDF with these pages, one line per line of text."""
    document = pymupdf.open()
    for text in pages:
        document.new_page().insert_text((50, 60), text.split("\n"), fontsize=11)
    if metadata:
        document.set_metadata(metadata)
    return bytes(document.tobytes())


def encrypted(text: str, *, user: str | None = None) -> bytes:
    """A PDF with an owner password, and a user password if given."""
    document = pymupdf.open()
    document.new_page().insert_text((50, 60), text)
    return bytes(document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, owner_pw="owner", user_pw=user))


def scanned() -> bytes:
    """A page that is an image of a text."""
    source = pymupdf.open(stream=pdf("Axolotl in a picture"), filetype="pdf")
    picture = source[0].get_pixmap(dpi=100)
    document = pymupdf.open()
    page = document.new_page()
    page.insert_image(page.rect, pixmap=picture)
    return bytes(document.tobytes())


def with_table(rows: Sequence[Sequence[str]]) -> bytes:
    """A page with a ruled table."""
    document = pymupdf.open()
    page = document.new_page()
    for down, cells in enumerate(rows):
        for across, text in enumerate(cells):
            cell = pymupdf.Rect(50 + across * 120, 100 + down * 24, 170 + across * 120, 124 + down * 24)
            page.draw_rect(cell)
            page.insert_text((cell.x0 + 5, cell.y0 + 16), text)
    return bytes(document.tobytes())


def outlined(*titles: str) -> bytes:
    """A PDF with a page for each entry of its outline."""
    document = pymupdf.open()
    for title in titles:
        document.new_page().insert_text((50, 60), title)
    document.set_toc([[1, title, number] for number, title in enumerate(titles, 1)])
    return bytes(document.tobytes())


def by_hand(objects: Sequence[bytes]) -> bytes:
    """A PDF of these objects, numbered from 1; the first is the document catalogue."""
    out, offsets = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    size = len(objects) + 1
    return out + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        size,
        table,
        size,
        len(out),
    )


def without_pages() -> bytes:
    """A valid PDF without pages."""
    return by_hand([b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 0>>"])


def slow(depth: int = 9, width: int = 10) -> bytes:
    """Two pages, the first with forms nested ten times per level, so that reading it takes hours."""
    page = (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %d 0 R/Resources<</Font<</F1 5 0 "
        b"R>>/XObject<</X 8 0 R>>>>>>"
    )
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R 4 0 R]/Count 2>>", page % 6, page % 7, FONT]
    objects += [_stream(b"/X Do"), _stream(b"BT /F1 12 Tf 72 720 Td (behind the slow page) Tj ET")]
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 612 792]/Resources<</Font<</F1 5 0 R>>/XObject<</X %d 0 R>>>>"
    objects += [_stream(b" /X Do" * width, form % (9 + level)) for level in range(depth)]
    return by_hand([*objects, _stream(b"BT /F1 12 Tf 72 720 Td (x) Tj ET", form % 5)])


def _stream(body: bytes, about: bytes = b"") -> bytes:
    return b"<<%s/Length %d>>stream\n%s\nendstream" % (about, len(body), body)
