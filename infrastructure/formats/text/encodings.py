"""Which encoding a text is in, found while it streams by, and texts of other encodings as UTF-8."""

import codecs
import re
from collections.abc import Iterable, Iterator

UTF8 = "utf-8"
LATIN = "iso-8859-1"
BOMS = ((codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
FOREIGN = re.compile("[^\x00-\x7f\udc80-\udcff]")
BAD = re.compile("[\udc80-\udcff]")
# As on the web, ISO-8859-1 is read as Windows-1252: its control codes 0x80-0x9F are quotes and dashes in every real file.
TABLE = "".join(bytes([code]).decode("cp1252", "replace").replace("\ufffd", chr(code)) for code in range(256))


class EncodingDetector:
    """Fed with the pieces of a text from its beginning, it says what encoding they are in."""

    def __init__(self) -> None:
        self.announced: str | None = None
        self.started = False
        self.good = 0
        self.bad = 0
        self._pending = b""

    def feed(self, piece: bytes) -> None:
        """Take in the next piece."""
        if not self.started:
            self.started = True
            self.announced = _announced(piece)
        if self.announced is not None or (piece.isascii() and not self._pending):
            return
        piece = self._pending + piece
        try:
            text, used = codecs.utf_8_decode(piece, "strict", False)
            self.good += used - len(text)
        except UnicodeDecodeError:
            text, used = codecs.utf_8_decode(piece, "surrogateescape", False)
            self.bad += len(BAD.findall(text))
            self.good += len(FOREIGN.findall(text))
        self._pending = piece[used:]

    @property
    def encoding(self) -> str:
        """UTF-8, unless a mark says otherwise or more letters are no UTF-8 than are; a few bad ones are left for their lines to be refused."""
        bad = self.bad + len(self._pending)
        return self.announced or (LATIN if bad > self.good else UTF8)


def as_utf8(pieces: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """The same text in UTF-8; what the encoding does not have becomes U+FFFD."""
    if encoding == LATIN:
        for piece in pieces:
            yield codecs.charmap_decode(piece, "strict", TABLE)[0].encode()
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for piece in pieces:
        yield decoder.decode(piece).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _announced(head: bytes) -> str | None:
    for bom, name in BOMS:
        if head.startswith(bom):
            return name
    if len(head) >= 4 and head[0] == 0 and head[1] != 0:
        return "utf-16-be"
    if len(head) >= 4 and head[1] == 0 and head[0] != 0:
        return "utf-16-le"
    return None
