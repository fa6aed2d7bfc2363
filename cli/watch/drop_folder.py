"""A drop folder. Its top level holds new files, `loading/` files with a running job, `done/` and `failed/` finished
files, each with a report.

The place of a file is the only state. Each step is one rename, or one request with an idempotency key derived from the
file, so repeating a step after a crash loses nothing and loads nothing twice.
"""

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from loguru import logger

from cli.watch.file_names import DRAFT, free, is_text, printable, report_of
from domain.jobs.job import JobStatus
from domain.shared.errors import InvalidError, RetryableError, TooLargeError
from domain.webhooks.job_events import job_event_payload
from services.jobs.idempotency import make_idempotency_key
from services.jobs.queries import get_job, list_errors
from services.ports.parts import Parts
from services.uploads.submission import submit

ACTOR = "watch"
LOADING, DONE, FAILED = "loading", "done", "failed"
UNFINISHED = re.compile(r"^[.~#]|[~#]$|\.(part|partial|crdownload|download|filepart|tmp|temp|swp)$", re.IGNORECASE)
SETTLED_SECONDS = 2.0  # a file that has not changed for this long is complete
MAX_LOADING_FILES = 50  # files in loading/
REPORT_MAX_ERRORS = 1_000  # refused records that a report lists
FileStamp = tuple[int, int]


@dataclass(frozen=True)
class LoadingFile:
    """A submitted file: its job, and its size and modification time when it was read."""

    job_id: str
    stamp: FileStamp


class DropFolder:
    """One folder. `largest` is the size limit in bytes; a file is complete once unchanged for `settled` seconds."""

    def __init__(self, parts: Parts, folder: Path, largest: int, settled: float = SETTLED_SECONDS) -> None:
        self.parts, self.folder, self.largest, self.settled = parts, folder, largest, settled
        self._seen: dict[Path, tuple[FileStamp, float]] = {}
        self._under_way: dict[str, LoadingFile] = {}

    def prepare(self) -> None:
        """Create the missing subfolders."""
        for name in (LOADING, DONE, FAILED):
            _shared(self.folder / name)

    def step(self, moment: float) -> None:
        """Make all progress that is possible now; `moment` is in seconds of a monotonic clock."""
        self.prepare()
        files = self._files(self.folder)
        ripe = [path for path in files if not UNFINISHED.search(path.name) and self._is_complete(path, moment)]
        for path in ripe[: max(0, MAX_LOADING_FILES - len(self._files(self.folder / LOADING)))]:
            self._isolated(self._take, path)
        for path in self._files(self.folder / LOADING):
            if path.name not in self._under_way and self._is_complete(path, moment):
                self._isolated(self._begin, path)
        for name, loaded in list(self._under_way.items()):
            self._isolated(self._end, self.folder / LOADING / name, loaded)
        self._seen = {path: seen for path, seen in self._seen.items() if path.exists()}

    def _isolated(self, act: Callable[..., None], path: Path, *loaded: LoadingFile) -> None:
        """Run `act`; log its failure and retry at the next poll, so that one file does not stop the others.

        RetryableError passes through: an unreachable server concerns every file.
        """
        try:
            act(path, *loaded)
        except RetryableError:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught
            logger.warning("{}: {}: {}; trying again", printable(path.name), type(error).__name__, error)

    def _files(self, folder: Path) -> list[Path]:
        """List the regular files of a folder, oldest first. Links are skipped: one may lead to a file that its creator
        must not read."""
        with os.scandir(folder) as entries:
            found = [
                (entry.stat(follow_symlinks=False).st_mtime_ns, Path(entry.path))
                for entry in entries
                if entry.is_file(follow_symlinks=False)
            ]
        return [path for _, path in sorted(found)]

    def _is_complete(self, path: Path, moment: float) -> bool:
        """Whether size and modification time were unchanged for `settled` seconds."""
        stamp = _file_stamp(path)
        last_stamp, since = self._seen.get(path, (None, moment))
        if stamp != last_stamp:
            self._seen[path] = (stamp, since := moment)
        return moment - since >= self.settled

    def _take(self, path: Path) -> None:
        target = self.folder / LOADING / path.name
        if not target.exists():  # a file of that name is being loaded; this one waits
            path.rename(target)
            self._seen[target] = self._seen.pop(path)

    def _begin(self, path: Path) -> None:
        stamp = _file_stamp(path)
        try:
            if not is_text(path.name):
                raise InvalidError(
                    f"the file's name is not UTF-8 ({printable(path.name)}): rename it, and move it back into the "
                    "folder"
                )
            if stamp[0] > self.largest:
                raise TooLargeError(
                    f"the file is larger than the {self.largest} bytes that TENDERLAKE_MAX_UPLOAD_BYTES allows"
                )
            _readable(path)
            sha256, size = self.parts.files.copy(path)
            if _file_stamp(path) != stamp:
                return  # still growing: retried once unchanged
            key = make_idempotency_key(ACTOR, _key(path, sha256), sha256)
            job = submit(
                self.parts.warehouse,
                self.parts.messages,
                sha256=sha256,
                size=size,
                filename=path.name,
                actor=ACTOR,
                idempotency=key,
            )
        except (InvalidError, TooLargeError) as error:
            logger.warning("{}: {}", printable(path.name), error.detail)
            self._settle(
                path, FAILED, None, {"status": "refused", "error": {"title": error.title, "detail": error.detail}}
            )
            return
        logger.info("{}: loading as job {}", path.name, job.id)
        self._under_way[path.name] = LoadingFile(job.id, stamp)

    def _end(self, path: Path, loaded: LoadingFile) -> None:
        with self.parts.warehouse.read() as work:
            job = work.jobs.get(loaded.job_id)
        if job is not None and not job.status.final:
            return
        del self._under_way[path.name]
        if job is None or not path.exists() or _file_stamp(path) != loaded.stamp:
            logger.warning("{}: changed or removed while it was loaded as job {}", path.name, loaded.job_id)
            return  # a file of that name there now is handled as a new one
        folder_name = DONE if job.status is JobStatus.SUCCEEDED else FAILED
        target = self._settle(path, folder_name, job.id, self._report(job.id))
        logger.info("{}: {}; moved to {}/{}", path.name, job.status, folder_name, target.name)

    def _report(self, job_id: str) -> dict[str, Any]:
        job = get_job(self.parts.warehouse, job_id)
        errors, next_cursor = list_errors(self.parts.warehouse, job_id, limit=REPORT_MAX_ERRORS)
        payload = job_event_payload(job)["job"]
        stages = [stage.model_dump(mode="json") for stage in job.stages]
        shown = [error.model_dump(mode="json") for error in errors]
        return {
            "status": job.status,
            "counts": payload["counts"],
            "job": payload | {"stages": stages},
            "errors": shown,
            "more_errors": next_cursor is not None,
        }

    def _settle(self, path: Path, folder_name: str, job_id: str | None, report: dict[str, Any]) -> Path:
        """Write the report, then move the file: a file in done/ or failed/ always has its report."""
        target = free(self.folder / folder_name, path.name, job_id)
        report_path = report_of(target)
        draft = report_path.with_name(f"{DRAFT}{report_path.name}")
        draft.write_bytes(orjson.dumps({"file": printable(path.name), **report}, option=orjson.OPT_INDENT_2))
        draft.chmod(path.stat().st_mode & 0o666)  # the report is readable by those who may read the file
        draft.replace(report_path)
        path.rename(target)
        return target


def _shared(folder: Path) -> None:
    """Create the folder with its parent's permissions (this process's umask is private)."""
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(folder.parent.stat().st_mode & 0o7777)


def _file_stamp(path: Path) -> FileStamp:
    stat = path.stat(follow_symlinks=False)
    return stat.st_size, stat.st_mtime_ns


def _key(path: Path, sha256: str) -> str:
    """Return the idempotency key of the file. Moving a file back into the folder changes its ctime, which makes a new
    key, so it is loaded again."""
    stat = path.stat(follow_symlinks=False)
    identity = f"{path.name}\0{sha256}\0{stat.st_ino}\0{stat.st_mtime_ns}\0{stat.st_ctime_ns}"
    return hashlib.sha256(os.fsencode(identity)).hexdigest()


def _readable(path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise InvalidError(f"the file can't be read: {error.strerror}") from error
