"""The sources of landing: a chain of recognisers, each asked in turn whether a file is of its kind."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from domain.errors import InvalidError
from infrastructure.formats import ocds_json
from infrastructure.formats.text import plain
from services.ports import Files, Slice

Position = dict[str, Any]


class Recogniser(Protocol):
    """One kind of file: `recognise` gives where reading begins or None, `read` the next stretch."""

    kind: str

    def recognise(self, text: Path, name: str) -> Position | None: ...
    def read(self, text: Path, name: str, position: Position, limit: int) -> Slice: ...


class OcdsJson:
    """See infrastructure/formats/ocds_json.py."""

    kind = "OCDS JSON (release or record package, releases, records, arrays of them, concatenated or one a line, gzipped or not)"

    def __init__(self, longest: int) -> None:
        self.longest = longest

    def recognise(self, text: Path, name: str) -> Position | None:
        return ocds_json.recognise(text)

    def read(self, text: Path, name: str, position: Position, limit: int) -> Slice:
        return ocds_json.JsonReader(name, self.longest).read(text, position, limit)


class FileSources:
    """Reads raw files through the chain; see services/ports.py `Sources`."""

    def __init__(self, files: Files, spool: Path, chain: Sequence[Recogniser], most: int) -> None:
        self.files = files
        self.spool = spool
        self.chain = chain
        self.most = most

    def read(self, sha256: str, filename: str, position: Position | None, limit: int) -> Slice:
        """The next stretch. InvalidError where no recogniser of the chain knows the file, with what was expected."""
        raw = self.files.path(sha256)
        if not raw.exists():
            raise InvalidError(f"the raw file {sha256} is gone from the data folder")
        copied = position is not None and position["text"] == "spool"
        text = raw if position is not None and not copied else plain(raw, self.spool / f"{sha256}.utf8", self.most)
        number, inner = (position["reader"], position["at"]) if position is not None else self._recognise(text, filename)
        piece = self.chain[number].read(text, filename, inner, limit)
        following = {"text": "raw" if text == raw else "spool", "reader": number, "at": piece.position} if piece.position is not None else None
        return Slice(piece.elements, piece.refused, following)

    def _recognise(self, text: Path, filename: str) -> tuple[int, Position]:
        for number, recogniser in enumerate(self.chain):
            position = recogniser.recognise(text, filename)
            if position is not None:
                return number, position
        with text.open("rb") as file:
            head = file.read(40)
        raise InvalidError(f"{filename} is of no kind that can be read: it begins with {head!r}", expected=[one.kind for one in self.chain])

    def release(self, sha256: str) -> None:
        """Remove the spool copy."""
        (self.spool / f"{sha256}.utf8").unlink(missing_ok=True)
