"""Reads archives: one member after the other comes to the spool folder and goes through the chain, as `archive.zip/member.json`.

Bombs stop it early: more members, more bytes or more growth than real data has. What was read before stays.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Protocol

from domain.errors import InvalidError, TooLargeError
from domain.record import Place, Refused
from infrastructure.disk import full_disk
from infrastructure.formats.archives import tars, zips
from infrastructure.formats.archives.member import DamagedMemberError, Member
from infrastructure.formats.chain import Chain, Position, Recogniser, Source
from infrastructure.formats.date_order import with_date_order
from infrastructure.formats.stretch import SLICE_BYTES
from infrastructure.formats.text import FREE, RATIO, limited, write
from services.ports import Element, Slice

MOST_MEMBERS = 100_000
SLICE_SECONDS = 20.0  # after which a slice ends with the member at hand: PDFs take their time
REFUSALS: dict[str, str] = {
    "unsafe_member": "a member of an archive that is no plain file, is encrypted, or has a name that leads elsewhere",
    "unreadable_member": "a member of an archive that is damaged or of no kind that can be read",
    "archive_bomb": "an archive that unpacks to more than real data does; reading stopped there",
    "truncated_file": "the archive breaks off or is damaged; what came before was read",
}


class Members(Protocol):
    """An open archive."""

    def members(self, start: int) -> Iterator[Member]: ...


@dataclass(frozen=True)
class Unpacked(Slice):
    """A slice, how many bytes were unpacked for it, and whether a bomb ended it: then the archive around it ends too."""

    spent: int = 0
    bomb: bool = False


@dataclass
class Walk:
    """What a slice has gathered so far."""

    limit: int
    inner: Position | None
    spent: int
    passed: int
    elements: list[Element] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    bytes: int = 0
    bomb: bool = False
    until: float = field(default_factory=lambda: monotonic() + SLICE_SECONDS)

    @property
    def room(self) -> int:
        """How many more elements belong to the slice."""
        late = monotonic() > self.until and bool(self.elements or self.refused)
        return 0 if late or self.bytes >= SLICE_BYTES else self.limit - len(self.elements) - len(self.refused)

    def take(self, piece: Slice) -> None:
        """Add a slice of a member."""
        self.elements += with_date_order(piece.elements)
        self.refused += piece.refused
        self.bytes += sum(len(one.raw) for one in piece.elements)
        self.spent += piece.spent if isinstance(piece, Unpacked) else 0

    def refuse(self, file: str, code: str, reason: str) -> None:
        """Say why a member, or the rest of the archive, is not read."""
        self.refused.append(Refused(place=Place(file=file), code=code, reason=reason[:2_000]))


class Archives:
    """Zip and tar archives, whose members `chain` reads."""

    name = "archive"
    kind = "an archive (zip, tar, tar.gz, tar.bz2, tar.xz) of any of these"
    binary = True

    def __init__(self, chain: Chain, spool: Path, most: int, most_members: int = MOST_MEMBERS) -> None:
        self.chain = chain
        self.spool = spool
        self.most = most
        self.most_members = most_members

    def recognise(self, text: Path, filename: str) -> Position | None:  # pylint: disable=unused-argument
        """Where reading begins; None where it is no archive. InvalidError where its directory can't be read."""
        form = form_of(text)
        if form == "zip":
            with zips.opened(text):
                pass
        return {"form": form, "at": 0, "inner": None, "spent": 0, "members": 0} if form else None

    def read(self, text: Path, filename: str, position: Position, limit: int) -> Slice:
        """The next stretch of the members from `at` on."""
        walk = Walk(limit, position["inner"], position["spent"], position["members"])
        try:
            with _opened(text, position["form"]) as archive:
                at, inner = self._walk(archive, text, filename, position, walk)
        except DamagedMemberError as error:
            walk.refuse(filename, "truncated_file", f"{error}; what came before was read")
            at, inner = None, None
        except TooLargeError as error:
            walk.refuse(filename, "archive_bomb", f"{error.detail}; reading stopped there, what came before was read")
            at, inner, walk.bomb = None, None, True
        following = None if at is None else position | {"at": at, "inner": inner, "spent": walk.spent, "members": walk.passed}
        return Unpacked(walk.elements, walk.refused, following, walk.spent - position["spent"], walk.bomb)

    def _walk(self, archive: Members, text: Path, filename: str, position: Position, walk: Walk) -> tuple[int | None, Position | None]:
        """Read members while there is room; (where the next slice begins, and where in that member), None at the archive's end."""
        allowed = min(self.most, max(text.stat().st_size * RATIO, FREE))
        for member in archive.members(position["at"]):
            if walk.room <= 0:
                return member.at, None
            walk.passed += walk.inner is None
            if walk.passed > self.most_members:
                raise TooLargeError(f"the archive has more than {self.most_members} members")
            source = Source(self.spool / f"{text.name}.{member.at}.member", f"{filename}/{member.name}", self.spool / f"{text.name}.{member.at}", allowed)
            if member.refusal:
                walk.refuse(source.filename, "unsafe_member", member.refusal)
            elif (following := self._member(member, source, walk)) is not None:
                return member.at, following
        return None, None

    def _extract(self, member: Member, source: Source, walk: Walk) -> None:
        with full_disk():
            write(limited(member.pieces(), member.packed, source.most - walk.spent), source.path)

    def _member(self, member: Member, source: Source, walk: Walk) -> Position | None:
        """Read one member on; where it is to be read on from, None at its end."""
        inner, walk.inner = walk.inner, None
        try:
            if not source.path.exists():
                self._extract(member, source, walk)
            if inner is None:
                walk.spent += source.path.stat().st_size
            piece = self.chain.read(source._replace(most=max(source.most - walk.spent, 0)), inner, walk.room)
        except (InvalidError, DamagedMemberError) as error:
            walk.refuse(source.filename, "unreadable_member", str(error))
            source.forget()
            return None
        if inner is None and source.unpacked.exists():
            walk.spent += source.unpacked.stat().st_size
        walk.take(piece)
        if walk.spent > source.most:
            raise TooLargeError(f"the members unpack to more than {source.most} bytes")
        if isinstance(piece, Unpacked) and piece.bomb:
            source.forget()
            raise TooLargeError(f"{source.filename} is a bomb")
        if piece.position is None:
            source.forget()
        return piece.position


class TooDeep:
    """Stands where archives stand in the chain, and refuses them."""

    name = "archive-too-deep"
    kind = "no archive: they are unpacked two deep"
    binary = True

    def recognise(self, text: Path, filename: str) -> Position | None:
        """InvalidError where it is an archive."""
        if form_of(text):
            raise InvalidError(f"{filename} is an archive in an archive in an archive; they are unpacked two deep")
        return None

    def read(self, text: Path, filename: str, position: Position, limit: int) -> Slice:
        """Never called, as nothing is recognised."""
        raise InvalidError(f"{filename} is nested too deep")


def form_of(path: Path) -> str | None:
    """What kind of archive it is, zip or tar; None where it is neither."""
    with path.open("rb") as file:
        head = file.read(4)
    return "zip" if head.startswith(zips.MAGICS) else "tar" if tars.is_tar(path) else None


def _opened(text: Path, form: str) -> AbstractContextManager[Members]:
    return zips.opened(text) if form == "zip" else tars.opened(text)


def with_archives(recognisers: Sequence[Recogniser], spool: Path, most: int) -> Chain:
    """The chain with archives of what it reads, nested once."""
    nested = Archives(Chain([*recognisers, TooDeep()]), spool, most)
    return Chain([*recognisers, Archives(Chain([*recognisers, nested]), spool, most)])
