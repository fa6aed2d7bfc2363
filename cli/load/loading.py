"""Uploads files one after the other, follows their jobs and computes the exit code (cli/load/commands.py)."""

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

FAILED_EXIT_CODE, QUARANTINED_EXIT_CODE = 1, 3
POLL_SECONDS = 0.3  # between two polls
POLL_JOBS = 20  # jobs per poll
FINAL_STATUSES = {"succeeded", "failed", "cancelled"}
STDIN = "-"


@dataclass
class Loading:
    """One run of the command: file names by id of unfinished job, and the exit code so far."""

    client: Client
    show: ProgressDisplay
    code: int = 0
    names: dict[str, str] = field(default_factory=dict)

    def accepted(self, answer: httpx.Response, job: dict[str, Any], name: str) -> None:
        """Record that a file became a job."""
        self.names[job["id"]] = name
        self.show.remove(name)
        self.show.say(f"{name}: accepted as job {job['id']}")
        if secret := answer.headers.get("webhook-secret"):
            self.show.say(f"{name}: messages to the webhook are signed with {secret}")

    def failed(self, name: str, why: str) -> None:
        """Record that a file was refused, or that its job failed."""
        self.show.remove(name)
        self.show.complain(f"{name}: {why}")
        self.code = FAILED_EXIT_CODE

    def ended(self, job: dict[str, Any]) -> None:
        """Record the final state of a job."""
        name, counts = self.names.pop(job["id"]), job["counts"]
        self.show.remove(job["id"])
        summary = ", ".join(f"{counts[name]:,} {name}" for name in ("received", "accepted", "unchanged", "quarantined"))
        if job["status"] != "succeeded":
            detail = (job["error"] or {}).get("detail", "no reason given")
            self.failed(name, f"{job['status']}: {detail} ({summary})")
        else:
            self.show.say(f"{name}: succeeded: {summary}")
        if counts["quarantined"]:
            errors_url = f"{self.client.url}{job['links']['errors']}"
            self.show.complain(f"{name}: some records are in quarantine; the reasons: {errors_url}")
            self.code = self.code or QUARANTINED_EXIT_CODE

    def follow(self) -> None:
        """Poll the jobs until all are final."""
        while self.names:
            for job_id in list(self.names)[:POLL_JOBS]:
                job = self.client.job(job_id)
                self.show.job(job_id, self.names[job_id], job)
                if job["status"] in FINAL_STATUSES:
                    self.ended(job)
            if self.names:
                time.sleep(POLL_SECONDS)


def run(client: Client, wait: bool, begin: Callable[[Loading], None]) -> int:
    """Run `begin`, follow the jobs to their end if `wait`, and return the exit code."""
    with ProgressDisplay() as show:
        loading = Loading(client, show)
        try:
            begin(loading)
            if wait:
                loading.follow()
        except KeyboardInterrupt as error:
            show.complain(f"stopped waiting; the server continues {len(loading.names)} jobs: {client.url}/v1/jobs")
            return exit_code(error)
        except TenderlakeError as error:
            unfinished = f"; jobs not followed to their end: {', '.join(loading.names)}" if loading.names else ""
            show.complain(f"tenderlake: {error.detail}{unfinished}")
            return FAILED_EXIT_CODE
        return loading.code


def send(loading: Loading, files: Sequence[str], stdin: str, params: dict[str, str]) -> None:
    """Upload the files in order; a refused file does not stop the others."""
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
    """Ask the server to load its bundled seeds."""
    answer = loading.client.post("/v1/seed", {}, params)
    for job in answer.json()["items"]:
        loading.accepted(answer, job, job["filename"])
