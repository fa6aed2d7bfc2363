"""Archives are read member by member; hostile members are refused with the reason, within limits of memory and disk."""

import bz2
import gzip
import io
import json
import lzma
import random
import stat
import struct
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from domain.jobs.job import JobCounts, JobStatus
from domain.shared.errors import InvalidError
from services.ports.parts import Parts
from tests.infrastructure.formats.support import Home, release
from tests.support import load, quarantined
from tests.support import release as small_release

LINES = b"".join(json.dumps(release(number)).encode() + b"\n" for number in range(3))
TABLE = b"ocid,id,date,tag,tender/title\nocds-csv,1,2024-01-01,tender,Tunnel\n"
Members = Iterable[tuple[str, bytes]]


def zipped(members: Members, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return out.getvalue()


def tarred(members: Members, mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def linked(**fields: Any) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        info = tarfile.TarInfo("odd")
        for name, value in fields.items():
            setattr(info, name, value)
        archive.addfile(info)
        good = tarfile.TarInfo("good.json")
        good.size = len(LINES)
        archive.addfile(good, io.BytesIO(LINES))
    return out.getvalue()


def read(
    home: Home, content: bytes, limits: Iterable[int] = (), name: str = "a.zip"
) -> tuple[list[tuple[str, str]], list[tuple[str, str, str]]]:
    """((file, ocid) of the elements, (file, code, reason) of refusals); the spool must be empty after `release`."""
    elements, refused = home.read(content, limits, name)
    home.sources.remove_copies(home.add(content))
    assert list(home.spool.glob("*")) == []
    found = [(one.place.file, str(json.loads(one.raw)["ocid"])) for one in elements]
    return found, [(one.place.file, one.code, one.reason) for one in refused]


KINDS: dict[str, Callable[[Members], bytes]] = {
    "zip": zipped,
    "zip, stored": lambda members: zipped(members, zipfile.ZIP_STORED),
    "tar": tarred,
    "tar.gz": lambda members: tarred(members, "w:gz"),
    "tar.bz2": lambda members: tarred(members, "w:bz2"),
    "tar.xz": lambda members: tarred(members, "w:xz"),
}


@pytest.mark.parametrize("limits", [(), (1,) * 30, (2,) * 30], ids=["at once", "one by one", "two by two"])
@pytest.mark.parametrize("kind", KINDS)
def test_each_member_is_a_source_of_its_own(home: Home, kind: str, limits: tuple[int, ...]) -> None:
    members = [
        ("one.jsonl", LINES),
        ("folder/two.csv", TABLE),
        ("three.json.gz", gzip.compress(LINES)),
        ("four.txt", b"words"),
        ("five.json", LINES),
    ]
    found, refused = read(home, KINDS[kind](members), limits)
    ocids = [f"ocds-213czf-{number}" for number in range(3)]
    expected = [("a.zip/one.jsonl", one) for one in ocids] + [("a.zip/folder/two.csv", "ocds-csv")]
    assert found == expected + [(f"a.zip/{name}", one) for name in ("three.json.gz", "five.json") for one in ocids]
    assert [(file, code) for file, code, _ in refused] == [("a.zip/four.txt", "unreadable_member")]


@pytest.mark.parametrize("packed", [gzip.compress, bz2.compress, lzma.compress])
@pytest.mark.parametrize("content", [LINES, TABLE], ids=["json", "csv"])
def test_a_file_may_be_packed_by_itself(home: Home, packed: Callable[[bytes], bytes], content: bytes) -> None:
    assert read(home, packed(content)) == read(home, content)


@pytest.mark.parametrize("packed", [bz2.compress, lzma.compress])
def test_what_stands_before_a_break_is_kept(home: Home, packed: Callable[[bytes], bytes]) -> None:
    content = b"".join(json.dumps(release(number, noise=number**9)).encode() + b"\n" for number in range(15_000))
    whole = packed(content)
    elements, refused = home.read(whole[: len(whole) // 2], [10_000] * 3, "a.json.bz2")
    assert elements[0].raw == content.split(b"\n")[0]
    assert any(one.code == "truncated_file" for one in refused)


def test_archives_are_unpacked_two_deep(home: Home) -> None:
    inner = zipped([("deep.json", LINES)])
    found, refused = read(
        home, zipped([("inner.tar.gz", tarred([("in.json", LINES), ("deeper.zip", inner)], "w:gz"))]), (2,) * 20
    )
    assert {file for file, _ in found} == {"a.zip/inner.tar.gz/in.json"}
    assert len(found) == 3
    ((file, code, reason),) = refused
    assert (file, code) == ("a.zip/inner.tar.gz/deeper.zip", "unreadable_member")
    assert "two levels deep" in reason


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/passwd", "a/../../b.json", "..\\..\\b.json", "C:\\b.json"])
def test_path_tricks_are_refused_and_write_nothing(home: Home, name: str, pack: Callable[[Members], bytes]) -> None:
    before = {path for path in home.root.parent.rglob("*") if home.root not in path.parents}
    found, refused = read(home, pack([(name, LINES), ("good.json", LINES)]))
    assert len(found) == 3
    assert [code for _, code, _ in refused] == ["unsafe_member"]
    assert {path for path in home.root.parent.rglob("*") if home.root not in path.parents} == before


def nameless(name: bytes) -> bytes:
    """A zip with a member of this name and then a good one."""
    content = zipped([("x" * len(name) or "x", LINES), ("good.json", LINES)])
    if name:
        return content.replace(b"x" * len(name), name)
    local, directory = content.index(b"PK\x03\x04"), content.index(b"PK\x01\x02")
    cut = content[: local + 26] + b"\x00\x00" + content[local + 28 : local + 30] + content[local + 31 :]
    at = directory - 1
    cut = cut[: at + 28] + b"\x00\x00" + cut[at + 30 : at + 46] + cut[at + 47 :]
    end = cut.index(b"PK\x05\x06")
    size, begin = struct.unpack_from("<LL", cut, end + 12)
    second = cut.index(b"PK\x01\x02", at + 4)
    (offset,) = struct.unpack_from("<L", cut, second + 42)
    cut = cut[: second + 42] + struct.pack("<L", offset - 1) + cut[second + 46 :]
    return cut[: end + 12] + struct.pack("<LL", size - 1, begin - 1) + cut[end + 20 :]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (nameless(b""), "it has no name"),
        (nameless(b"\x00\x00"), "it has no name"),
        (nameless(b" "), "it has no name"),
        (zipped([("folder.json/", LINES), ("good.json", LINES)]), "its name is a folder's, but it has"),
        (tarred([("", LINES), ("good.json", LINES)]), "it has no name"),
        (tarred([("", LINES), ("good.json", LINES)], "w:gz"), "it has no name"),
    ],
)
def test_a_member_without_a_name_costs_itself(home: Home, content: bytes, said: str) -> None:
    found, ((_, code, reason),) = read(home, content)
    assert [file for file, _ in found] == ["a.zip/good.json"] * 3
    assert code == "unsafe_member"
    assert said in reason


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}, "link to '/etc/passwd'"),
        ({"type": tarfile.LNKTYPE, "linkname": "good.json"}, "link to"),
        ({"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 5}, "special file"),
        ({"type": tarfile.FIFOTYPE}, "special file"),
    ],
)
def test_links_and_devices_are_refused(home: Home, fields: dict[str, Any], said: str) -> None:
    found, ((_, code, reason),) = read(home, linked(**fields))
    assert (len(found), code) == (3, "unsafe_member")
    assert said in reason


def test_a_link_in_a_zip_is_refused(home: Home) -> None:
    info = zipfile.ZipInfo("link")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(info, "/etc/passwd")
        archive.writestr("good.json", LINES)
    found, refused = read(home, out.getvalue())
    assert (len(found), [code for _, code, _ in refused]) == (3, ["unsafe_member"])


def patched(content: bytes, name: bytes, offset: int, central: int, value: bytes) -> bytes:
    """The zip with replaced bytes in the local and the central header of a member."""
    changed = bytearray(content)
    for magic, size, at in ((b"PK\x03\x04", 30, offset), (b"PK\x01\x02", 46, central)):
        start = next(
            begin
            for begin in range(len(changed))
            if changed[begin:].startswith(magic) and changed[begin + size :].startswith(name)
        )
        changed[start + at : start + at + len(value)] = value
    return bytes(changed)


def unflagged(members: Members) -> bytes:
    """A zip of stored members with names in code page 437, as Windows writes them; Python writes UTF-8 only."""
    local, central = b"", b""
    encoded = [(name.encode("cp437"), content) for name, content in members]
    for name, content in encoded:
        about = struct.pack(
            "<HHHHHLLLHH", 20, 0, 0, 0, 33, zlib.crc32(content), len(content), len(content), len(name), 0
        )
        central += b"PK\x01\x02" + struct.pack("<H", 20) + about + struct.pack("<HHHLL", 0, 0, 0, 0, len(local)) + name
        local += b"PK\x03\x04" + about + name + content
    end = struct.pack("<HHHHLLH", 0, 0, len(encoded), len(encoded), len(central), len(local), 0)
    return local + central + b"PK\x05\x06" + end


def test_an_encrypted_member_is_refused_and_the_others_go_on(home: Home) -> None:
    content = patched(zipped([("secret.json", LINES), ("good.json", LINES)]), b"secret", 6, 8, struct.pack("<H", 1))
    found, refused = read(home, content)
    assert len(found) == 3
    assert refused == [("a.zip/secret.json", "unsafe_member", "it is encrypted")]


def test_a_way_of_packing_that_is_not_read_is_said(home: Home) -> None:
    _, refused = read(home, zipped([("a.json", LINES)], zipfile.ZIP_LZMA))
    assert "method 14" in refused[0][2]


def test_a_damaged_member_costs_itself_only(home: Home) -> None:
    content = bytearray(zipped([("bad.json", LINES), ("good.json", LINES)], zipfile.ZIP_STORED))
    content[content.index(b"ocds-213czf-1")] ^= 0xFF
    found, refused = read(home, bytes(content))
    assert {file for file, _ in found} == {"a.zip/good.json"}
    assert [(file, code) for file, code, _ in refused] == [("a.zip/bad.json", "unreadable_member")]


def test_members_inside_each_other_are_refused(home: Home) -> None:
    inner = zipped([("inner.json", LINES)], zipfile.ZIP_STORED)
    content = bytearray(zipped([("outer.bin", inner), ("other.json", LINES)], zipfile.ZIP_STORED))
    central = content.rindex(b"PK\x01\x02")  # the entry of other.json gets the header offset of inner.json
    content[central + 42 : central + 46] = struct.pack("<L", content.index(b"PK\x03\x04", 4))
    _, refused = read(home, bytes(content))
    assert any("overlaps another member" in reason for _, _, reason in refused)


@pytest.mark.parametrize("flagged", [True, False], ids=["UTF-8", "code page 437"])
def test_members_that_follow_each_other_closely_are_read_whatever_their_names_are_written_in(
    home: Home, flagged: bool
) -> None:
    names = ["février.json", "août.json", "été.json"]
    members = [(name, LINES) for name in names]
    found, refused = read(home, zipped(members, zipfile.ZIP_STORED) if flagged else unflagged(members))
    assert ([file for file, _ in found], refused) == ([f"a.zip/{name}" for name in names for _ in range(3)], [])


@pytest.mark.parametrize("content", [zipped([("a.json", LINES)])[:-30], b"PK\x03\x04" + b"x" * 100, b"PK\x05\x06"])
def test_a_zip_that_breaks_off_is_refused(home: Home, content: bytes) -> None:
    with pytest.raises(InvalidError, match="zip archive"):
        home.read(content, name="a.zip")
    assert list(home.spool.glob("*")) == []


def test_a_directory_that_is_too_large_is_refused_before_it_is_held(home: Home) -> None:
    content = bytearray(zipped([("a.json", LINES)]))
    content[-10:-6] = struct.pack("<L", 100 << 20)
    with pytest.raises(InvalidError, match="directory has"):
        home.read(bytes(content), name="a.zip")


def test_a_zip64_is_read(home: Home) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive, archive.open("a.json", "w", force_zip64=True) as member:
        member.write(LINES)
    assert len(read(home, out.getvalue())[0]) == 3


@pytest.mark.parametrize("cut", [512 + 100, 1024 + 700, -10_240 + 512])
def test_a_tar_that_breaks_off_gives_what_it_has_and_says_so(home: Home, cut: int) -> None:
    content = tarred([("a.json", LINES), ("b.json", LINES)])
    _, refused = read(home, content[:cut])
    assert refused
    assert {code for _, code, _ in refused} <= {"truncated_file", "unreadable_member"}


def test_a_damaged_header_in_a_tar_is_said(home: Home) -> None:
    content = bytearray(tarred([("a.json", LINES), ("b.json", LINES)]))
    second = content.index(b"b.json")
    content[second : second + 100] = b"\xff" * 100
    found, refused = read(home, bytes(content))
    assert {file for file, _ in found} == {"a.zip/a.json"}
    assert [code for _, code, _ in refused] == ["truncated_file"]


def test_a_tar_whose_header_announces_gigabytes_of_name_is_stopped(home: Home) -> None:
    info = tarfile.TarInfo("././@LongLink")
    info.type, info.size = tarfile.GNUTYPE_LONGNAME, 5 << 30
    _, refused = read(home, tarred([("a.json", LINES)])[:-10_240] + info.tobuf() + b"\x00" * 2_048)
    assert [code for _, code, _ in refused] == ["truncated_file"]


def test_what_file_managers_leave_is_passed(home: Home) -> None:
    found, refused = read(
        home, zipped([("__MACOSX/._a.json", b"\x00\x05"), (".DS_Store", b"\x00"), ("folder/", b""), ("a.json", LINES)])
    )
    assert (len(found), refused) == (3, [])


def test_a_bomb_in_an_archive_ends_its_reading_and_what_came_before_stays(tmp_path: Path) -> None:
    home = Home(tmp_path, most=1 << 40)
    found, refused = read(home, zipped([("a.json", LINES), ("bomb.json", b" " * (80 << 20)), ("c.json", LINES)]))
    assert {file for file, _ in found} == {"a.zip/a.json"}
    ((file, code, reason),) = refused
    assert (file, code) == ("a.zip", "archive_bomb")
    assert "larger than" in reason


def test_many_small_bombs_are_one_bomb(tmp_path: Path) -> None:
    home = Home(tmp_path, most=1 << 40)
    inner = zipped([(f"{number}.json", b" " * (30 << 20)) for number in range(3)])
    _, refused = read(home, zipped([(f"{number}.zip", inner) for number in range(4)]))
    assert "archive_bomb" in {code for _, code, _ in refused}


def test_a_bomb_in_an_archive_in_an_archive_ends_both(tmp_path: Path) -> None:
    home = Home(tmp_path, most=1 << 40)
    noise = [
        (f"{number}.bin", random.Random(number).randbytes(1 << 20)) for number in range(2)
    ]  # keeps the outer growth ratio below the limit
    bomb = zipped([("a.json", LINES), ("bomb.json", bytes(80 << 20))])
    found, refused = read(home, zipped([*((f"{number}.zip", bomb) for number in range(5)), *noise]))
    assert {file for file, _ in found} == {"a.zip/0.zip/a.json"}
    assert [(file, code) for file, code, _ in refused] == [("a.zip/0.zip", "archive_bomb"), ("a.zip", "archive_bomb")]


SCRIPT = """
import re, sys, json
from pathlib import Path
from infrastructure.files.file_store import FileStore
from infrastructure.formats.file_sources import FileSources
from infrastructure.formats.json.recogniser import OcdsJson
from infrastructure.formats.tables.recognisers import tables
home, spool = Path(sys.argv[1]), Path(sys.argv[1]) / "spool"
files = FileStore(home / "files")
sources = FileSources(files, spool, [OcdsJson(4 << 20), *tables(spool, 4 << 20, 1 << 40)], 1 << 40, 100)
sha256, position, most, elements, refused = files.copy(home / "upload")[0], None, 0, 0, []
try:
    while True:
        piece = sources.read(sha256, "upload", position, 500)
        elements, position = elements + len(piece.elements), piece.position
        refused += [one.code for one in piece.refused]
        most = max(most, sum(path.stat().st_size for path in spool.glob("*")))
        if position is None:
            break
except Exception as error:
    refused = [type(error).__name__]
memory = int(re.search("VmHWM:[ \\t]*([0-9]+) kB", Path("/proc/self/status").read_text())[1]) // 1024
print(json.dumps([elements, refused, memory, most >> 20]))
"""


def outcome(home: Path) -> tuple[int, list[str], int, int]:
    """(elements, codes, MB of memory, MB of spool) of the file `upload`, read in its own process."""
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(home)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[4],
    )
    elements, refused, memory, spool = json.loads(run.stdout)
    return elements, refused, memory, spool


def gigabytes_of_zeros(path: Path) -> None:
    with gzip.open(path, "wb", 9) as file:
        for _ in range(300):
            file.write(b"\x00" * (1 << 20))


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from Linux's /proc")
@pytest.mark.parametrize("wrapped", [False, True], ids=["gzip", "in a zip"])
def test_zeros_without_end_take_little_memory_and_disk(tmp_path: Path, wrapped: bool) -> None:
    gigabytes_of_zeros(tmp_path / "upload")
    if wrapped:
        (tmp_path / "upload").write_bytes(zipped([("zeros.gz", (tmp_path / "upload").read_bytes())]))
    elements, refused, memory, spool = outcome(tmp_path)
    assert (elements, refused) == (0, ["archive_bomb"] if wrapped else ["TooLargeError"])
    assert memory < 250
    assert spool < 200


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from Linux's /proc")
def test_a_table_three_times_as_large_takes_no_more_memory(tmp_path: Path) -> None:
    found = []
    for megabytes in (10, 30):
        home = tmp_path / str(megabytes)
        home.mkdir()
        count = megabytes * 1_000
        with (home / "upload").open("w") as file:
            file.write("ocid,id,awards/0/id,awards/0/title\n")
            for part in range(2):
                file.writelines(f"ocds-{number},1,{part},{'x' * 480}\n" for number in range(count))
        elements, refused, memory, _ = outcome(home)
        assert (elements, refused) == (count, [])
        found.append(memory)
    assert found[1] < 600


def test_members_of_an_archive_end_in_gold(lake_home: Parts) -> None:
    content = zipped(
        [("a.json", json.dumps(small_release()).encode()), ("b.csv", TABLE), ("../c.json", LINES), ("d.txt", b"?")]
    )
    job = load(lake_home, "delivery.zip", content)
    assert job.status is JobStatus.SUCCEEDED
    assert job.counts == JobCounts(received=4, accepted=2, quarantined=2, processes=2)
    assert {one.file for one in quarantined(lake_home, job.id)} == {"delivery.zip/../c.json", "delivery.zip/d.txt"}


def test_a_bomb_alone_fails_its_job_and_says_why(lake_home: Parts) -> None:
    job = load(lake_home, "bomb.gz", gzip.compress(b"\x00" * (80 << 20), 9))
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert "500 times" in str(job.error.detail)
