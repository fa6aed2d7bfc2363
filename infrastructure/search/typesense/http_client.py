"""The official client with what it lacks: retries, timeouts that grow with each try, streamed exports, our errors.

A request that is not answered in time is followed by one to `/health`. Where that is not answered either, or the server
can't be reached or is not ready, callers get an AwayError until it is back (infrastructure/system/outage.py).
"""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import orjson
import typesense
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from domain.shared.errors import (
    AwayError,
    ConflictError,
    InvalidError,
    NoSpaceError,
    RetryableError,
    TenderlakeError,
    UnavailableError,
)
from infrastructure.system.outage import server_at

CONNECT_SECONDS = 2.0
READ_SECONDS = 4.0  # for searches and imports; a server that was just started again may never answer its first import
WHOLE_SECONDS = 60.0  # for what changes or reads a whole collection
RETRY_MAX_SECONDS = 10.0
BATCH_DOCUMENTS, BATCH_BYTES = 1_000, 1_000_000  # of one import: a busy server needs longer than the timeout for 3 MB
REQUEST_SEARCHES = 50  # the server's limit
BUSY = 429
NOT_READY = {502, 503, 504}  # its own, and a proxy's
FULL_DISK = ("OUT_OF_DISK", "out of disk", "No space left")
Json = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class RetryPolicy:
    """How often a request is tried, and the seconds before the second try; each further wait is twice as long."""

    tries: int = 3
    first: float = 0.25


SEARCH_RETRIES = RetryPolicy(tries=2, first=0.1)


class SilentError(UnavailableError):
    """Raised when the server can't be reached, or answers that it is not ready."""


class AbsentError(UnavailableError):
    """Raised when a collection, alias or document does not exist; no caller's 404, since the adapter creates them."""


WRONG_KEY = (RetryableError, "Typesense refuses the API key of TENDERLAKE_TYPESENSE_API_KEY")
ERRORS: dict[int, tuple[type[TenderlakeError], str]] = {
    400: (InvalidError, "Typesense refuses the request"),
    401: WRONG_KEY,
    403: WRONG_KEY,
    404: (AbsentError, "Not found on the Typesense server"),
    409: (ConflictError, "Exists already on the Typesense server"),
}


class Client:
    """One server, for any number of threads; nothing connects before the first request."""

    def __init__(
        self,
        url: str,
        key: str,
        *,
        transport: httpx.BaseTransport | None = None,
        patience: RetryPolicy | None = None,
        seconds: float = READ_SECONDS,
    ) -> None:
        self.url = url.rstrip("/")
        self._seconds = seconds
        self._server = server_at("Typesense", self.url)
        self._patience = patience or RetryPolicy()
        self._timeout = threading.local()
        hooks: dict[str, list[Callable[..., Any]]] = {"request": [self._set_timeout], "response": [_check]}
        self._http = httpx.Client(transport=transport, trust_env=False, event_hooks=hooks)
        self._headers = {"X-TYPESENSE-API-KEY": key}
        parts = urlsplit(self.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        node: Any = {"host": parts.hostname, "port": port, "protocol": parts.scheme, "path": parts.path}
        self.api = typesense.Client({"nodes": [node], "api_key": key, "num_retries": 0}, http_client=self._http)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def ask(
        self,
        call: Callable[[typesense.Client], T],
        *,
        seconds: float | None = None,
        patience: RetryPolicy | None = None,
    ) -> T:
        """What a call of the client returns; all errors are ours."""
        patience = patience or self._patience
        retrying = Retrying(
            retry=retry_if_exception(_passes),
            stop=stop_after_attempt(1 if self._server.away else patience.tries),
            wait=partial(_wait, patience.first),
            reraise=True,
        )
        with self._watched():
            for attempt in retrying:
                factor = 2 ** (attempt.retry_state.attempt_number - 1)
                with attempt, self._within(min((seconds or self._seconds) * factor, WHOLE_SECONDS)):
                    return call(self.api)
        raise AssertionError("tenacity raises what the last try raised")

    def search(self, searches: Sequence[Mapping[str, Any]]) -> list[Json]:
        """One answer per search, in as few requests as the server permits."""
        found: list[Json] = []
        for start in range(0, len(searches), REQUEST_SEARCHES):
            body: Any = {"searches": searches[start : start + REQUEST_SEARCHES]}
            # `multi_search.perform` sends numbers as texts, against the API description
            answer: Any = self.ask(
                lambda api, body=body: api.api_call.post("/multi_search", dict, body=body),  # type: ignore[misc]
                patience=SEARCH_RETRIES,
            )
            found += answer["results"]
        if len(found) != len(searches):
            raise UnavailableError(f"Typesense answered {len(found)} of {len(searches)} searches")
        for one in found:
            if "error" in one or "code" in one:
                raise _failure(int(one.get("code", 500)), str(one.get("error")))
        return found

    def put(self, collection: str, documents: Iterable[Json], action: str, **options: Any) -> list[Json]:
        """Import documents; one answer per document, which may be a refusal (`refusal`).

        Documents are made while the server takes the batch before.
        """
        parameters = {"action": action, **options}
        with ThreadPoolExecutor(max_workers=1) as sender:
            lines = batched(map(orjson.dumps, documents), BATCH_DOCUMENTS, BATCH_BYTES)
            sent = [sender.submit(self._import, collection, batch, parameters) for batch in lines]
        return [answer for one in sent for answer in one.result()]

    def export(self, collection: str, fields: str) -> Iterator[Json]:
        """Every document with these fields, streamed: the client's own export holds all of them in memory."""
        url = f"{self.url}/collections/{collection}/documents/export"
        with (
            self._watched(),
            self._within(WHOLE_SECONDS),
            self._http.stream("GET", url, params={"include_fields": fields}, headers=self._headers) as response,
        ):
            yield from (orjson.loads(line) for line in response.iter_lines() if line.strip())

    def _import(self, collection: str, batch: Sequence[bytes], parameters: Any) -> list[Json]:
        def send(api: typesense.Client) -> list[Json]:
            answer: Any = api.collections[collection].documents.import_(b"\n".join(batch), dict(parameters))  # type: ignore[call-overload]
            return [orjson.loads(line) for line in answer.splitlines() if line.strip()]

        answers = self.ask(send)
        if len(answers) != len(batch):
            raise UnavailableError(f"Typesense answered for {len(answers)} of {len(batch)} documents")
        return answers

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Record in the process whether the server is away."""
        self._server.admit()
        try:
            yield
        except AwayError:
            raise
        except SilentError as error:
            raise self._server.failed(error) from error
        except TenderlakeError:
            self._server.answered()
            raise
        self._server.answered()

    @contextmanager
    def _within(self, seconds: float) -> Iterator[None]:
        """Requests of this thread have this read timeout; errors of the libraries become ours."""
        self._timeout.seconds = seconds
        try:
            yield
        except httpx.TimeoutException as error:
            text = f"{self.url} did not answer within {seconds:.0f} s"
            raise UnavailableError(f"Typesense at {text}") if self._is_alive() else self._server.failed(text) from error
        except httpx.HTTPError as error:
            raise SilentError(f"{self.url} can't be reached: {error or type(error).__name__}") from error
        except (json.JSONDecodeError, typesense.exceptions.TypesenseClientError) as error:
            raise UnavailableError(f"Typesense at {self.url}: no JSON, or only part of it: {error}") from error

    def _is_alive(self) -> bool:
        self._timeout.seconds = CONNECT_SECONDS
        try:
            return self._http.get(f"{self.url}/health").is_success
        except (httpx.HTTPError, TenderlakeError):
            return False

    def _set_timeout(self, request: httpx.Request) -> None:
        seconds = getattr(self._timeout, "seconds", self._seconds)
        request.extensions["timeout"] = httpx.Timeout(seconds, connect=CONNECT_SECONDS).as_dict()


def batched(items: Iterable[T], most: int, size: int) -> Iterator[list[T]]:
    """Lists of at most `most` items, and of at most `size` characters or bytes together, or of one item."""
    batch: list[T] = []
    total = 0
    for item in items:
        length = len(item) + 1  # type: ignore[arg-type]
        if batch and (len(batch) == most or total + length > size):
            yield batch
            batch, total = [], 0
        batch.append(item)
        total += length
    if batch:
        yield batch


def refusal(key: str, answer: Json) -> Exception:
    """The error of a document that an import did not take."""
    return _failure(int(answer.get("code", 500)), f"{answer.get('error')} (document {key!r})")


def _check(response: httpx.Response) -> None:
    """Raise our error for a response of failure: the client's own errors have neither 429 nor `Retry-After`."""
    if response.status_code < 300:
        return
    response.read()
    try:
        text = str(orjson.loads(response.content)["message"])
    except (orjson.JSONDecodeError, KeyError, TypeError):
        text = response.text[:200] or response.reason_phrase
    raise _failure(response.status_code, text, response.headers.get("Retry-After"))


def _failure(status: int, text: str, retry_after: str | None = None) -> Exception:
    """Our error for the status of a request, of a search in it, or of a document."""
    if any(sign in text for sign in FULL_DISK):
        return NoSpaceError(f"The disk of the Typesense server is full: {text}")
    if status == BUSY:
        seconds = int(retry_after) if retry_after and retry_after.isdecimal() else 1
        return UnavailableError(f"Typesense is busy: {text}", retry_after=seconds)
    other = (SilentError if status in NOT_READY else UnavailableError, f"Typesense answers {status}")
    error, reason = ERRORS.get(status, other)
    return error(f"{reason}: {text}")


def _passes(error: BaseException) -> bool:
    """Whether another try may succeed; a server that is known to be away is not tried again at once."""
    return isinstance(error, UnavailableError) and not isinstance(error, (AbsentError, AwayError))


def _wait(first: float, state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    seconds = error.details.get("retry_after") if isinstance(error, UnavailableError) else None
    return float(first * 2 ** (state.attempt_number - 1) if seconds is None else min(seconds, RETRY_MAX_SECONDS))
