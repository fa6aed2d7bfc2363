"""Joins tables in one folder of an archive that are sheets of the same releases, like the sheets of a workbook.

The tables of a folder are found once, by their first bytes, and stored in the spool folder. They depend on the archive
alone, so they can be found again if the spool is gone.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path

import orjson

from domain.jobs.job import Position
from domain.shared.errors import InvalidError, TooLargeError
from infrastructure.formats.archives.member import DamagedMemberError, Member, Members
from infrastructure.formats.recogniser_chain import RecogniserChain, SheetJoiner, SourceFile
from infrastructure.formats.text.utf8_copies import UNLIMITED_BYTES
from infrastructure.system.durable_files import write_atomically

MAX_FOLDER_MEMBERS = 1_000  # a folder with more members is not searched for sheets
NOT_TABLE_PREFIXES = (b"{", b"[", b"<", b"%PDF", b"PK")


class TableFolders:
    """The folders of the archive at `text`. `opened` opens it again; `chain` reads its members."""

    def __init__(
        self,
        text: Path,
        filename: str,
        spool: Path,
        opened: Callable[[], AbstractContextManager[Members]],
        chain: RecogniserChain,
    ) -> None:
        self.text = text
        self.filename = filename
        self.spool = spool
        self.opened = opened
        self.chain = chain
        self.peek = spool / f"{text.name}.peek"
        self.names = spool / f"{text.name}.folders"
        self.found = spool / f"{text.name}.sheets"
        self.joins = next((each for each in chain.recognisers if isinstance(each, SheetJoiner)), None)

    def known(self, member: Member) -> list[int] | None:
        """Return the positions of the members that are read together with this one, itself included.

        Empty if it is read alone; None if `together` has not decided yet.
        """
        return self._known.get(_folder(member.name))

    def together(self, member: Member, begin: Position) -> list[int]:
        """Decide and return the same; `begin` is the member's initial position."""
        folder = _folder(member.name)
        if (
            self.joins is None
            or self._role_of(begin) is None
            or not 1 < len(self._members.get(folder, ())) <= MAX_FOLDER_MEMBERS
        ):
            return []
        if folder not in self._known:
            self._known[folder] = self._sheets(folder)
            with self.found.open("ab") as file:
                file.write(orjson.dumps([folder, self._known[folder]]) + b"\n")
        return self._known[folder]

    def members_at(self, ats: Sequence[int]) -> Iterator[Member]:
        """Yield the members at these positions."""
        wanted, last = set(ats), max(ats, default=-1)
        with self.opened() as archive:
            for member in archive.members(min(ats)) if ats else ():
                if member.at in wanted:
                    yield member
                if member.at >= last:
                    return

    def source(self, member: Member, most: int) -> SourceFile:
        """Return the member's paths in the spool; `most` is the limit of its unpacked bytes."""
        spool = self.spool / f"{self.text.name}.{member.at}"
        return SourceFile(spool.with_name(f"{spool.name}.member"), f"{self.filename}/{member.name}", spool, most)

    def joined(self, first: SourceFile, begin: Position) -> bool:
        """Whether the sheets that are read as `first` are joined already."""
        return self.joins is None or self.joins.joined(first.at(begin["text"]))

    def join(self, sources: Sequence[SourceFile], begins: Sequence[Position]) -> None:
        """Join these sheets, to be read as the first one."""
        if self.joins is not None:
            parts = [
                (source.at(begin["text"]), source.filename, begin["at"])
                for source, begin in zip(sources, begins, strict=True)
            ]
            self.joins.join(parts)

    def _sheets(self, folder: str) -> list[int]:
        roles: dict[int, str] = {}
        for member in self.members_at(self._members[folder]):
            role = self._role(member)
            if role is not None:
                roles[member.at] = role
        sheets = list(roles.values()).count("sheet")
        return sorted(roles) if sheets and len(roles) > 1 else []

    def _role(self, member: Member) -> str | None:
        """Return the member's role by its first bytes: "sheet", "meta" or None."""
        try:
            head = next(iter(member.chunks()), b"")
        except DamagedMemberError:
            return None
        if self.joins is None or not head or head.lstrip(b"\xef\xbb\xbf\r\n\t ").startswith(NOT_TABLE_PREFIXES):
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
            except ValueError:  # cut off by a crash
                continue
            found[folder] = ats
        return found

    @cached_property
    def _members(self) -> dict[str, list[int]]:
        """Positions of the readable members, by folder."""
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
                pass  # the reading of members reports it; the ones before are usable
        write_atomically(self.names, [orjson.dumps(found)], durable=False)
        return found


def _folder(name: str) -> str:
    return name.replace("\\", "/").rpartition("/")[0]
