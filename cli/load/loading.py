"""Files on their way to a server: sent one after the other, then followed to their ends; how it went is the exit code (see load.py)."""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from cli.load.client import Client, RequestRefusedError
from cli.load.progress import ProgressDisplay
from cli.load.signals import exit_code
from cli.watch.file_names import printable
from domain.shared.errors import TenderlakeError

FAILED, QUARANTINED = 1, 3
POLL_SECONDS = 0.3  # seconds between two looks
POLL_JOBS = 20  # jobs looked at in a round
FINAL = {"succeeded", "failed", "cancelled"}
STDIN = "-"


@dataclass
class Loading:
    """One run of the command: the jobs under way by id, with their files' names, and how bad it got."""

    client: Client
    show: ProgressDisplay
    code: int = 0
    names: dict[str, str] = field(default_factory=dict)

    def accepted(self, answer: httpx.Response, job: dict[str, Any], name: str) -> None:
        """A job was made of a file."""
        self.names[job["id"]] = name
        self.show.forget(name)
        self.show.say(f"{name}: accepted as job {job['id']}")
        if secret := answer.headers.get("webhook-secret"):
            self.show.say(f"{name}: what is sent to the webhook is signed with {secret}")

    def failed(self, name: str, why: str) -> None:
        """A file was not taken, or its job failed."""
        self.show.forget(name)
        self.show.complain(f"{name}: {why}")
        self.code = FAILED

    def ended(self, job: dict[str, Any]) -> None:
        """A job came to its end."""
        name, counts = self.names.pop(job["id"]), job["counts"]
        self.show.forget(job["id"])
        told = ", ".join(f"{counts[one]:,} {one}" for one in ("received", "accepted", "unchanged", "quarantined"))
        if job["status"] != "succeeded":
            self.failed(name, f"{job['status']}: {(job['error'] or {}).get('detail', 'no reason is known')} ({told})")
        else:
            self.show.say(f"{name}: succeeded: {told}")
        if counts["quarantined"]:
            self.show.complain(f"{name}: why records are in quarantine: {self.client.url}{job['links']['errors']}")
            self.code = self.code or QUARANTINED

    def follow(self) -> None:
        """Follow the jobs to their ends."""
        while self.names:
            for job_id in list(self.names)[:POLL_JOBS]:
                job = self.client.job(job_id)
                self.show.job(job_id, self.names[job_id], job)
                if job["status"] in FINAL:
                    self.ended(job)
            if self.names:
                time.sleep(POLL_SECONDS)


def run(client: Client, wait: bool, begin: Callable[[Loading], None]) -> int:
    """Begin, follow what was begun to its end if that is wanted, and give the exit code."""
    with ProgressDisplay() as show:
        loading = Loading(client, show)
        try:
            begin(loading)
            if wait:
                loading.follow()
        except KeyboardInterrupt as error:
            show.complain(f"stopped looking; the server goes on with {len(loading.names)} jobs: {client.url}/v1/jobs")
            return exit_code(error)
        except TenderlakeError as error:
            show.complain(f"tenderlake: {error.detail}" + (f"; not seen to their end: {', '.join(loading.names)}" if loading.names else ""))
            return FAILED
        return loading.code


def send(loading: Loading, files: Sequence[str], stdin: str, params: dict[str, str]) -> None:
    """Send the files in turn; one that is not taken does not hold up the others."""
    for file in files:
        name = stdin if file == STDIN else printable(Path(file).name)
        size = None if file == STDIN else Path(file).stat().st_size

        def sent(count: int, name: str = name, size: int | None = size) -> None:
            loading.show.sending(name, name, count, size)

        try:
            answer = loading.client.upload(sys.stdin.buffer if file == STDIN else Path(file), name, sent, {}, params)
        except RequestRefusedError as error:
            loading.failed(name, error.detail)
        except OSError as error:
            loading.failed(name, f"can't be read: {error.strerror or error}")
        else:
            loading.accepted(answer, answer.json(), name)


def seed(loading: Loading, params: dict[str, str]) -> None:
    """Have the server load its seeds."""
    answer = loading.client.post("/v1/seed", {}, params)
    for job in answer.json()["items"]:
        loading.accepted(answer, job, job["filename"])
