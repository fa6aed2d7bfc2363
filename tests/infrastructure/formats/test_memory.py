"""A file of any size is read in the same memory: each case runs in a process of its own, whose peak is measured."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the peak is read from Linux's /proc")
SCRIPT = """
import re, sys
from pathlib import Path
from infrastructure.formats.json.recogniser import OcdsJson
reader, path, elements = OcdsJson(4 << 20), Path(sys.argv[1]), 0
position = reader.recognise(path, "x")
while position:
    piece = reader.read(path, "x", position, 500)
    elements, position = elements + len(piece.elements), piece.position
    del piece
print(elements, int(re.search("VmHWM:[ \\t]*([0-9]+) kB", Path("/proc/self/status").read_text())[1]) // 1024)
"""
ELEMENT = b'{"ocid": "ocds-213czf-1", "tender": {"title": "' + b"lorem [ipsum] {dolor} " * 900 + b'"}}'
PER_MEGABYTE = 1024**2 // len(ELEMENT)


def peak(path: Path) -> tuple[int, int]:
    """(elements read, peak memory in megabytes)."""
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[3],
    )
    elements, megabytes = run.stdout.split()
    return int(elements), int(megabytes)


def write(path: Path, megabytes: int, begin: bytes, between: bytes, end: bytes) -> int:
    count = megabytes * PER_MEGABYTE
    with path.open("wb") as file:
        file.write(begin)
        for number in range(count):
            file.write(ELEMENT + (between if number < count - 1 else b""))
        file.write(end)
    return count


@pytest.mark.parametrize(
    ("begin", "between", "end"), [(b'{"releases": [', b",", b"]}"), (b"", b"\n", b"\n")], ids=["one line", "lines"]
)
def test_a_file_three_times_as_large_takes_no_more_memory(
    tmp_path: Path, begin: bytes, between: bytes, end: bytes
) -> None:
    found = []
    for megabytes in (25, 75):
        path = tmp_path / "package.json"
        count = write(path, megabytes, begin, between, end)
        elements, most = peak(path)
        assert elements == count
        found.append(most)
    assert found[1] < found[0] * 1.15 + 5


@pytest.mark.parametrize(("begin", "end"), [(b'{"releases": [', b"]}"), (b"", b"")], ids=["package", "line"])
def test_an_element_of_any_length_takes_no_more_memory_than_the_limit_asks(
    tmp_path: Path, begin: bytes, end: bytes
) -> None:
    found = []
    for megabytes in (3, 60):  # below the limit of 4, and far above it
        path = tmp_path / "long.json"
        with path.open("wb") as file:
            file.write(begin + b'{"ocid": "1"}' + (b"," if begin else b"\n") + b'{"ocid": "')
            for _ in range(megabytes):
                file.write(b"x" * 1024**2)
            file.write(b'"}' + (b"," if begin else b"\n") + b'{"ocid": "2"}' + end)
        elements, most = peak(path)
        assert elements == (3 if megabytes == 3 else 2)
        found.append(most)
    assert found[1] < found[0] + 12, found
