"""A backup: a folder of files and a manifest with their sizes and hashes. It gets its name once it is complete."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path, PurePosixPath

from pydantic import BaseModel, ValidationError

from domain.shared.errors import DamagedError, InvalidError

MANIFEST = "manifest.json"
PARTIAL_SUFFIX = ".partial"  # of the folder until the backup is complete
COPY_BYTES = 1024 * 1024
IMMUTABLE_FOLDERS = ("lake/", "files/")  # their files are never changed; those of the log, too


class BackedUpFile(BaseModel):
    """A file of a backup; `path` is relative, with slashes."""

    path: str
    bytes: int
    sha256: str


class Manifest(BaseModel):
    """What a backup consists of. `columns` are those of the tables in the dump of a PostgreSQL; `rows` are numbers of
    rows by table (`database/job`, `lake/bronze/releases`), which backups of older versions do not have."""

    version: int = 1
    created_at: datetime
    database: str
    revision: str
    installation: str | None
    columns: dict[str, list[str]] = {}
    rows: dict[str, int] = {}
    files: list[BackedUpFile] = []


class BackupWriter:
    """Writes a new backup. Files that the previous one has unchanged are hard links to its files."""

    def __init__(self, target: Path, previous: Path | None) -> None:
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise InvalidError(f"{target} exists already: name a new folder for the backup")
        self.target = target
        self.folder = target.with_name(target.name + PARTIAL_SUFFIX)
        self.previous = previous
        self._known = {file.path: file for file in read_manifest(previous).files} if previous else {}
        self.files: list[BackedUpFile] = []
        self.linked = 0

    def start(self) -> None:
        """Begin with an empty folder; what an interrupted backup has left is removed."""
        self.discard()
        self.folder.mkdir(parents=True, mode=0o700)
        self.files, self.linked = [], 0

    def discard(self) -> None:
        """Remove the unfinished backup."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def add(self, source: Path, path: str) -> None:
        """Copy a file. FileNotFoundError if it is gone."""
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        known = self._known.get(path) if path.startswith(IMMUTABLE_FOLDERS) else None
        if self.previous and known and known.bytes == source.stat().st_size:
            os.link(self.previous / path, target)
            self.files.append(known)
            self.linked += 1
            return
        sha256, size = copy_hashed(source, target)
        self.files.append(BackedUpFile(path=path, bytes=size, sha256=sha256))

    def add_written(self, folder: str) -> None:
        """List the files that others wrote into this folder of the backup."""
        for path in sorted((self.folder / folder).iterdir()):
            path.chmod(0o600)
            sha256, size = hash_of(path)
            self.files.append(BackedUpFile(path=f"{folder}/{path.name}", bytes=size, sha256=sha256))

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest, and give the folder its name once all of it is on disk."""
        whole = manifest.model_copy(update={"files": sorted(self.files, key=lambda file: file.path)})
        (self.folder / MANIFEST).write_text(whole.model_dump_json(indent=1), encoding="utf-8")
        (self.folder / MANIFEST).chmod(0o600)
        os.sync()
        self.folder.rename(self.target)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup. InvalidError without one, DamagedError for one that can't be read."""
    try:
        return Manifest.model_validate_json((folder / MANIFEST).read_bytes())
    except FileNotFoundError as error:
        raise InvalidError(f"{folder} is no complete backup: it has no {MANIFEST}") from error
    except ValidationError as error:
        raise DamagedError(f"{folder / MANIFEST} can't be read: {error.errors()[0]['msg']}") from error


def damaged_files(folder: Path, manifest: Manifest) -> Iterator[str]:
    """A line for each file that is missing or differs from the manifest."""
    for file in manifest.files:
        if PurePosixPath(file.path).is_absolute() or ".." in PurePosixPath(file.path).parts:
            yield f"{file.path}: leads out of the folder"
            continue
        try:
            sha256, size = hash_of(folder / file.path)
        except OSError as error:
            yield f"{file.path}: {error.strerror}"
            continue
        if size != file.bytes:
            yield f"{file.path}: has {size} bytes instead of {file.bytes}"
        elif sha256 != file.sha256:
            yield f"{file.path}: its content has changed"


def copy_hashed(source: Path, target: Path) -> tuple[str, int]:
    """Copy a file into a new private one: (SHA-256 in hexadecimal, size in bytes)."""
    found, size = hashlib.sha256(), 0
    private = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(private, "wb") as write, source.open("rb") as read:
        while part := read.read(COPY_BYTES):
            write.write(part)
            found.update(part)
            size += len(part)
    return found.hexdigest(), size


def hash_of(path: Path) -> tuple[str, int]:
    """SHA-256 in hexadecimal and size in bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size
