"""HTTP client of the command line: streams uploads, retries while the server restarts, and reports errors plainly."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

import httpx
from tenacity import Retrying, retry_if_exception_type, retry_if_result, stop_after_attempt, wait_exponential

from cli.load.own_server import is_own_server
from cli.up.greeting import local_url
from domain.shared.errors import ForbiddenError, InvalidError, TenderlakeError, UnauthorizedError, UnavailableError
from domain.users.user import is_utf8
from infrastructure.settings import Settings

CHUNK_BYTES = 256 * 1024
MAX_ATTEMPTS = 6
RETRY_MAX_SECONDS = 8.0  # between two attempts
RETRIED_STATUSES = (502, 503, 504)
TIMEOUT = httpx.Timeout(60, connect=10)
Job = dict[str, Any]


class Client:
    """A connection to one server with one user's credentials."""

    def __init__(self, url: str, user: str, password: str) -> None:
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname:
            raise InvalidError(f"{url} is not an http or https URL")
        if not is_utf8(user + password):
            raise InvalidError("user name and password must be UTF-8")
        self.url = url.rstrip("/")
        self.user = user
        self.http = httpx.Client(
            base_url=self.url, auth=(user, password), timeout=TIMEOUT, headers={"User-Agent": "tenderlake-cli"}
        )

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self.http.close()

    def check(self) -> None:
        """Raise UnavailableError or UnauthorizedError, with advice, unless the server answers and accepts the
        credentials."""
        try:
            answer = self.http.get("/v1/jobs", params={"limit": 1})
        except httpx.TransportError as error:
            advice = "start one with `tenderlake up`, or name another server with --url"
            raise UnavailableError(f"no server answers at {self.url} ({error}): {advice}") from error
        self._checked(answer)
        if "json" not in answer.headers.get("content-type", "") or "items" not in answer.json():
            raise InvalidError(f"the server at {self.url} is no tenderlake")

    def upload(
        self,
        file: Path | BinaryIO,
        name: str,
        sent: Callable[[int], None],
        headers: dict[str, str],
        params: dict[str, str],
    ) -> httpx.Response:
        """Upload a file or a stream. `sent` is called with the number of bytes sent so far.

        A file is retried with the same Idempotency-Key, so a retry never makes a second job; a stream is sent once.
        """
        idempotent = headers | {"Idempotency-Key": secrets.token_hex(16), "Content-Type": "application/octet-stream"}
        query = params | {"filename": name}
        if not isinstance(file, Path):
            content = _chunks(file, sent)
            return self._send(
                lambda: self.http.post("/v1/uploads", content=content, headers=idempotent, params=query), attempts=1
            )

        def send() -> httpx.Response:
            with file.open("rb") as opened:
                size = file.stat().st_size
                length = {"Content-Length": str(size)}
                content = _chunks(opened, sent, size)
                return self.http.post("/v1/uploads", content=content, headers=idempotent | length, params=query)

        return self._send(send)

    def post(self, path: str, headers: dict[str, str], params: dict[str, str]) -> httpx.Response:
        """Send a POST that makes jobs, with retries; the Idempotency-Key keeps a retry from making them twice."""
        idempotent = headers | {"Idempotency-Key": secrets.token_hex(16)}
        return self._send(lambda: self.http.post(path, headers=idempotent, params=params, timeout=300))

    def job(self, job_id: str) -> Job:
        """Return the current state of the job."""
        found: Job = self._send(lambda: self.http.get(f"/v1/jobs/{job_id}")).json()
        return found

    def _send(self, send: Callable[[], httpx.Response], attempts: int = MAX_ATTEMPTS) -> httpx.Response:
        """The response, after up to so many attempts while the server is away or busy."""
        retrying = Retrying(
            retry=retry_if_exception_type(httpx.TransportError)
            | retry_if_result(lambda answer: answer.status_code in RETRIED_STATUSES),
            stop=stop_after_attempt(attempts),
            wait=wait_exponential(0.25, RETRY_MAX_SECONDS),
            retry_error_callback=lambda state: state.outcome.result() if state.outcome else None,
        )
        try:
            return self._checked(retrying(send))
        except httpx.TransportError as error:
            what = "no longer answers" if attempts > 1 else "broke off the connection"
            raise UnavailableError(f"{self.url} {what} ({error or type(error).__name__})") from error

    def _checked(self, answer: httpx.Response) -> httpx.Response:
        if answer.is_success:
            return answer
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            advice = "check --user and --password (or TENDERLAKE_PASSWORD)"
            raise UnauthorizedError(f"{self.url} refused user {self.user} with that password: {advice}")
        detail = _detail(answer)
        raise (ForbiddenError if answer.status_code == httpx.codes.FORBIDDEN else RequestRefusedError)(detail)


class RequestRefusedError(TenderlakeError):
    """Raised when the server refuses a request; carries the server's reason."""


def connect(settings: Settings, url: str | None, user: str | None, password: str | None) -> Client:
    """Return a client for the server and user of the options, else of the settings.

    UnauthorizedError if no password is given and this installation's own may not be used.
    """
    server_url, user_name = url or settings.url, user or settings.user
    secret = password or (settings.password.get_secret_value() if settings.password else None)
    if secret is None and user_name == "admin" and (server_url is None or is_own_server(server_url, settings)):
        secret = _own_password(settings)  # never sent to another server, which would learn it
    if secret is None:
        raise UnauthorizedError(f"no password for {user_name}: give --password, or set TENDERLAKE_PASSWORD")
    return Client(server_url or local_url(settings), user_name, secret)


def _own_password(settings: Settings) -> str | None:
    """Return the admin password that this installation keeps in its settings or data folder."""
    if settings.admin_password:
        return settings.admin_password.get_secret_value()
    try:
        return (settings.data_dir / "admin-password").read_text("utf-8").strip()
    except OSError:
        return None


def _chunks(file: BinaryIO, sent: Callable[[int], None], max_bytes: int | None = None) -> Iterator[bytes]:
    """Yield the file's content; at most `max_bytes`, the declared Content-Length, even if the file grows meanwhile."""
    total = 0
    sent(total)
    while chunk := file.read(CHUNK_BYTES if max_bytes is None else min(CHUNK_BYTES, max_bytes - total)):
        yield chunk
        total += len(chunk)
        sent(total)


def _detail(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"the server answered {answer.status_code} {answer.reason_phrase}"
