"""The API as the command line calls it: over HTTP, streaming what it sends, waiting out restarts, and saying plainly what is wrong."""

import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import httpx

from cli.load.own_server import is_own_server
from cli.up.greeting import local_url
from domain.shared.errors import ForbiddenError, InvalidError, TenderlakeError, UnauthorizedError, UnavailableError
from domain.users.user import is_utf8
from infrastructure.settings import Settings

CHUNK_BYTES = 256 * 1024
TRIES = 6
RETRY_MAX_SECONDS = 8.0  # seconds between two tries
RETRIED = (502, 503, 504)
TIMEOUT = httpx.Timeout(60, connect=10)
Job = dict[str, Any]


class Client:
    """One server and one caller."""

    def __init__(self, url: str, user: str, password: str) -> None:
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise InvalidError(f"{url} is no http or https URL")
        if not is_utf8(user + password):
            raise InvalidError("user name and password are to be UTF-8")
        self.url = url.rstrip("/")
        self.user = user
        self.http = httpx.Client(base_url=self.url, auth=(user, password), timeout=TIMEOUT, headers={"User-Agent": "tenderlake-cli"})

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def check(self) -> None:
        """That the server is there and knows the caller. UnavailableError, UnauthorizedError otherwise, with what to do."""
        try:
            answer = self.http.get("/v1/jobs", params={"limit": 1})
        except httpx.TransportError as error:
            raise UnavailableError(f"nothing answers at {self.url} ({error}): start it with `tenderlake up`, or name another server with --url") from error
        self._good(answer)
        if "json" not in answer.headers.get("content-type", "") or "items" not in answer.json():
            raise InvalidError(f"what answers at {self.url} is no tenderlake")

    def upload(self, file: Path | BinaryIO, name: str, sent: Callable[[int], None], headers: dict[str, str], params: dict[str, str]) -> httpx.Response:
        """Send a file, or what a stream has; `sent` is told of the bytes sent so far. The same Idempotency-Key lets a file be sent again safely."""
        once = headers | {"Idempotency-Key": secrets.token_hex(16), "Content-Type": "application/octet-stream"}
        asked = params | {"filename": name}
        if not isinstance(file, Path):
            return self._once("POST", "/v1/uploads", content=_pieces(file, sent), headers=once, params=asked)

        def send() -> httpx.Response:
            with file.open("rb") as opened:
                size = file.stat().st_size
                length = {"Content-Length": str(size)}
                return self.http.post("/v1/uploads", content=_pieces(opened, sent, size), headers=once | length, params=asked)

        return self._patiently(send)

    def post(self, path: str, headers: dict[str, str], params: dict[str, str]) -> httpx.Response:
        """A request that makes jobs, sent again safely where it broke off."""
        once = headers | {"Idempotency-Key": secrets.token_hex(16)}
        return self._patiently(lambda: self.http.post(path, headers=once, params=params, timeout=300))

    def job(self, job_id: str) -> Job:
        """The job as it stands."""
        found: Job = self._patiently(lambda: self.http.get(f"/v1/jobs/{job_id}")).json()
        return found

    def _once(self, method: str, path: str, **more: Any) -> httpx.Response:
        try:
            return self._good(self.http.request(method, path, **more))
        except httpx.TransportError as error:
            raise UnavailableError(f"{self.url} broke off ({error or type(error).__name__})") from error

    def _patiently(self, send: Callable[[], httpx.Response]) -> httpx.Response:
        wait = 0.25
        for attempt in range(TRIES):
            try:
                answer = send()
                if answer.status_code not in RETRIED or attempt == TRIES - 1:
                    return self._good(answer)
            except httpx.TransportError as error:
                if attempt == TRIES - 1:
                    raise UnavailableError(f"{self.url} does not answer any more ({error or type(error).__name__})") from error
            time.sleep(wait)
            wait = min(wait * 2, RETRY_MAX_SECONDS)
        raise AssertionError("unreachable")

    def _good(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_success:
            return answer
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            raise UnauthorizedError(f"{self.url} does not know {self.user} with that password: see --user and --password (or TENDERLAKE_PASSWORD)")
        said = _detail(answer)
        raise (ForbiddenError if answer.status_code == httpx.codes.FORBIDDEN else RequestRefusedError)(said)


class RequestRefusedError(TenderlakeError):
    """Raised when the server does not take a request, with what it said."""


def connect(settings: Settings, url: str | None, user: str | None, password: str | None) -> Client:
    """A client for the server and caller that options or settings name. UnauthorizedError where there is no password to be had."""
    named, who = url or settings.url, user or settings.user
    given = password or (settings.password.get_secret_value() if settings.password else None)
    if given is None and who == "admin" and (named is None or is_own_server(named, settings)):
        given = _own_password(settings)  # never for another server: it would learn ours
    if given is None:
        raise UnauthorizedError(f"no password for {who}: give --password, or set TENDERLAKE_PASSWORD")
    return Client(named or local_url(settings), who, given)


def _own_password(settings: Settings) -> str | None:
    """The admin's password, as the installation on this machine keeps it."""
    if settings.admin_password:
        return settings.admin_password.get_secret_value()
    try:
        return (settings.data_dir / "admin-password").read_text("utf-8").strip()
    except OSError:
        return None


def _pieces(file: BinaryIO, sent: Callable[[int], None], most: int | None = None) -> Iterator[bytes]:
    """What the file holds, and no more than was declared if it grows meanwhile."""
    total = 0
    sent(total)
    while piece := file.read(CHUNK_BYTES if most is None else min(CHUNK_BYTES, most - total)):
        yield piece
        total += len(piece)
        sent(total)


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"the server answered {answer.status_code} {answer.reason_phrase}"
