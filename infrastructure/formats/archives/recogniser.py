"""Reads archives: each member is unpacked to the spool folder and read by the recogniser chain, as
`archive.zip/member.json`.

Limits on members, bytes and growth stop decompression bombs; elements read before stay. Too many members are refused
before the first is read if the archive's directory or headers show them, else when the limit is reached.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from domain.jobs.job import Position
from domain.raw_records.record import RefusedElement, SourceLocation, refused
from domain.shared.errors import InvalidError, TooLargeError
from infrastructure.formats.archives import tar_members, zip_members
from infrastructure.formats.archives.member import DamagedMemberError, Member, Members
from infrastructure.formats.archives.table_folders import TableFolders
from infrastructure.formats.json.date_order import with_date_order
from infrastructure.formats.recogniser_chain import Recogniser, RecogniserChain, SourceFile
from infrastructure.formats.slice_builder import SLICE_BYTES
from infrastructure.formats.text.utf8_copies import MAX_UNPACK_RATIO, UNLIMITED_BYTES, limited
from infrastructure.system.checkpoints import checkpoint
from infrastructure.system.disk_space import disk_full_as_error
from infrastructure.system.durable_files import write_atomically
from services.ports.sources import Element, Slice

SLICE_SECONDS = 1.0  # afterwards a slice ends with the current member, so that other files proceed
REFUSALS: dict[str, str] = {
    "unsafe_member": "a member of an archive that is not a regular file, is encrypted, or has an unsafe name",
    "unreadable_member": "a member of an archive that is damaged or of a format that can't be read",
    "archive_bomb": "an archive that unpacks to more than the limit; reading stopped there",
    "too_many_members": "an archive with more members, nested ones included, than the limit; reading stopped there",
    "truncated_file": "the archive breaks off or is damaged; what came before was read",
}


@dataclass(frozen=True)
class Unpacked(Slice):
    """A slice with the unpacked bytes and members that it took. `bomb` also ends the enclosing archive."""

    spent: int = 0
    members: int = 0
    bomb: bool = False


@dataclass
class ArchiveSlice:
    """The contents of a slice so far; `spent` bytes and `passed` members count since the archive's beginning."""

    limit: int
    inner: Position | None
    spent: int
    passed: int
    elements: list[Element] = field(default_factory=list)
    refused: list[RefusedElement] = field(default_factory=list)
    bytes: int = 0
    bomb: bool = False
    handled: int = 0
    until: float = field(default_factory=lambda: monotonic() + SLICE_SECONDS)

    @property
    def room(self) -> int:
        """Number of elements that the slice can still take."""
        timed_out = self.handled > 0 and monotonic() > self.until
        return 0 if timed_out or self.bytes >= SLICE_BYTES else self.limit - len(self.elements) - len(self.refused)

    def take(self, part: Slice) -> None:
        """Add the slice of a member."""
        self.elements += with_date_order(part.elements)
        self.refused += part.refused
        self.bytes += sum(len(element.raw) for element in part.elements)
        if isinstance(part, Unpacked):
            self.spent += part.spent
            self.passed += part.members

    def refuse(self, file: str, code: str, reason: str) -> None:
        """Quarantine a member, or the rest of the archive, with the reason."""
        self.refused.append(refused(SourceLocation(file=file), code, reason))


class ArchiveRecogniser:
    """Recognises zip and tar archives; `chain` reads the members: `most` bytes and `most_members` at most."""

    name = "archive"
    kind = "an archive (zip, tar, tar.gz, tar.bz2, tar.xz) of any of these"
    binary = True

    def __init__(self, chain: RecogniserChain, spool: Path, most: int, most_members: int) -> None:
        self.chain = chain
        self.spool = spool
        self.most = most
        self.most_members = most_members

    def recognise(self, text: Path, filename: str) -> Position | None:  # pylint: disable=unused-argument
        """Return the initial position; None for other formats. InvalidError if the directory can't be read."""
        form = form_of(text)
        too_many = form == "tar" and tar_members.has_more_members(text, self.most_members)
        if form == "zip" and not (too_many := zip_members.entries(text) > self.most_members):
            with self._opened(text, form) as archive:
                too_many = isinstance(archive, zip_members.ZipMembers) and archive.count > self.most_members
        if too_many:
            limit = f"{self.most_members:,} members, the most that TENDERLAKE_MAX_ARCHIVE_MEMBERS allows"
            raise InvalidError(f"the archive has more than {limit}; none was read: split it, or raise the limit")
        return {"form": form, "at": 0, "inner": None, "spent": 0, "members": 0} if form else None

    def read(self, text: Path, filename: str, position: Position, limit: int) -> Slice:
        """Read the next slice, from the member at `at` on."""
        walk = ArchiveSlice(limit, position["inner"], position["spent"], position["members"])
        try:
            with self._opened(text, position["form"]) as archive:
                at, inner = self._walk(archive, text, filename, position, walk)
        except DamagedMemberError as error:
            walk.refuse(filename, "truncated_file", f"{error}; what came before was read")
            at, inner = None, None
        except TooLargeError as error:
            walk.refuse(filename, "archive_bomb", f"{error.detail}; reading stopped there, what came before was read")
            at, inner, walk.bomb = None, None, True
        following = (
            None if at is None else position | {"at": at, "inner": inner, "spent": walk.spent, "members": walk.passed}
        )
        return Unpacked(
            walk.elements,
            walk.refused,
            following,
            walk.spent - position["spent"],
            walk.passed - position["members"],
            walk.bomb,
        )

    def _opened(self, text: Path, form: str) -> AbstractContextManager[Members]:
        return (
            zip_members.opened(text, self.spool / f"{text.name}.members") if form == "zip" else tar_members.opened(text)
        )

    def _walk(
        self, archive: Members, text: Path, filename: str, position: Position, walk: ArchiveSlice
    ) -> tuple[int | None, Position | None]:
        """Read members until the slice is full; return the next member and the position in it, or (None, None)."""
        allowed = min(self.most, max(text.stat().st_size * MAX_UNPACK_RATIO, UNLIMITED_BYTES))
        folders = TableFolders(text, filename, self.spool, lambda: self._opened(text, position["form"]), self.chain)
        for member in archive.members(position["at"]):
            checkpoint()
            if walk.room <= 0:
                return member.at, None
            walk.passed += walk.inner is None
            if walk.passed > self.most_members:
                limit = f"{self.most_members:,} members, the most that TENDERLAKE_MAX_ARCHIVE_MEMBERS allows"
                reason = f"the archive, with nested ones, has more than {limit}"
                walk.refuse(filename, "too_many_members", f"{reason}; reading stopped there, what came before was read")
                return None, None
            source = folders.source(member, allowed)
            # A joined member was read with the first sheet of its folder.
            joined = walk.inner is None and member.at in (folders.known(member) or [])[1:]
            if member.passed or joined:
                pass
            elif member.refusal:
                walk.refuse(source.filename, "unsafe_member", member.refusal)
            elif (following := self._member(member, source, walk, folders)) is not None:
                return member.at, following
            walk.handled += 1
        return None, None

    def _extract(self, member: Member, source: SourceFile, walk: ArchiveSlice) -> None:
        with disk_full_as_error():
            chunks = limited(member.chunks(), member.packed, source.most - walk.spent)
            write_atomically(source.path, chunks, durable=False)

    def _join(
        self,
        folders: TableFolders,
        others: Sequence[int],
        first: SourceFile,
        begin: Position,
        walk: ArchiveSlice,
        *,
        again: bool,
    ) -> None:
        """Join the sheets of these members, to be read as the first one; unreadable ones are refused, once."""
        if folders.joined(first, begin):
            return
        sources = [first]
        begins = [begin]
        for member in folders.members_at(others):
            other = folders.source(member, first.most)
            try:
                self._extract(member, other, walk)
                begins.append(self.chain.begin(other))
                sources.append(other)
                walk.spent += 0 if again else other.path.stat().st_size
            except (InvalidError, DamagedMemberError) as error:
                if not again:
                    walk.refuse(other.filename, "unreadable_member", str(error))
                other.forget()
        folders.join(sources, begins)
        for other in sources[1:]:
            other.forget()

    def _member(self, member: Member, source: SourceFile, walk: ArchiveSlice, folders: TableFolders) -> Position | None:
        """Read a member; return the position to continue from, None at its end."""
        inner, walk.inner = walk.inner, None
        try:
            if not source.path.exists():
                self._extract(member, source, walk)
            if inner is None:
                walk.spent += source.path.stat().st_size
            source_left = source._replace(most=max(source.most - walk.spent, 0))
            begin = self.chain.begin(source_left) if inner is None else inner
            together = folders.together(member, begin)
            if together and together[0] != member.at:  # it was read with the first sheet
                source.forget()
                return None
            if together:
                self._join(folders, together[1:], source_left, begin, walk, again=inner is not None)
            part = self.chain.read(source_left, begin, max(walk.room, 1))
        except (InvalidError, DamagedMemberError) as error:
            walk.refuse(source.filename, "unreadable_member", str(error))
            source.forget()
            return None
        if inner is None and source.unpacked.exists():
            walk.spent += source.unpacked.stat().st_size
        walk.take(part)
        if walk.spent > source.most:
            raise TooLargeError(f"the members unpack to more than {source.most} bytes")
        if isinstance(part, Unpacked) and part.bomb:
            source.forget()
            raise TooLargeError(f"{source.filename} unpacks to more than the limit")
        if part.position is None:
            source.forget()
        return part.position


class NestedArchiveRecogniser:
    """Takes the archive recogniser's place at the third level of nesting, and refuses archives."""

    name = "archive-too-deep"
    kind = "no archive: archives are unpacked two levels deep"
    binary = True

    def recognise(self, text: Path, filename: str) -> Position | None:
        """InvalidError for an archive."""
        if form_of(text):
            raise InvalidError(f"{filename} is an archive at the third level; archives are unpacked two levels deep")
        return None

    def read(self, text: Path, filename: str, position: Position, limit: int) -> Slice:
        """Never called, because `recognise` recognises nothing."""
        raise InvalidError(f"{filename} is an archive nested too deeply")


def form_of(path: Path) -> str | None:
    """Return the archive format, "zip" or "tar"; None for other files."""
    with path.open("rb") as file:
        head = file.read(4)
    return "zip" if head.startswith(zip_members.MAGICS) else "tar" if tar_members.is_tar(path) else None


def with_archives(recognisers: Sequence[Recogniser], spool: Path, most: int, most_members: int) -> RecogniserChain:
    """Return a chain that also reads archives of what it reads, nested once."""
    nested = ArchiveRecogniser(RecogniserChain([*recognisers, NestedArchiveRecogniser()]), spool, most, most_members)
    return RecogniserChain(
        [*recognisers, ArchiveRecogniser(RecogniserChain([*recognisers, nested]), spool, most, most_members)]
    )
