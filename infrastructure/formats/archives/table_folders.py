"""Tables of one folder of an archive that are sheets of the same releases: they are read together, as the sheets of a workbook.

Which tables of a folder these are is found once, by their first bytes, and kept beside the archive's other copies; it follows from
the archive alone, so that it is found again where the copies are gone.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path

import orjson

from domain.shared.errors import InvalidError, TooLargeError
from infrastructure.formats.archives.member import DamagedMemberError, Member, Members
from infrastructure.formats.recogniser_chain import Position, RecogniserChain, SheetJoiner, SourceFile
from infrastructure.formats.text.utf8_copies import UNLIMITED_BYTES

MAX_FOLDER_MEMBERS = 1_000  # members of a folder whose tables are read together; more are not sheets
NO_TABLE = (b"{", b"[", b"<", b"%PDF", b"PK")


class TableFolders:
    """The folders of an archive at `text`; `opened` opens it anew, `chain` reads its members."""

    def __init__(self, text: Path, filename: str, spool: Path, opened: Callable[[], AbstractContextManager[Members]], chain: RecogniserChain) -> None:
        self.text = text
        self.filename = filename
        self.spool = spool
        self.opened = opened
        self.chain = chain
        self.peek = spool / f"{text.name}.peek"
        self.names = spool / f"{text.name}.folders"
        self.found = spool / f"{text.name}.sheets"
        self.joins = next((one for one in chain.recognisers if isinstance(one, SheetJoiner)), None)

    def known(self, member: Member) -> list[int] | None:
        """The members that this one is read together with, itself too; none where it stands alone, None where that is still to be found."""
        return self._known.get(_folder(member.name))

    def together(self, member: Member, begin: Position) -> list[int]:
        """The same, found where it is not known. `begin` is where the member's reading begins."""
        folder = _folder(member.name)
        if self.joins is None or self._role_of(begin) is None or not 1 < len(self._members.get(folder, ())) <= MAX_FOLDER_MEMBERS:
            return []
        if folder not in self._known:
            self._known[folder] = self._sheets(folder)
            with self.found.open("ab") as file:
                file.write(orjson.dumps([folder, self._known[folder]]) + b"\n")
        return self._known[folder]

    def some(self, ats: Sequence[int]) -> Iterator[Member]:
        """These members."""
        wanted, last = set(ats), max(ats, default=-1)
        with self.opened() as archive:
            for member in archive.members(min(ats)) if ats else ():
                if member.at in wanted:
                    yield member
                if member.at >= last:
                    return

    def source(self, member: Member, most: int) -> SourceFile:
        """Where a member and its copies lie; `most` are the bytes that it may unpack to."""
        spool = self.spool / f"{self.text.name}.{member.at}"
        return SourceFile(spool.with_name(f"{spool.name}.member"), f"{self.filename}/{member.name}", spool, most)

    def joined(self, first: SourceFile, begin: Position) -> bool:
        """Whether the sheets that are read as the first of them have been joined."""
        return self.joins is None or self.joins.joined(first.at(begin["text"]))

    def join(self, sources: Sequence[SourceFile], begins: Sequence[Position]) -> None:
        """Join these sheets, to be read as the first of them."""
        if self.joins is not None:
            parts = [(source.at(begin["text"]), source.filename, begin["at"]) for source, begin in zip(sources, begins, strict=True)]
            self.joins.join(parts)

    def _sheets(self, folder: str) -> list[int]:
        roles: dict[int, str] = {}
        for member in self.some(self._members[folder]):
            role = self._role(member)
            if role is not None:
                roles[member.at] = role
        sheets = list(roles.values()).count("sheet")
        return sorted(roles) if sheets and len(roles) > 1 else []

    def _role(self, member: Member) -> str | None:
        """What its first bytes say that it is: "sheet", "meta" or None."""
        try:
            head = next(iter(member.pieces()), b"")
        except DamagedMemberError:
            return None
        if self.joins is None or not head or head.lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(NO_TABLE):
            return None
        source = SourceFile(self.peek, member.name, self.peek.with_name(f"{self.peek.name}.copy"), UNLIMITED_BYTES)
        try:
            self.peek.write_bytes(head)
            return self._role_of(self.chain.begin(source))
        except (InvalidError, TooLargeError):
            return None
        finally:
            self.peek.unlink(missing_ok=True)
            source.forget()

    def _role_of(self, begin: Position) -> str | None:
        return self.joins.role(begin["at"]) if self.joins is not None and begin["reader"] == self.joins.name else None

    @cached_property
    def _known(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for line in self.found.read_bytes().splitlines() if self.found.exists() else ():
            try:
                folder, ats = orjson.loads(line)
            except ValueError:  # cut off by a kill
                continue
            found[folder] = ats
        return found

    @cached_property
    def _members(self) -> dict[str, list[int]]:
        """Folder → its members that may be read."""
        if self.names.exists():
            stored: dict[str, list[int]] = orjson.loads(self.names.read_bytes())
            return stored
        found: dict[str, list[int]] = {}
        with self.opened() as archive:
            try:
                for member in archive.members(0):
                    if member.refusal is None and not member.passed:
                        found.setdefault(_folder(member.name), []).append(member.at)
            except DamagedMemberError:
                pass  # the walk says so; what stands before is read
        partial = self.names.with_name(f"{self.names.name}.tmp")
        partial.write_bytes(orjson.dumps(found))
        partial.replace(self.names)
        return found


def _folder(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[0]
