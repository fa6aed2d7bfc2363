"""Archives with very many members are read in short slices, or refused early above the limit."""

import io
import json
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from domain.raw_records.record import RefusedElement
from domain.shared.errors import InvalidError
from infrastructure.formats.archives import recogniser, zip_members
from tests.infrastructure.formats.archives.test_recogniser import KINDS, Members, tarred, zipped
from tests.infrastructure.formats.support import Home, release

TINY = json.dumps(release(1)).encode()
CONTENTS = {"good": TINY, "refused": b"words", "empty": b"", "without records": b'{"releases": []}'}


def named(count: int, content: bytes, ending: str = "json") -> Members:
    return [(f"{number}.{ending}", content) for number in range(count)]


def slices(
    home: Home, content: bytes, limit: int = 1_000
) -> list[tuple[int, list[RefusedElement], dict[str, Any] | None]]:
    """(elements, refused, position) of each slice; each position went through JSON."""
    sha256, position = home.add(content), None
    found: list[tuple[int, list[RefusedElement], dict[str, Any] | None]] = []
    while not found or position is not None:
        piece = home.sources.read(sha256, "a.zip", position, limit, "job")
        position = json.loads(json.dumps(piece.position))
        found.append((len(piece.elements), list(piece.refused), position))
    home.sources.remove_copies(sha256, "job")
    assert list(home.spool.glob("*")) == []
    return found


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", CONTENTS)
def test_a_slice_whose_time_is_up_ends_behind_its_member(
    home: Home, kind: str, content: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = slices(home, KINDS[kind](named(7, CONTENTS[content])))
    monkeypatch.setattr(recogniser, "SLICE_SECONDS", 0.0)
    found = slices(home, KINDS[kind](named(7, CONTENTS[content])))
    assert len(found) >= 7 > len(whole)
    assert sum(count for count, _, _ in found) == sum(count for count, _, _ in whole)
    assert [one for _, refused, _ in found for one in refused] == [one for _, refused, _ in whole for one in refused]


def test_a_slice_ends_among_folders_too(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recogniser, "SLICE_SECONDS", 0.0)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for number in range(5):
            folder = tarfile.TarInfo(f"folder-{number}")
            folder.type = tarfile.DIRTYPE
            tar.addfile(folder)
    assert len(slices(home, out.getvalue())) >= 5


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_slice_ends_in_an_archive_in_an_archive(
    home: Home, pack: Callable[[Members], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recogniser, "SLICE_SECONDS", 0.0)
    found = slices(home, pack([(f"{number}.zip", zipped(named(4, TINY))) for number in range(3)]))
    assert len(found) >= 12
    assert sum(count for count, _, _ in found) == 12


def test_the_directory_of_a_zip_is_parsed_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[Path] = []
    directory = zip_members._directory

    def counted(path: Path) -> Any:
        parsed.append(path)
        return directory(path)

    monkeypatch.setattr(zip_members, "_directory", counted)
    assert len(slices(home, zipped(named(20, TINY)), limit=2)) == 10
    assert len(parsed) == 1


def test_an_index_that_is_gone_is_made_again(home: Home) -> None:
    sha256 = home.add(zipped(named(6, TINY)))
    first = home.sources.read(sha256, "a.zip", None, 2)
    home.sources.remove_copies(sha256)
    assert list(home.spool.glob("*")) == []
    second = home.sources.read(sha256, "a.zip", first.position, 10)
    assert [one.place.file for one in second.elements] == [f"a.zip/{number}.json" for number in range(2, 6)]
    home.sources.remove_copies(sha256)


def longer_names(count: int) -> Iterable[tuple[str, bytes]]:
    return [
        (f"{'n' * 200}/{number}.json", TINY) for number in range(count)
    ]  # in a tar, an extended header carries each name


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("members", [lambda count: named(count, TINY), longer_names], ids=["short names", "long names"])
def test_too_many_members_are_refused_before_one_is_read(
    tmp_path: Path, kind: str, members: Callable[[int], Members]
) -> None:
    home = Home(tmp_path / "home", most_members=5)
    assert sum(count for count, _, _ in slices(home, KINDS[kind](members(5)))) == 5
    with pytest.raises(
        InvalidError, match="more than 5 members, the most that TENDERLAKE_MAX_ARCHIVE_MEMBERS allows; none was read"
    ):
        slices(home, KINDS[kind](members(6)))
    assert list(home.spool.glob("*")) == []


def test_an_archive_of_too_many_members_in_an_archive_costs_itself_only(tmp_path: Path) -> None:
    home = Home(tmp_path / "home", most_members=5)
    (found,) = slices(home, zipped([("many.zip", zipped(named(6, TINY))), ("good.json", TINY)]))
    assert found[0] == 1
    assert [(one.place.file, one.code) for one in found[1]] == [("a.zip/many.zip", "unreadable_member")]
    assert "none was read" in found[1][0].reason


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_members_of_archives_in_an_archive_count_together_and_what_was_read_stays(
    tmp_path: Path, pack: Callable[[Members], bytes]
) -> None:
    home = Home(tmp_path / "home", most_members=8)
    found = slices(home, pack([(f"{number}.zip", zipped(named(4, TINY))) for number in range(4)]), limit=3)
    assert sum(count for count, _, _ in found) == 8
    (refused,) = [one for _, refused, _ in found for one in refused]
    assert (refused.place.file, refused.code) == ("a.zip", "too_many_members")
    assert "what came before was read" in refused.reason


def test_two_readers_of_one_file_leave_each_others_copies_alone(home: Home) -> None:
    content = KINDS["tar.gz"](named(6, TINY))
    sha256 = home.add(content)
    first = home.sources.read(sha256, "a.tar.gz", None, 2, "one")
    assert home.sources.read(sha256, "a.tar.gz", None, 100, "two").position is None
    home.sources.remove_copies(sha256, "two")
    left = {path.name for path in home.spool.glob("*")}
    assert left
    assert all(name.startswith("one.") for name in left)
    assert len(home.sources.read(sha256, "a.tar.gz", first.position, 100, "one").elements) == 4
    home.sources.remove_copies(sha256, "one")
    assert list(home.spool.glob("*")) == []
