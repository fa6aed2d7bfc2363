"""Reads the parts of an XLSX workbook, XML files in a zip, as streams. Document type declarations are refused."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from xml.parsers import expat

from domain.shared.errors import InvalidError, TooLargeError
from infrastructure.formats.archives.zip_members import DAMAGE
from infrastructure.system.checkpoints import checkpoint

CHUNK_BYTES = 1 << 18
MAX_STRING_CHARACTERS = 256 << 20  # characters of the shared strings, which are held in memory
DATES = {
    *range(14, 23),
    *range(27, 37),
    *range(45, 48),
    *range(50, 59),
}  # built-in number formats that show days or times
WORKSHEET = "/worksheet"  # end of the relationship type of sheets with cells; chart and macro sheets have no rows
ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")  # a character by its code (ST_Xstring, ECMA-376 22.9.2.19)
UNSHOWN = re.compile(r'"[^"]*"|\\.|\[[^\]]*\]|_.|\*.')


class Styles(NamedTuple):
    """The cell styles that show dates or times, and whether the workbook's dates count from 1904."""

    dated: frozenset[int]
    from_1904: bool


class Parser:
    """Parses a part; subclasses handle its elements, by their names without prefix."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.StartElementHandler = lambda name, given: self.start(name.rpartition(":")[2], given)
        self.parser.EndElementHandler = lambda name: self.end(name.rpartition(":")[2])
        self.parser.CharacterDataHandler = self.text
        self.parser.StartDoctypeDeclHandler = self._doctype

    def start(self, name: str, given: dict[str, str]) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def text(self, piece: str) -> None:
        """Text in an element."""

    @staticmethod
    def _doctype(*_: Any) -> None:
        raise InvalidError("the workbook has a document type declaration, which is not allowed")


class Book:
    """An open workbook, of which at most `most` bytes are unpacked."""

    def __init__(self, archive: zipfile.ZipFile, most: int) -> None:
        self.archive = archive
        self.left = most
        self.counted: dict[str, int] = {}  # bytes by part: reading a part again does not reduce `left`

    def parse(self, part: str, parser: Parser) -> Iterator[None]:
        """Feed a part to a parser in chunks. InvalidError if it is damaged, TooLargeError above the limit of unpacked
        bytes.
        """
        try:
            with self.archive.open(part) as file:
                while chunk := file.read(CHUNK_BYTES):
                    checkpoint()
                    self._count(part, file.tell())
                    if self.left < 0:
                        raise TooLargeError("the workbook unpacks to more bytes than allowed")
                    parser.parser.Parse(chunk, False)
                    yield
                parser.parser.Parse(b"", True)
                yield
        except KeyError as error:
            raise InvalidError(f"the workbook is damaged: it has no part {part}") from error
        except (expat.ExpatError, *DAMAGE) as error:
            if isinstance(error, InvalidError):
                raise
            raise InvalidError(f"the workbook is damaged in {part}: {error}") from error

    def _count(self, part: str, size: int) -> None:
        known = self.counted.get(part, 0)
        self.left -= max(0, size - known)
        self.counted[part] = max(size, known)

    def read(self, part: str, parser: Parser) -> None:
        """Parse a whole part."""
        for _ in self.parse(part, parser):
            pass

    def sheets(self) -> tuple[list[tuple[str, str | None]], Styles, list[str]]:
        """([(name, part)] of the sheets with cells, in order, the styles, the shared strings); the part is None if
        missing.
        """
        names = set(self.archive.namelist())
        links, sheets, styles, texts = Links(), Sheets(), StyleSheet(), Texts()
        self.read("xl/_rels/workbook.xml.rels", links)
        self.read("xl/workbook.xml", sheets)
        for part, parser in (("xl/styles.xml", styles), ("xl/sharedStrings.xml", texts)):
            if part in names:
                self.read(part, parser)
        found = [(name, links.parts.get(link)) for name, link in sheets.found if link not in links.others]
        return found, Styles(styles.dated(), sheets.from_1904), texts.found


class Links(Parser):
    """The parts of the workbook by relationship id."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: dict[str, str] = {}
        self.others: set[str] = set()  # ids of sheets without cells

    def start(self, name: str, given: dict[str, str]) -> None:
        if name == "Relationship" and not given.get("Type", WORKSHEET).endswith(WORKSHEET):
            self.others.add(given.get("Id", ""))
        elif name == "Relationship":
            target = given.get("Target", "")
            self.parts[given.get("Id", "")] = (
                target.lstrip("/") if target.startswith("/") else str(PurePosixPath("xl") / target)
            )


class Sheets(Parser):
    """The names of the sheets."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []
        self.from_1904 = False

    def start(self, name: str, given: dict[str, str]) -> None:
        if name == "sheet":
            self.found.append(
                (given.get("name", ""), next((value for key, value in given.items() if key.endswith(":id")), ""))
            )
        elif name == "workbookPr":
            self.from_1904 = given.get("date1904") in {"1", "true"}


class StyleSheet(Parser):
    """The number formats of the cell styles."""

    def __init__(self) -> None:
        super().__init__()
        self.formats: dict[int, str] = {}
        self.styles: list[int] = []
        self.inside = False

    def start(self, name: str, given: dict[str, str]) -> None:
        if name == "numFmt":
            self.formats[int(given.get("numFmtId", "0"))] = given.get("formatCode", "")
        elif name == "cellXfs":
            self.inside = True
        elif name == "xf" and self.inside:
            self.styles.append(int(given.get("numFmtId", "0")))

    def end(self, name: str) -> None:
        if name == "cellXfs":
            self.inside = False

    def dated(self) -> frozenset[int]:
        """The styles that show dates or times."""
        return frozenset(style for style, number in enumerate(self.styles) if self._shows_date(number))

    def _shows_date(self, number: int) -> bool:
        shown = UNSHOWN.sub("", self.formats.get(number, "")).lower()
        return number in DATES or (shown != "general" and any(letter in shown for letter in "ymdhs"))


class Texts(Parser):
    """The shared strings, without phonetic text."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.parts: list[str] = []
        self.open = False
        self.phonetic = 0
        self.size = 0

    def start(self, name: str, given: dict[str, str]) -> None:  # pylint: disable=unused-argument
        if name == "rPh":
            self.phonetic += 1
        self.open = name == "t" and not self.phonetic

    def end(self, name: str) -> None:
        self.open = False
        if name == "rPh":
            self.phonetic -= 1
        elif name == "si":
            self.found.append(unescaped("".join(self.parts)))
            self.parts = []

    def text(self, piece: str) -> None:
        if self.open:
            self.size += len(piece)
            if self.size > MAX_STRING_CHARACTERS:
                raise TooLargeError(
                    f"the workbook's shared strings have more than {MAX_STRING_CHARACTERS} characters; save its sheets "
                    "as CSV"
                )
            self.parts.append(piece)


def unescaped(text: str) -> str:
    """The text with `_xHHHH_` decoded; surrogate pairs become one character, a lone surrogate U+FFFD."""
    if "_x" not in text:
        return text
    found = ESCAPE.sub(lambda escape: chr(int(escape[1], 16)), text)
    return found.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
