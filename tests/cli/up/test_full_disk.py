"""A disk that fills up at run time: uploads are refused with the reason; accepted jobs resume once space is free."""

import gzip
import os
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from script.installation import Stack
from seeds.generate import lines

SIZE = 160 * 1024**2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of SIZE bytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("mounting a tmpfs needs root")
    yield folder
    subprocess.run(["umount", folder], check=True)


def feed(count: int, seed: int) -> bytes:
    return b"\n".join(lines(count, seed=seed))


@pytest.mark.slow
def test_a_full_disk_refuses_uploads_and_harms_no_job(small_disk: Path) -> None:
    data = small_disk / "data"
    data.mkdir()
    ballast = small_disk / "ballast"
    with Stack(data, TENDERLAKE_WORKERS="2", TENDERLAKE_SWEEP_SECONDS="1", TENDERLAKE_EMBEDDINGS="off") as stack:
        assert stack.wait(stack.upload("first.jsonl", feed(50, 1)))["status"] == "succeeded"
        too_much = stack.client.post("/v1/uploads", params={"filename": "large.jsonl"}, content=_zeros(2 * SIZE))
        assert (too_much.status_code, too_much.headers["content-type"]) == (507, "application/problem+json")
        assert "full" in too_much.json()["detail"]
        assert list((data / "files" / "incoming").iterdir()) == []
        waiting = stack.upload("second.jsonl", feed(600, 2))
        with ballast.open("wb") as file:
            os.posix_fallocate(
                file.fileno(), 0, os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize - 12 * 1024**2
            )
        assert (
            stack.client.post("/v1/uploads", params={"filename": "third.jsonl"}, content=feed(5, 3)).status_code == 507
        )
        time.sleep(4)
        assert stack.client.get("/v1/search", params={"q": "road"}).status_code == 200
        ballast.unlink()
        ended = stack.wait(waiting, 90)
        assert (ended["status"], ended["counts"]["accepted"]) == ("succeeded", 600), ended
        assert stack.wait(stack.upload("third.jsonl", feed(5, 3)))["status"] == "succeeded"
        checked = subprocess.run(
            [".venv/bin/tenderlake", "verify"], env=stack.env, capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout[-2000:]


@pytest.mark.slow
def test_a_file_that_unpacks_to_more_than_the_disk_holds_fails_alone(small_disk: Path) -> None:
    data = small_disk / "data"
    data.mkdir()
    line = (
        b'{"ocid": "ocds-213czf-full", "id": "1", "date": "2024-01-01T00:00:00Z", "tag": ["tender"], "tender": '
        b'{"title": "%07d"}}\n'
    )
    large = gzip.compress(b"".join(line % (number // 50) for number in range(3 * SIZE // len(line))), 9)
    assert len(large) < SIZE // 16
    with Stack(data, TENDERLAKE_WORKERS="2", TENDERLAKE_SWEEP_SECONDS="1", TENDERLAKE_EMBEDDINGS="off") as stack:
        begun = time.monotonic()
        too_much = stack.upload("large.jsonl.gz", large)
        honest = stack.upload("honest.jsonl", feed(100, 4))
        ended = stack.wait(too_much, 120)
        print(f"after {time.monotonic() - begun:.0f} s: {ended['status']}, {ended['error']}")
        assert ended["status"] == "failed"
        assert ended["filename"] == "large.jsonl.gz"
        assert "full" in ended["error"]["detail"], ended
        assert stack.wait(honest, 60)["status"] == "succeeded"
        assert list((data / "spool").glob("*")) == []
        assert stack.wait(stack.upload("after.jsonl", feed(100, 5)))["status"] == "succeeded"


def _zeros(size: int) -> Iterator[bytes]:
    for _ in range(size >> 20):
        yield b" " * (1 << 20)
