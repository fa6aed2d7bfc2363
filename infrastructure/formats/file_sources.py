"""The sources of landing: stored files by hash, read through the chain of recognisers."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from domain.jobs.job import Position
from domain.shared.errors import InvalidError
from infrastructure.formats.archives.recogniser import with_archives
from infrastructure.formats.recogniser_chain import ReadsAhead, Recogniser, SourceFile
from infrastructure.system.disk_space import disk_full_as_error
from services.ports.files import StoredFiles
from services.ports.sources import Slice


class FileSources:
    """Reads stored files, and members of archives, through the chain; implements the port `Sources`."""

    def __init__(
        self, files: StoredFiles, spool: Path, recognisers: Sequence[Recogniser], most: int, most_members: int
    ) -> None:
        self.files = files
        self.spool = spool
        self.most = most
        self.ahead = [one for one in recognisers if isinstance(one, ReadsAhead)]
        self.chain = with_archives(recognisers, spool, most, most_members)

    def read(self, sha256: str, filename: str, position: Position | None, limit: int, reader: str = "") -> Slice:
        """Read the next slice. InvalidError if no recogniser knows the file; it lists the expected formats."""
        raw = self.files.path(sha256)
        if not raw.exists():
            raise InvalidError(f"the stored file {sha256} is gone from the data folder")
        source = SourceFile(
            self._named(raw, reader) if reader else raw, filename, self.spool / (reader or sha256), self.most
        )
        batch = self.chain.read(source, position, limit)
        if batch.position is not None:
            source.keep()
        return batch

    def read_ahead(self, sha256s: Sequence[str]) -> None:
        """Announce the files to read next."""
        paths = [path for sha256 in dict.fromkeys(sha256s) if (path := self.files.path(sha256)).exists()]
        for one in self.ahead:
            one.expect(paths)

    def remove_copies(self, sha256: str, reader: str = "") -> None:
        """Remove the temporary copies of a file."""
        SourceFile(self.files.path(sha256), "", self.spool / (reader or sha256), self.most).forget()

    def _named(self, raw: Path, reader: str) -> Path:
        """A link to the file, named after its reader: copies are named after their source, and two jobs may read one
        file.
        """
        link = self.spool / f"{reader}.raw"
        if not link.is_symlink():
            with disk_full_as_error():
                self.spool.mkdir(parents=True, exist_ok=True)
                with suppress(FileExistsError):  # created by another thread
                    link.symlink_to(raw.resolve())
        return link
