"""Finds whether the rows of each release are consecutive, with a file of hashes, so that memory stays flat."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

import numpy as np
import orjson

from infrastructure.formats.tables.rows import SpoolEntry

LOOSE = "~"
PROCESS = 16  # first digits of a group, which identify the process
CHUNK = 1 << 20  # hashes compared at once


def group_of(ocid: str, *rest: str | None) -> str:
    """16 hexadecimal digits for the process, then 16 for the release, or `~` if only the process is known."""
    process = blake2b(ocid.encode("utf-8", "replace"), digest_size=8).hexdigest()
    if rest == (None,):
        return process + LOOSE
    return process + blake2b(orjson.dumps([ocid, *rest]), digest_size=8).hexdigest()


class Groups:
    """Collects the hashes of the groups of entries in the file `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.loose = False

    def watch(self, entries: Iterable[SpoolEntry]) -> Iterator[SpoolEntry]:
        """Pass the entries through. Consecutive entries of one group and sheet count once: refused rows of one
        release.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        last = ("", "")
        with self.path.open("wb") as file:
            for entry in entries:
                if entry.group and (entry.sheet, entry.group) != last:
                    last = (entry.sheet, entry.group)
                    self.loose = self.loose or entry.group.endswith(LOOSE)
                    file.write(bytes.fromhex(entry.group.rstrip(LOOSE)[PROCESS:].zfill(16)))
                yield entry

    def need_joining(self) -> bool:
        """Whether any group occurred twice, or any row had no release id."""
        if self.loose:
            return True
        if not self.path.stat().st_size:
            return False
        # The file is sorted in place, so that memory stays flat.
        hashes = np.memmap(self.path, dtype="<u8", mode="r+")
        hashes.sort()
        return any(
            bool((hashes[at + 1 : at + CHUNK + 1] == hashes[at : at + CHUNK][: len(hashes) - at - 1]).any())
            for at in range(0, len(hashes), CHUNK)
        )

    def close(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)
