"""Whether the rows of each release stand together, found with a file of hashes instead of a set in memory."""

from collections.abc import Iterable, Iterator
from hashlib import blake2b
from pathlib import Path

import numpy as np
import orjson

from infrastructure.formats.tables.rows import SpoolEntry

LOOSE = "~"
PROCESS = 16  # digits of a group that say which process it is of
CHUNK = 1 << 20  # hashes compared at a time


def group_of(ocid: str, *rest: str | None) -> str:
    """16 hexadecimal digits of the process, then 16 of the release; `~` for these where only the process is known."""
    process = blake2b(ocid.encode("utf-8", "replace"), digest_size=8).hexdigest()
    if rest == (None,):
        return process + LOOSE
    return process + blake2b(orjson.dumps([ocid, *rest]), digest_size=8).hexdigest()


class Groups:
    """Watches the entries of a spool go by; the groups' hashes go to `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.loose = False

    def watch(self, entries: Iterable[SpoolEntry]) -> Iterator[SpoolEntry]:
        """The same entries. Neighbours of one group count as one where they are of one sheet: the refused rows of a release."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        last = ("", "")
        with self.path.open("wb") as file:
            for entry in entries:
                if entry.group and (entry.sheet, entry.group) != last:
                    last = (entry.sheet, entry.group)
                    self.loose = self.loose or entry.group.endswith(LOOSE)
                    file.write(bytes.fromhex(entry.group.rstrip(LOOSE)[PROCESS:].zfill(16)))
                yield entry

    def stand_apart(self) -> bool:
        """Whether any group was met twice, or a row whose release is still to be found."""
        if self.loose:
            return True
        if not self.path.stat().st_size:
            return False
        # Sorted in the file itself, so that memory stays flat.
        hashes = np.memmap(self.path, dtype="<u8", mode="r+")
        hashes.sort()
        return any(bool((hashes[at + 1 : at + CHUNK + 1] == hashes[at : at + CHUNK][: len(hashes) - at - 1]).any()) for at in range(0, len(hashes), CHUNK))

    def close(self) -> None:
        """Remove the file."""
        self.path.unlink(missing_ok=True)
