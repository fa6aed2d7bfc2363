"""`python -m tests.cli.watch.drop_folder_killer HOME DATABASE`: kill -9 of a drop-folder process at its N-th write, for
each N.

A second process then resumes; one line of JSON per round reports the end state. The stages run in the same process.
"""

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from cli.watch.drop_folder import DropFolder
from domain.jobs.job import JobFilter
from infrastructure.bootstrap import bootstrap
from infrastructure.settings import Settings
from services.ports.parts import Parts
from services.shared.clock import now
from tests.api.jobs.conftest import LINES
from tests.support import MemoryMessages, drain, messages

MOST = 40
WRITES = os.O_WRONLY | os.O_RDWR
FILES = {"good.jsonl": LINES, "bad.jsonl": b"{broken"}


def killing(folders: tuple[str, ...], left: int) -> Callable[[str, tuple[Any, ...]], None]:
    """An audit hook that kills the process before the n-th file is opened for writing or renamed in these folders."""

    def hook(event: str, args: tuple[Any, ...]) -> None:
        nonlocal left
        if (event == "os.rename" or (event == "open" and args[2] & WRITES)) and str(args[0]).startswith(folders):
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    return hook


def wake(parts: Parts) -> None:
    """Send all messages again, like the sweep, for those that a killed process had received."""
    with parts.warehouse.read() as work:
        for job_id in work.jobs.unlanded(now() + timedelta(hours=1)):
            messages(parts).send("land", job_id)
    for stage in ("refine", "publish", "index"):
        messages(parts).send(stage)


def work(home: Path, kill: int) -> dict[str, Any]:
    """Process the folder until it is empty; returns the end state."""
    folder = home / "in"
    parts = replace(
        bootstrap(Settings(data_dir=home / "data", embeddings="off", _env_file=None)), messages=MemoryMessages()
    )
    drop = DropFolder(parts, folder, 1_000_000, settled=1.0)
    drop.prepare()
    if kill:
        sys.addaudithook(killing((str(folder), str(home / "data" / "files")), kill))
    for moment in range(MOST):
        drop.step(float(moment))
        wake(parts)
        drain(parts)
        if not any(entry.is_file() for path in (folder, folder / "loading") for entry in os.scandir(path)):
            break
    with parts.warehouse.read() as work_:
        jobs = [[job.id, job.filename, job.status] for job in work_.jobs.page(JobFilter(), None, 100)]
    return {"lies": sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()), "jobs": jobs}


def forked(home: Path, kill: int, out: Path | None) -> bool:
    """Process the folder in a child process; returns whether it was killed."""
    pid = os.fork()
    if not pid:
        code = 1
        try:
            found = work(home, kill)
            if out:
                out.write_text(json.dumps(found))
            code = 0
        finally:
            os._exit(code)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if status not in {0, -signal.SIGKILL}:
        raise SystemExit(f"round {kill} ended with {status}")
    return status != 0


def main(home: Path, database: Path) -> None:
    """Repeat rounds until one ends before its kill."""
    number, killed = 0, True
    while killed:
        number += 1
        place = home / str(number)
        (place / "in").mkdir(parents=True)
        (place / "data").mkdir()
        shutil.copy(database, place / "data" / "warehouse.db")
        for name, content in FILES.items():
            (place / "in" / name).write_bytes(content)
        killed = forked(place, number, None)
        forked(place, 0, place / "found.json")
        print(json.dumps({"killed": killed} | json.loads((place / "found.json").read_text())), flush=True)
        shutil.rmtree(place / "data")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
