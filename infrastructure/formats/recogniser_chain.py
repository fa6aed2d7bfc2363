"""The chain of recognisers: each is asked in turn whether a file is of its kind, and the one that knows it reads it, slice by slice.

Kinds of bytes (archives, workbooks, PDF) are asked with the file as it is, then with what it unpacks to; kinds of text with its UTF-8 form.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol, runtime_checkable

from domain.raw_records.record import RefusedElement, SourceLocation
from domain.shared.errors import InvalidError
from infrastructure.formats.text.utf8_copies import as_text, missing, sync, unpack
from services.ports.sources import Slice

Position = dict[str, Any]


class Recogniser(Protocol):
    """One kind of file: `recognise` gives where reading begins or None, `read` the next stretch.

    `name` stands in positions and never changes; `kind` says to a person what is expected; a `binary` kind is asked before the file
    is made UTF-8. What it leaves on disk between calls begins with the name of `text` in the spool folder, and goes with it.
    """

    name: str
    kind: str
    binary: bool

    def recognise(self, text: Path, filename: str) -> Position | None: ...
    def read(self, text: Path, filename: str, position: Position, limit: int) -> Slice: ...


@runtime_checkable
class ReadsAhead(Protocol):
    """A recogniser that can read several files at once, before it is asked for the first."""

    def expect(self, paths: Sequence[Path]) -> None: ...


@runtime_checkable
class SheetJoiner(Protocol):
    """A recogniser of files that may be parts of one whole. `role` says of a position which part: "sheet", "meta" or None.

    `join` makes the whole of (file, name, position); then it is read as the first of them.
    """

    name: str

    def role(self, position: Position) -> str | None: ...
    def joined(self, first: Path) -> bool: ...
    def join(self, parts: Sequence[tuple[Path, str, Position]]) -> None: ...


class SourceFile(NamedTuple):
    """A file to be read: where it lies, what people call it, and where its copies go (a prefix: `.unpacked` and `.utf8` are added)."""

    path: Path
    filename: str
    spool: Path
    most: int

    @property
    def unpacked(self) -> Path:
        return self.spool.with_name(f"{self.spool.name}.unpacked")

    @property
    def utf8(self) -> Path:
        return self.spool.with_name(f"{self.spool.name}.utf8")

    def at(self, form: str) -> Path:
        """The file as it is ("raw"), unpacked, or as UTF-8 text ("spool"); copies that are gone are made again."""
        if form == "raw":
            return self.path
        if form == "spool" and self.utf8.exists():
            return self.utf8
        unpacked = unpack(self.path, self.unpacked, self.most)
        return unpacked if form == "unpacked" else as_text(unpacked, self.utf8)

    def forget(self) -> None:
        """Remove the copies, and what the recognisers left."""
        for left in self.left():
            left.unlink(missing_ok=True)

    def keep(self) -> None:
        """Make the copies durable: a position is going to point into them."""
        for left in self.left():
            sync(left)

    def left(self) -> list[Path]:
        """What lies in the spool folder for this file."""
        prefix = f"{self.spool.name}."
        try:
            with os.scandir(self.spool.parent) as entries:
                return [Path(one.path) for one in entries if one.name.startswith(prefix)]
        except FileNotFoundError:
            return []


class RecogniserChain:
    """Recognisers in the order in which they are asked."""

    def __init__(self, recognisers: Sequence[Recogniser]) -> None:
        self.recognisers = recognisers

    def read(self, source: SourceFile, position: Position | None, limit: int) -> Slice:
        """The next stretch. InvalidError where no recogniser knows the file, with what was expected."""
        position = self.begin(source) if position is None else position
        form, reader, at = position["text"], self._reader(position["reader"]), position["at"]
        piece = reader.read(source.at(form), source.filename, at, limit)
        if piece.position is not None:
            return replace(piece, position={"text": form, "reader": reader.name, "at": piece.position})
        return replace(piece, refused=[*piece.refused, *_missing(source, form)])

    def begin(self, source: SourceFile) -> Position:
        """Where its reading begins. InvalidError where no recogniser knows the file; then nothing is left of it."""
        try:
            form, reader, at = self._begin(source)
        except Exception:
            source.forget()
            raise
        return {"text": form, "reader": reader.name, "at": at}

    def _reader(self, name: str) -> Recogniser:
        return next(one for one in self.recognisers if one.name == name)

    def _begin(self, source: SourceFile) -> tuple[str, Recogniser, Position]:
        whole = source.at("unpacked")
        form = "raw" if whole == source.path else "unpacked"
        for one in self.recognisers:
            if one.binary and (position := one.recognise(whole, source.filename)) is not None:
                return form, one, position
        text = source.at("spool")
        form = form if text == whole else "spool"
        for one in self.recognisers:
            if not one.binary and (position := one.recognise(text, source.filename)) is not None:
                if form == "spool":
                    source.unpacked.unlink(missing_ok=True)  # what it lacks stays noted
                return form, one, position
        raise _unknown(text, source.filename, self.recognisers)


def _unknown(text: Path, filename: str, recognisers: Sequence[Recogniser]) -> InvalidError:
    with text.open("rb") as file:
        head = file.read(40)
    begins = f"begins with {head!r}" if head else "is empty"
    return InvalidError(f"{filename} is of no kind that can be read: it {begins}", expected=[one.kind for one in recognisers])


def _missing(source: SourceFile, form: str) -> list[RefusedElement]:
    reason = missing(source.unpacked) if form != "raw" else None
    place = SourceLocation(file=source.filename, offset=source.at(form).stat().st_size)
    return [RefusedElement(place=place, code="truncated_file", reason=f"{reason}; what came before was read")] if reason else []
