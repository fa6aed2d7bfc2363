"""Detects the encoding of a text while it streams by, and converts other encodings to UTF-8."""

import codecs
import re
from collections.abc import Iterable, Iterator

UTF8 = "utf-8"
LATIN = "iso-8859-1"
BOMS = ((codecs.BOM_UTF8, UTF8), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
NON_ASCII = re.compile("[^\x00-\x7f\udc80-\udcff]")
NOT_UTF8 = re.compile("[\udc80-\udcff]")
# ISO-8859-1 is read as Windows-1252, as on the web: in real files the codes 0x80-0x9F are quotes and dashes.
TABLE = "".join(bytes([code]).decode("cp1252", "replace").replace("\ufffd", chr(code)) for code in range(256))


class EncodingDetector:
    """Detects the encoding of a text that is fed to it in chunks."""

    def __init__(self) -> None:
        self.announced: str | None = None
        self.started = False
        self.good = 0
        self.bad = 0
        self._pending = b""

    def feed(self, chunk: bytes) -> None:
        """Take the next chunk."""
        if not self.started:
            self.started = True
            self.announced = _byte_order(chunk)
        if self.announced is not None or (chunk.isascii() and not self._pending):
            return
        chunk = self._pending + chunk
        try:
            text, used = codecs.utf_8_decode(chunk, "strict", False)
            self.good += used - len(text)
        except UnicodeDecodeError:
            text, used = codecs.utf_8_decode(chunk, "surrogateescape", False)
            self.bad += len(NOT_UTF8.findall(text))
            self.good += len(NON_ASCII.findall(text))
        self._pending = chunk[used:]

    @property
    def encoding(self) -> str:
        """The encoding of the byte order mark; else UTF-8, unless most non-ASCII characters are invalid UTF-8.

        A few invalid bytes stay UTF-8; their lines are refused later.
        """
        bad = self.bad + len(self._pending)
        return self.announced or (LATIN if bad > self.good else UTF8)


def as_utf8(chunks: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """Yield the text in UTF-8; bytes that are invalid in the encoding become U+FFFD."""
    if encoding == LATIN:
        for chunk in chunks:
            yield codecs.charmap_decode(chunk, "strict", TABLE)[0].encode()
        return
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    for chunk in chunks:
        yield decoder.decode(chunk).encode("utf-8", "replace")
    yield decoder.decode(b"", final=True).encode("utf-8", "replace")


def _byte_order(head: bytes) -> str | None:
    for bom, name in BOMS:
        if head.startswith(bom):
            return name
    if len(head) >= 4 and head[0] == 0 and head[1] != 0:
        return "utf-16-be"
    if len(head) >= 4 and head[1] == 0 and head[0] != 0:
        return "utf-16-le"
    return None
