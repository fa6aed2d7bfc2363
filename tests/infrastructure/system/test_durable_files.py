"""Files written atomically: whole or not at all, private where asked, one winner of two writers."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from infrastructure.system.durable_files import append_durably, write_atomically


def failing() -> Iterator[bytes]:
    yield b"half"
    raise OSError("the disk is gone")


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    write_atomically(path, [b"old"])
    with pytest.raises(OSError, match="gone"):
        write_atomically(path, failing())
    assert path.read_bytes() == b"old"
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("durable", [True, False])
def test_a_write_replaces_the_file_unless_told_otherwise(tmp_path: Path, durable: bool) -> None:
    path = tmp_path / "file"
    write_atomically(path, [b"fir", b"st"], durable=durable)
    write_atomically(path, [b"second"], durable=durable, replace=False)
    assert path.read_bytes() == b"first"
    write_atomically(path, [b"third"], durable=durable)
    assert path.read_bytes() == b"third"
    assert list(tmp_path.iterdir()) == [path]


def test_a_secret_is_private_from_the_first_byte(tmp_path: Path) -> None:
    write_atomically(tmp_path / "key", [b"secret"], mode=0o600)
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_an_append_follows_what_is_there(tmp_path: Path) -> None:
    append_durably(tmp_path / "log", b"one\n")
    append_durably(tmp_path / "log", b"two\n")
    assert (tmp_path / "log").read_bytes() == b"one\ntwo\n"
