"""The chain of recognisers: the first one that recognises a file reads it, slice by slice.

Binary formats (archives, workbooks, PDF) see the file as stored, then decompressed; text formats see its UTF-8 copy.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, Protocol, runtime_checkable

from domain.jobs.job import Position
from domain.raw_records.record import RefusedElement, SourceLocation
from domain.shared.errors import InvalidError
from infrastructure.formats.text.utf8_copies import as_text, missing, unpack
from infrastructure.system.disk_space import disk_full_as_error
from infrastructure.system.durable_files import sync
from services.ports.sources import Slice


class Recogniser(Protocol):
    """One file format: `recognise` returns the position where reading begins or None, `read` the next slice.

    `name` is part of stored positions and never changes; `kind` describes the format in messages; `binary` formats are
    tried before the file is converted to UTF-8. Files that it keeps in the spool folder between calls have the name of
    `text` as prefix, and are removed together with the copies.
    """

    name: str
    kind: str
    binary: bool

    def recognise(self, text: Path, filename: str) -> Position | None: ...
    def read(self, text: Path, filename: str, position: Position, limit: int) -> Slice: ...


@runtime_checkable
class ReadsAhead(Protocol):
    """A recogniser that can read several files in parallel, ahead of their turn."""

    def expect(self, paths: Sequence[Path]) -> None: ...


@runtime_checkable
class SheetJoiner(Protocol):
    """A recogniser of files that may be sheets of one table set. `role` of a position: "sheet", "meta" or None.

    `join` combines (file, name, position) entries; the result is then read in place of the first file.
    """

    name: str

    def role(self, position: Position) -> str | None: ...
    def joined(self, first: Path) -> bool: ...
    def join(self, parts: Sequence[tuple[Path, str, Position]]) -> None: ...


class SourceFile(NamedTuple):
    """A file to read: its path, its name for messages, and the path prefix of its copies (`.unpacked`, `.utf8`)."""

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
        """The file as stored ("raw"), decompressed ("unpacked"), or as UTF-8 text ("spool"); missing copies are made
        again.
        """
        if form == "raw":
            return self.path
        if form == "spool" and self.utf8.exists():
            return self.utf8
        unpacked = unpack(self.path, self.unpacked, self.most)
        return unpacked if form == "unpacked" else as_text(unpacked, self.utf8)

    def forget(self) -> None:
        """Remove the copies, and the files of recognisers."""
        for path in self.left():
            path.unlink(missing_ok=True)

    def keep(self) -> None:
        """Fsync the copies, before a position that refers to them is stored."""
        with disk_full_as_error():
            for path in self.left():
                sync(path)

    def left(self) -> list[Path]:
        """Existing spool files of this file."""
        prefix = f"{self.spool.name}."
        try:
            with os.scandir(self.spool.parent) as entries:
                return [Path(one.path) for one in entries if one.name.startswith(prefix)]
        except FileNotFoundError:
            return []


class RecogniserChain:
    """Recognisers, in the order in which they are tried."""

    def __init__(self, recognisers: Sequence[Recogniser]) -> None:
        self.recognisers = recognisers

    def read(self, source: SourceFile, position: Position | None, limit: int) -> Slice:
        """Read the next slice. InvalidError if no recogniser knows the file; it lists the expected formats."""
        position = self.begin(source) if position is None else position
        form, reader, at = position["text"], self._reader(position["reader"]), position["at"]
        batch = reader.read(source.at(form), source.filename, at, limit)
        if batch.position is not None:
            return replace(batch, position={"text": form, "reader": reader.name, "at": batch.position})
        return replace(batch, refused=[*batch.refused, *_missing(source, form)])

    def begin(self, source: SourceFile) -> Position:
        """The position where reading begins.

        InvalidError if no recogniser knows the file; its copies are then removed.
        """
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
                    source.unpacked.unlink(missing_ok=True)  # the note about its damage stays
                return form, one, position
        raise _unknown(text, source.filename, self.recognisers)


def _unknown(text: Path, filename: str, recognisers: Sequence[Recogniser]) -> InvalidError:
    with text.open("rb") as file:
        head = file.read(40)
    begins = f"begins with {head!r}" if head else "is empty"
    kinds = [recogniser.kind for recogniser in recognisers]
    return InvalidError(f"the format of {filename} is not supported: it {begins}", expected=kinds)


def _missing(source: SourceFile, form: str) -> list[RefusedElement]:
    reason = missing(source.unpacked) if form != "raw" else None
    place = SourceLocation(file=source.filename, offset=source.at(form).stat().st_size)
    if not reason:
        return []
    return [RefusedElement(place=place, code="truncated_file", reason=f"{reason}; the content before that was read")]
