"""Requests to a Typesense server: every answer is read, transient failures are tried again, the rest becomes an error of ours.

Raw httpx instead of the `typesense` library: that one does not try 429 again, lets httpx's own errors and broken JSON through, puts ids
into paths as they are, has one timeout for all, and reads an export whole into memory.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil, isfinite
from threading import Lock
from typing import Any

import httpx
import orjson
from loguru import logger
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from domain.errors import ConflictError, InvalidError, NoSpaceError, NotFoundError, RetryableError, UnavailableError

QUICK = 5.0  # seconds that a search may take
CONNECT = 2.0
DISK = ("OUT_OF_DISK", "out of disk", "No space left")
LONGEST_WAIT = 10.0  # seconds between two tries
Params = Mapping[str, str | int]


@dataclass(frozen=True)
class Patience:
    """How often a request is tried, and the seconds before the second try; each further wait is twice as long."""

    tries: int = 6
    first: float = 0.25


IMPATIENT = Patience(tries=2, first=0.1)  # for readers, who rather hear soon that search is away


class BusyError(UnavailableError):
    """Raised when the server says when to come back; `after` in seconds."""

    def __init__(self, detail: str, after: float) -> None:
        super().__init__(detail, retry_after=max(1, ceil(after)))
        self.after = after


class Client:
    """One server. Threads may share it; nothing connects before the first request."""

    def __init__(self, url: str, key: str, *, transport: httpx.BaseTransport | None = None, patience: Patience | None = None) -> None:
        self.url = url.rstrip("/")
        self._key = key
        self._transport = transport
        self.patience = patience or Patience()
        self._http: httpx.Client | None = None
        self._opening = Lock()

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        with self._opening:
            if self._http is not None:
                self._http.close()
                self._http = None

    def ask(self, method: str, path: str, *, body: Any = None, params: Params | None = None, timeout: float = QUICK, patience: Patience | None = None) -> Any:
        """The JSON answer. NotFoundError, ConflictError, InvalidError (400), NoSpaceError, UnavailableError."""
        content = None if body is None else orjson.dumps(body)
        return self._retrying(patience)(lambda: _json(self._send(method, path, content, params, timeout)))

    def lines(self, path: str, content: bytes, params: Params, timeout: float) -> list[Any]:
        """Send JSON Lines; the answer's lines. Errors as those of `ask`."""

        def attempt() -> list[Any]:
            response = self._send("POST", path, content, params, timeout)
            return [_parsed(line) for line in response.content.splitlines() if line.strip()]

        return self._retrying(None)(attempt)

    def stream(self, path: str, params: Params, timeout: float) -> Iterator[Any]:
        """The lines of an export, as they come; an export that is cut off raises UnavailableError."""
        try:
            with self._client().stream("GET", path, params=dict(params), timeout=httpx.Timeout(timeout, connect=CONNECT)) as response:
                if response.status_code != 200:
                    response.read()
                    _check(response)
                for line in response.iter_lines():
                    if line.strip():
                        yield _parsed(line.encode())
        except httpx.HTTPError as error:
            raise UnavailableError(f"Typesense at {self.url} broke off an export: {_said(error)}") from error

    def _send(self, method: str, path: str, content: bytes | None, params: Params | None, timeout: float) -> httpx.Response:
        try:
            limits = httpx.Timeout(timeout, connect=CONNECT)
            response = self._client().request(method, path, content=content, params=dict(params or {}), timeout=limits)
        except httpx.TimeoutException as error:
            raise UnavailableError(f"Typesense at {self.url} did not answer within {timeout:.0f} s") from error
        except httpx.HTTPError as error:
            raise UnavailableError(f"Typesense at {self.url} can't be reached: {_said(error)}") from error
        _check(response)
        return response

    def _client(self) -> httpx.Client:
        with self._opening:
            if self._http is None:
                headers = {"X-TYPESENSE-API-KEY": self._key, "Content-Type": "application/json"}
                self._http = httpx.Client(base_url=self.url, headers=headers, transport=self._transport, trust_env=False)
            return self._http

    def _retrying(self, patience: Patience | None) -> Retrying:
        chosen = patience or self.patience
        return Retrying(
            retry=retry_if_exception_type(UnavailableError),
            stop=stop_after_attempt(chosen.tries),
            wait=lambda state: _wait(state, chosen),
            before_sleep=lambda state: logger.debug("typesense: {}; trying again", state.outcome and state.outcome.exception()),
            reraise=True,
        )


def _wait(state: RetryCallState, patience: Patience) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, BusyError):
        return min(error.after, LONGEST_WAIT)
    return float(min(patience.first * 2 ** (state.attempt_number - 1), LONGEST_WAIT))


def _check(response: httpx.Response) -> None:
    """Raise what an answer of failure means."""
    status = response.status_code
    if status < 300:
        return
    said = _message(response)
    if any(sign in said for sign in DISK):
        raise NoSpaceError(f"The disk of the Typesense server is full: {said}")
    raise failure(status, said, response.headers.get("Retry-After"))


def failure(status: int, said: str, retry_after: str | None = None) -> Exception:
    """The error of ours for a status of theirs, of a request or of one document in it."""
    if status == 400:
        return InvalidError(f"Typesense refuses the request: {said}")
    if status == 404:
        return NotFoundError(f"Typesense has no such thing: {said}")
    if status == 409:
        return ConflictError(f"Typesense has it already: {said}")
    if status in {401, 403}:
        return RetryableError(f"Typesense refuses the API key of TENDERLAKE_TYPESENSE_API_KEY: {said}")
    if status == 429:
        return BusyError(f"Typesense is busy: {said}", _seconds(retry_after))
    return UnavailableError(f"Typesense answers {status}: {said}")


def _seconds(said: str | None) -> float:
    try:
        seconds = float(said or 1.0)
    except ValueError:  # an HTTP date, which Typesense does not send
        return 1.0
    return max(0.0, seconds) if isfinite(seconds) else 1.0


def _message(response: httpx.Response) -> str:
    try:
        return str(orjson.loads(response.content)["message"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return response.text[:200] or response.reason_phrase


def _json(response: httpx.Response) -> Any:
    return _parsed(response.content)


def _parsed(content: bytes) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise UnavailableError(f"Typesense answers what is no JSON: {content[:100]!r}") from error


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__
