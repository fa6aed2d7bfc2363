"""A load while servers come and go: what callers were answered, what was accepted, and when work went on."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count

import httpx

from script.installation import Stack
from seeds.generate import lines

RELEASES = 10  # of an upload
REST_SECONDS = 0.25  # between two requests of a caller
UPLOAD_SECONDS = 0.5
READS = ("/v1/jobs", "/v1/gold/facts/award", "/v1/search?q=road", "/health/ready", "/v1/webhooks")


class Load:
    """Callers that upload and read all the time; each answer is kept."""

    def __init__(self, stack: Stack, seed: int) -> None:
        self.stack = stack
        self.answers: Counter[str] = Counter()
        self.wrong: list[str] = []
        self.accepted: list[str] = []
        self.longest = 0.0
        self._seeds = count(seed)
        self._ended = threading.Event()

    @contextmanager
    def running(self) -> Iterator["Load"]:
        """Load until the end of the block."""
        callers = [
            threading.Thread(target=self._upload),
            *(threading.Thread(target=self._read, args=(path,)) for path in READS),
        ]
        for caller in callers:
            caller.start()
        try:
            yield self
        finally:
            self._ended.set()
            for caller in callers:
                caller.join()

    def _upload(self) -> None:
        while not self._ended.wait(UPLOAD_SECONDS):
            seed = next(self._seeds)
            answer = self._ask("POST", f"/v1/uploads?filename={seed}.jsonl", b"\n".join(lines(RELEASES, seed=seed)))
            if answer is not None and answer.status_code == 202:
                self.accepted.append(answer.json()["id"])

    def _read(self, path: str) -> None:
        while not self._ended.wait(REST_SECONDS):
            self._ask("GET", path)

    def _ask(self, method: str, path: str, content: bytes | None = None) -> httpx.Response | None:
        begun = time.monotonic()
        try:
            answer = self.stack.client.request(method, path, content=content)
        except httpx.HTTPError as error:
            self.wrong.append(f"{method} {path}: {error!r}")
            return None
        finally:
            self.longest = max(self.longest, time.monotonic() - begun)
        self.answers[f"{method} {answer.status_code}"] += 1
        if answer.status_code not in {200, 202} and not (
            answer.status_code == 503 and answer.headers.get("Retry-After", "").isdigit()
        ):
            self.wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer
