"""A drop folder: what lies in it has come in, `loading/` is being loaded, `done/` and `failed/` hold what was, each with a report beside it.

Where a file lies is all the state there is. Each step is one rename or one request with a key that follows from the file itself, so that
a kill anywhere between two steps is made good by taking them again: nothing is lost, and nothing is loaded twice.
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
from domain.webhooks.webhook import job_event_payload
from services.jobs.idempotency import make_idempotency_key
from services.jobs.queries import get_job, list_errors
from services.ports.parts import Parts
from services.uploads.submission import submit

ACTOR = "watch"
LOADING, DONE, FAILED = "loading", "done", "failed"
UNFINISHED = re.compile(r"^[.~#]|[~#]$|\.(part|partial|crdownload|download|filepart|tmp|temp|swp)$", re.IGNORECASE)
SETTLED_SECONDS = 2.0  # seconds without a change after which a file is whole
MAX_LOADING_FILES = 50  # files under way
REPORT_MAX_ERRORS = 1_000  # refused records that a report lists
FileStamp = tuple[int, int]


@dataclass(frozen=True)
class LoadingFile:
    """A file that was handed in: its job, and how it looked when it was read."""

    job_id: str
    look: FileStamp


class DropFolder:
    """One folder. `largest` is the size in bytes above which a file is refused; `settled` the seconds that it must not have changed for."""

    def __init__(self, parts: Parts, folder: Path, largest: int, settled: float = SETTLED_SECONDS) -> None:
        self.parts, self.folder, self.largest, self.settled = parts, folder, largest, settled
        self._seen: dict[Path, tuple[FileStamp, float]] = {}
        self._under_way: dict[str, LoadingFile] = {}

    def prepare(self) -> None:
        """Make the folders that are missing."""
        for name in (LOADING, DONE, FAILED):
            _shared(self.folder / name)

    def step(self, moment: float) -> None:
        """Do all that can be done at this moment (seconds of a clock that never goes back)."""
        self.prepare()
        ripe = [path for path in self._files(self.folder) if not UNFINISHED.search(path.name) and self._whole(path, moment)]
        for path in ripe[: max(0, MAX_LOADING_FILES - len(self._files(self.folder / LOADING)))]:
            self._alone(self._take, path)
        for path in self._files(self.folder / LOADING):
            if path.name not in self._under_way and self._whole(path, moment):
                self._alone(self._begin, path)
        for name, loaded in list(self._under_way.items()):
            self._alone(self._end, self.folder / LOADING / name, loaded)
        self._seen = {path: seen for path, seen in self._seen.items() if path.exists()}

    def _alone(self, act: Callable[..., None], path: Path, *more: LoadingFile) -> None:
        """What goes wrong with one file is logged and tried again at the next look; the others go on. A part that is away holds up all of them."""
        try:
            act(path, *more)
        except RetryableError:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught
            logger.warning("{}: {}: {}; trying again", printable(path.name), type(error).__name__, error)

    def _files(self, folder: Path) -> list[Path]:
        """The regular files of a folder, the oldest first; a link might lead to what its maker may not read."""
        with os.scandir(folder) as entries:
            found = [(entry.stat(follow_symlinks=False).st_mtime_ns, Path(entry.path)) for entry in entries if entry.is_file(follow_symlinks=False)]
        return [path for _, path in sorted(found)]

    def _whole(self, path: Path, moment: float) -> bool:
        """Whether nobody wrote to it for a while, as far as we looked."""
        look = _look(path)
        before, since = self._seen.get(path, (None, moment))
        if look != before:
            self._seen[path] = (look, since := moment)
        return moment - since >= self.settled

    def _take(self, path: Path) -> None:
        target = self.folder / LOADING / path.name
        if not target.exists():  # one of that name is under way; the new one waits for its end
            path.rename(target)
            self._seen[target] = self._seen.pop(path)

    def _begin(self, path: Path) -> None:
        look = _look(path)
        try:
            if not is_text(path.name):
                raise InvalidError(f"the file's name is not UTF-8 ({printable(path.name)}): rename it, and move it back into the folder")
            if look[0] > self.largest:
                raise TooLargeError(f"the file is larger than the {self.largest} bytes that TENDERLAKE_MAX_UPLOAD_BYTES allows")
            _readable(path)
            sha256, size = self.parts.files.copy(path)
            if _look(path) != look:
                return  # still growing: looked at again once it rests
            key = make_idempotency_key(ACTOR, _key(path, sha256), sha256)
            job = submit(self.parts.warehouse, self.parts.messages, sha256=sha256, size=size, filename=path.name, actor=ACTOR, idempotency=key)
        except (InvalidError, TooLargeError) as error:
            logger.warning("{}: {}", printable(path.name), error.detail)
            self._settle(path, FAILED, None, {"status": "refused", "error": {"title": error.title, "detail": error.detail}})
            return
        logger.info("{}: loading as job {}", path.name, job.id)
        self._under_way[path.name] = LoadingFile(job.id, look)

    def _end(self, path: Path, loaded: LoadingFile) -> None:
        with self.parts.warehouse.read() as work:
            job = work.jobs.get(loaded.job_id)
        if job is not None and not job.status.final:
            return
        del self._under_way[path.name]
        if job is None or not path.exists() or _look(path) != loaded.look:
            logger.warning("{}: it was changed or taken away while it was loaded as job {}", path.name, loaded.job_id)
            return  # what lies there now is looked at anew
        where = DONE if job.status is JobStatus.SUCCEEDED else FAILED
        target = self._settle(path, where, job.id, self._report(job.id))
        logger.info("{}: {}; moved to {}/{}", path.name, job.status, where, target.name)

    def _report(self, job_id: str) -> dict[str, Any]:
        job = get_job(self.parts.warehouse, job_id)
        errors, more = list_errors(self.parts.warehouse, job_id, limit=REPORT_MAX_ERRORS)
        told = job_event_payload(job)["job"]
        stages = [stage.model_dump(mode="json") for stage in job.stages]
        shown = [one.model_dump(mode="json") for one in errors]
        return {"status": job.status, "counts": told["counts"], "job": told | {"stages": stages}, "errors": shown, "more_errors": more is not None}

    def _settle(self, path: Path, where: str, job_id: str | None, report: dict[str, Any]) -> Path:
        """Write the report, then move the file: a file in its last place always has its report."""
        target = free(self.folder / where, path.name, job_id)
        place = report_of(target)
        draft = place.with_name(f"{DRAFT}{place.name}")
        draft.write_bytes(orjson.dumps({"file": printable(path.name), **report}, option=orjson.OPT_INDENT_2))
        draft.chmod(path.stat().st_mode & 0o666)  # who may read the file may read its report
        draft.replace(place)
        path.rename(target)
        return target


def _shared(folder: Path) -> None:
    """Make the folder, open to those to whom the one around it is open; our own files are for their owner alone."""
    if not folder.exists():
        folder.mkdir(parents=True)
        folder.chmod(folder.parent.stat().st_mode & 0o7777)


def _look(path: Path) -> FileStamp:
    stat = path.stat(follow_symlinks=False)
    return stat.st_size, stat.st_mtime_ns


def _key(path: Path, sha256: str) -> str:
    """What makes this file this file. Its ctime changes when somebody moves it back into the folder, to have it loaded once more."""
    stat = path.stat(follow_symlinks=False)
    told = f"{path.name}\0{sha256}\0{stat.st_ino}\0{stat.st_mtime_ns}\0{stat.st_ctime_ns}"
    return hashlib.sha256(os.fsencode(told)).hexdigest()


def _readable(path: Path) -> None:
    try:
        path.open("rb").close()
    except OSError as error:
        raise InvalidError(f"the file can't be read: {error.strerror}") from error
