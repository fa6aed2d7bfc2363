"""Files in a temporary folder, read through the real sources."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from domain.ocds.validation import validate_release_element
from domain.raw_records.record import AcceptedRecord, RefusedElement
from domain.shared.errors import InvalidError
from infrastructure.files.file_store import FileStore
from infrastructure.formats.file_sources import FileSources
from infrastructure.formats.json.recogniser import OcdsJson
from infrastructure.formats.tables.recognisers import tables
from services.ports.sources import Element

LONGEST = 50_000
MAX_MEMBERS = 100_000
MOST = 64 * 1024**2


def release(number: int, **more: Any) -> dict[str, Any]:
    """A release with what confuses a reader that is not careful: brackets, quotes and backslashes in texts."""
    title = f'Road {number} "é" [x] {{y}}, \\ \\" \u2028 \U0001f600'
    return {
        "ocid": f"ocds-213czf-{number}",
        "id": str(number),
        "date": "2024-03-01T09:00:00Z",
        "tag": ["tender"],
        "tender": {"title": title},
    } | more


class Home:
    """Sources over a folder."""

    def __init__(
        self,
        root: Path,
        longest: int = LONGEST,
        most: int = MOST,
        profiles: Path | None = None,
        most_members: int = MAX_MEMBERS,
    ) -> None:
        self.root = root
        self.files = FileStore(root / "files")
        self.spool = root / "spool"
        self.sources = FileSources(
            self.files,
            self.spool,
            [OcdsJson(longest), *tables(self.spool, longest, most, profiles)],
            most,
            most_members,
        )

    def add(self, content: bytes) -> str:
        """Keep it as a raw file; its sha256."""
        self.root.mkdir(exist_ok=True)
        path = self.root / "upload"
        path.write_bytes(content)
        return self.files.copy(path)[0]

    def read(
        self, content: bytes, limits: Iterable[int] = (), name: str = "upload.json"
    ) -> tuple[list[Element], list[RefusedElement]]:
        """Read it in slices of these limits (then of 1,000), each from a position that went through JSON."""
        sha256 = self.add(content)
        elements: list[Element] = []
        refused: list[RefusedElement] = []
        position: dict[str, Any] | None = None
        left = iter(limits)
        while True:
            limit = next(left, 1_000)
            piece = self.sources.read(sha256, name, position, limit)
            assert len(piece.elements) + len(piece.refused) <= limit + 1
            elements += piece.elements
            refused += piece.refused
            if piece.position is None:
                return elements, refused
            position = json.loads(json.dumps(piece.position))

    def judged(self, content: bytes) -> tuple[list[str], list[RefusedElement]]:
        """The ids of the releases that are good, in order, and all that is refused."""
        elements, refused = self.read(content)
        good: list[str] = []
        for element in elements:
            for judgement in validate_release_element(element.raw, element.place):
                if isinstance(judgement, AcceptedRecord):
                    good.append(judgement.record_id.rpartition(":")[2])
                else:
                    refused.append(judgement)
        return good, refused


__all__ = ["Home", "InvalidError", "release"]
