"""Hostile uploads (bombs, endless lines): each ends with a clear error, within limits of memory and disk, and does not
affect other jobs.
"""

import io
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from script.installation import ROOT, Stack
from tests.system.hostile.watched_installation import attack

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_200)]
MB = 1 << 20
GB = 1 << 30
MEMORY = 500 * MB  # above the idle installation; includes two regular jobs
# Above the state before; a refused bomb leaves its packed file, and briefly the 64 MB that are always allowed
DISK = 400 * MB
GOOD = b'{"ocid": "ocds-213czf-%s", "id": "1", "date": "2024-01-01T00:00:00Z", "tag": ["tender"]}\n'


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("hostile")) as running:
        running.wait(running.client.post("/v1/seed").raise_for_status().json()["items"][-1]["id"])
        yield running
        checked = subprocess.run(
            [ROOT / ".venv/bin/tenderlake", "verify"], env=running.env, capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout[-2000:] + checked.stderr[-2000:]


def zeros_gz(size: int) -> Iterator[bytes]:
    """One gzip stream of this many zeros, generated while it is sent."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    part = bytes(16 * MB)
    for _ in range(size // len(part)):
        yield packer.compress(part)
    yield packer.flush()


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def tarred(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def test_ten_gigabytes_of_zeros_in_ten_megabytes(stack: Stack, tmp_path: Path) -> None:
    packed = tmp_path / "zeros.gz"
    with packed.open("wb") as file:
        for piece in zeros_gz(10 * GB):
            file.write(piece)
    assert 5 * MB < packed.stat().st_size < 15 * MB
    with packed.open("rb") as file:
        found = attack(stack, "zeros.json.gz", iter(lambda: file.read(MB), b""))
    assert found.job["status"] == "failed"
    assert found.job["filename"] == "zeros.json.gz"
    assert "500 times its size" in found.job["error"]["detail"]
    assert (found.memory < MEMORY, found.disk < DISK) == (True, True), found


def test_a_zip_of_zips(stack: Stack) -> None:
    bomb = zipped({f"{number}.json": bytes(100 * MB) for number in range(3)})
    wide = zipped({f"{number}.zip": bomb for number in range(300)} | {"good.jsonl": GOOD % b"wide"})
    found = attack(stack, "wide.zip", wide)
    assert (found.job["status"], found.codes) == ("failed", ["archive_bomb"] * 2), found
    assert (found.memory < MEMORY, found.disk < DISK) == (True, True), found
    deep = zipped({"core.json": GOOD % b"deep"})
    for depth in range(40):
        deep = zipped({f"{depth}.zip": deep, f"{depth}.jsonl": GOOD % (b"depth-%d" % depth)})
    found = attack(stack, "deep.zip", deep)
    # Two levels deep; the members beside it are kept
    assert (found.job["status"], found.job["counts"]["accepted"]) == ("succeeded", 2), found
    assert found.codes == ["unreadable_member"]
    assert "two levels deep" in found.errors[0]["reason"]
    assert found.errors[0]["file"] == "deep.zip/39.zip/38.zip"


@pytest.mark.parametrize("packer", [zipped, tarred], ids=["zip", "tar"])
def test_names_that_lead_out(stack: Stack, packer: Callable[[dict[str, bytes]], bytes]) -> None:
    kind = packer.__name__[:3]
    names = [
        "../../etc/passwd",
        "/etc/cron.d/tenderlake",
        "..\\..\\windows\\evil",
        "C:\\evil.json",
        "a/../../../b.json",
    ]
    content = packer(dict.fromkeys(names, GOOD % b"evil") | {"good.jsonl": GOOD % kind.encode()})
    found = attack(stack, f"names.{kind}", content)
    assert (found.job["status"], found.job["counts"]["accepted"]) == ("succeeded", 1), found
    assert found.codes == ["unsafe_member"] * len(names)
    assert found.errors[0]["file"] == f"names.{kind}/../../etc/passwd"
    assert stack.client.get("/v1/gold/processes/ocds-213czf-evil").status_code == 404
    assert not Path("/etc/cron.d/tenderlake").exists()
    assert [*stack.data.parent.rglob("b.json"), *stack.data.parent.rglob("passwd")] == []


LINES_WITHOUT_END = {
    "text.jsonl": (GOOD % b"first-text" + b'{"ocid": "ocds-213czf-x", "title": "', b"a"),
    "array.json": (b"[", b"1,"),
    "commas.csv": (b"ocid,id,date,tag,tender/title\nocds-213czf-csv,1,2024-01-01,tender,Tunnel\n", b"a,"),
    "quote.csv": (b'ocid,id,date,tag,tender/title\nocds-213czf-quote,1,2024-01-01,tender,Tunnel\n"', b"a,"),
    "headings.csv": (b"ocid,", b"id,"),
    "spaces.json": (b"", b" "),
    "nested.json": (b"", b"["),
    "objects.json": (b"", b'{"a":'),
    "words.txt": (b"", b"no end "),
}


@pytest.mark.parametrize("name", LINES_WITHOUT_END)
def test_a_gigabyte_without_an_end(stack: Stack, name: str) -> None:
    begin, again = LINES_WITHOUT_END[name]

    def endless() -> Iterator[bytes]:
        piece = again * (MB // len(again))
        yield begin
        for _ in range(1024):
            yield piece

    found = attack(stack, name, endless(), seconds=600)
    assert (found.memory < MEMORY, found.disk < DISK + GB) == (True, True), found
    assert found.job["error"] or found.errors, found
    kept = 1 if begin.count(b"\n") else 0
    assert found.job["counts"]["accepted"] == kept, found
    assert found.job["status"] == ("succeeded" if kept else "failed")
