"""The sources of landing: a chain of recognisers, each asked in turn whether a file is of its kind."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from domain.errors import InvalidError
from domain.record import Place, Refused
from infrastructure.formats import ocds_json
from infrastructure.formats.text import forget, missing, plain
from services.ports import Files, Slice

Position = dict[str, Any]


class Recogniser(Protocol):
    """One kind of file: `recognise` gives where reading begins or None, `read` the next stretch.

    `name` stands in positions and never changes; `kind` says to a person what is expected.
    """

    name: str
    kind: str

    def recognise(self, text: Path, filename: str) -> Position | None: ...
    def read(self, text: Path, filename: str, position: Position, limit: int) -> Slice: ...


class OcdsJson:
    """See infrastructure/formats/ocds_json.py."""

    name = "ocds-json"
    kind = "OCDS JSON (release or record package, releases, records, arrays of them, concatenated or one a line, gzipped or not)"

    def __init__(self, longest: int) -> None:
        self.longest = longest

    def recognise(self, text: Path, filename: str) -> Position | None:  # pylint: disable=unused-argument
        """Where reading begins; None where it is no JSON."""
        return ocds_json.recognise(text)

    def read(self, text: Path, filename: str, position: Position, limit: int) -> Slice:
        """The next stretch."""
        return ocds_json.read(text, filename, position, limit, self.longest)


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
        spool = self._spool(sha256)
        text = raw if position is not None and position["text"] == "raw" else plain(raw, spool, self.most)
        reader, inner = self._begin(sha256, text, filename) if position is None else (self._reader(position["reader"]), position["at"])
        piece = reader.read(text, filename, inner, limit)
        if piece.position is not None:
            following = {"text": "raw" if text == raw else "spool", "reader": reader.name, "at": piece.position}
            return Slice(piece.elements, piece.refused, following)
        return Slice(piece.elements, [*piece.refused, *self._missing(spool, text, filename)], None)

    def release(self, sha256: str) -> None:
        """Remove the spool copy."""
        forget(self._spool(sha256))

    def _spool(self, sha256: str) -> Path:
        return self.spool / f"{sha256}.utf8"

    def _reader(self, name: str) -> Recogniser:
        return next(one for one in self.chain if one.name == name)

    def _begin(self, sha256: str, text: Path, filename: str) -> tuple[Recogniser, Position]:
        for recogniser in self.chain:
            position = recogniser.recognise(text, filename)
            if position is not None:
                return recogniser, position
        with text.open("rb") as file:
            head = file.read(40)
        forget(self._spool(sha256))
        begins = f"begins with {head!r}" if head else "is empty"
        raise InvalidError(f"{filename} is of no kind that can be read: it {begins}", expected=[one.kind for one in self.chain])

    def _missing(self, spool: Path, text: Path, filename: str) -> list[Refused]:
        reason = missing(spool) if text == spool else None
        place = Place(file=filename, offset=text.stat().st_size)
        return [Refused(place=place, code="truncated_file", reason=f"{reason}; what came before was read")] if reason else []
