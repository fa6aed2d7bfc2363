"""The official client, with what it lacks: a few retries, a timeout for each kind of request, streamed exports, answers
read line by line.

A request that is not answered in time is followed by a second one that tells whether the server still answers anybody.
Where it does not, or can't be reached, or says that it is not ready, every caller gets an AwayError until it is back
(infrastructure/system/outage.py).
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from math import ceil, isfinite
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx
import orjson
import typesense
from loguru import logger
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt

from domain.shared.errors import (
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
LONGEST_WAIT_SECONDS = 10.0
BATCH_DOCUMENTS, BATCH_BYTES = 1_000, 1_000_000  # of one import: a busy server takes 3 MB longer than it is waited for
SEARCHES = 50  # of one request
NOT_READY = {502, 503, 504}  # its own, and a proxy's
FULL_DISK = ("OUT_OF_DISK", "out of disk", "No space left")
Json = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True)
class RetryPolicy:
    """How often a request is tried, and the seconds before the second try; each further wait and each further timeout
    is twice as long.
    """

    tries: int = 3
    first: float = 0.25


IMPATIENT = RetryPolicy(tries=2, first=0.1)  # for readers, who rather hear soon that search is away


class BusyError(UnavailableError):
    """Raised when the server says when to come back; `after` in seconds."""

    def __init__(self, detail: str, after: float) -> None:
        super().__init__(detail, retry_after=max(1, ceil(after)))
        self.after = after


class SilentError(UnavailableError):
    """Raised when the server can't be reached, or says that it is not ready."""


class FrozenError(SilentError):
    """Raised when the server answers nothing, not even a second request: another try would only wait as long again."""


class AbsentError(UnavailableError):
    """Raised when a collection, an alias or a document is not there.

    No caller's 404: what is missing on the server is for us to make.
    """


class Client:
    """One server. Threads may share it; nothing connects before the first request."""

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
        self.seconds = seconds
        self._server = server_at("Typesense", self.url)
        self.patience = patience or RetryPolicy()
        self._limits = threading.local()
        hooks: dict[str, list[Callable[..., Any]]] = {"request": [self._limit], "response": [_check]}
        self._http = httpx.Client(transport=transport, trust_env=False, event_hooks=hooks)
        self._headers = {"X-TYPESENSE-API-KEY": key}
        parts = urlsplit(self.url)
        node: Any = {"host": parts.hostname, "protocol": parts.scheme, "path": parts.path}
        node["port"] = parts.port or (443 if parts.scheme == "https" else 80)
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
        """What a call of the client returns.

        AbsentError, ConflictError, InvalidError (400), NoSpaceError, UnavailableError; AwayError in an outage.
        """
        with self._asking():
            for tried in self._retrying(patience or self.patience):
                with (
                    tried,
                    self._within(
                        min((seconds or self.seconds) * 2 ** (tried.retry_state.attempt_number - 1), WHOLE_SECONDS)
                    ),
                ):
                    return call(self.api)
        raise AssertionError("tenacity raises what the last try raised")

    def search(self, searches: Sequence[Mapping[str, Any]]) -> list[Json]:
        """An answer each, in as few requests as it takes. Errors of one of them as those of a request."""
        found: list[Json] = []
        for start in range(0, len(searches), SEARCHES):
            asked: Any = {"searches": list(searches[start : start + SEARCHES])}
            answer: Any = self.ask(
                lambda api, asked=asked: api.api_call.post(  # type: ignore[misc]
                    "/multi_search", dict, body=asked
                ),
                patience=IMPATIENT,
            )
            results: list[Json] = answer["results"]
            if len(results) != len(asked["searches"]):
                raise UnavailableError(f"Typesense answered {len(results)} of {len(asked['searches'])} searches")
            for one in results:
                if "error" in one or "code" in one:
                    raise _failure(int(one.get("code", 500)), str(one.get("error", "no reason given")))
            found += results
        return found

    def put(self, collection: str, documents: Iterable[Json], action: str, **options: Any) -> list[Json]:
        """Import documents; the answer's line for each. Whether it was a success is for the caller to see (`refusal`).

        The next batch is made while the server takes the one before.
        """
        failed = threading.Event()

        def send(batch: Sequence[bytes]) -> list[Json]:
            try:
                return [] if failed.is_set() else self._import(collection, batch, {"action": action, **options})
            except BaseException:
                failed.set()
                raise

        with ThreadPoolExecutor(max_workers=1) as sender:
            try:
                sent = [sender.submit(send, batch) for batch in _batches(documents)]
            except BaseException:
                failed.set()
                raise
        return [answer for one in sent for answer in one.result()]

    def _import(self, collection: str, batch: Sequence[bytes], parameters: Json) -> list[Json]:
        def send(api: typesense.Client) -> list[Json]:
            said: str = api.collections[collection].documents.import_(b"\n".join(batch), dict(parameters))  # type: ignore[call-overload]
            return [orjson.loads(line) for line in said.splitlines() if line.strip()]

        answers = self.ask(send)
        if len(answers) != len(batch):
            raise UnavailableError(f"Typesense answered for {len(answers)} of {len(batch)} documents")
        return answers

    def export(self, collection: str, fields: str) -> Iterator[Json]:
        """Every document with these fields, as they come: the client's own export holds all of them in memory.

        UnavailableError where it breaks off.
        """
        address = f"{self.url}/collections/{collection}/documents/export"
        parameters = {"include_fields": fields}
        with (
            self._asking(),
            self._within(WHOLE_SECONDS),
            self._http.stream("GET", address, params=parameters, headers=self._headers) as response,
        ):
            for line in response.iter_lines():
                if line.strip():
                    yield orjson.loads(line)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Tell the process what became of a request."""
        self._server.admit()
        try:
            yield
        except SilentError as error:
            raise self._server.failed(error) from error
        except TenderlakeError:
            self._server.answered()
            raise
        self._server.answered()

    @contextmanager
    def _within(self, seconds: float) -> Iterator[None]:
        """The requests of this thread wait so long for an answer."""
        self._limits.seconds = seconds
        try:
            yield
        except httpx.TimeoutException as error:
            said = f"{self.url} did not answer within {seconds:.0f} s"
            raise UnavailableError(f"Typesense at {said}") if self._answers() else FrozenError(said) from error
        except httpx.HTTPError as error:
            raise SilentError(f"{self.url} can't be reached: {error or type(error).__name__}") from error
        except (ValueError, typesense.exceptions.TypesenseClientError) as error:
            raise UnavailableError(
                f"Typesense at {self.url} answers what is no JSON, or only part of it: {error}"
            ) from error

    def _answers(self) -> bool:
        """Whether the server answers anything at all."""
        self._limits.seconds = CONNECT_SECONDS
        try:
            return bool(self._http.get(f"{self.url}/health").is_success)
        except (httpx.HTTPError, TenderlakeError):
            return False

    def _limit(self, request: httpx.Request) -> None:
        request.extensions["timeout"] = httpx.Timeout(
            getattr(self._limits, "seconds", self.seconds), connect=CONNECT_SECONDS
        ).as_dict()

    def _retrying(self, patience: RetryPolicy) -> Retrying:
        """A server that is known to be away is tried once."""
        return Retrying(
            retry=retry_if_exception(
                lambda error: isinstance(error, UnavailableError) and not isinstance(error, (AbsentError, FrozenError))
            ),
            stop=stop_after_attempt(1 if self._server.away else patience.tries),
            wait=lambda state: _wait(state, patience),
            before_sleep=lambda state: logger.debug(
                "typesense: {}; trying again", state.outcome and state.outcome.exception()
            ),
            reraise=True,
        )


def refusal(key: str, answer: Json) -> Exception:
    """The error of a document that an import did not take."""
    return _failure(int(answer.get("code", 500)), f"{answer.get('error', 'no reason given')} (document {key!r})")


def _wait(state: RetryCallState, patience: RetryPolicy) -> float:
    error = state.outcome.exception() if state.outcome else None
    if isinstance(error, BusyError):
        return min(error.after, LONGEST_WAIT_SECONDS)
    return float(patience.first * 2 ** (state.attempt_number - 1))


def _check(response: httpx.Response) -> None:
    """Raise what an answer of failure means: here, since the client's own errors tell neither 429 nor `Retry-After`."""
    if response.status_code >= 300:
        response.read()
        raise _failure(response.status_code, _message(response), response.headers.get("Retry-After"))


def _failure(status: int, said: str, retry_after: str | None = None) -> Exception:
    """The error of ours for a status of theirs, of a request, of a search or of a document in it."""
    if any(sign in said for sign in FULL_DISK):
        return NoSpaceError(f"The disk of the Typesense server is full: {said}")
    if status == 400:
        return InvalidError(f"Typesense refuses the request: {said}")
    if status == 404:
        return AbsentError(f"Typesense has no such thing: {said}")
    if status == 409:
        return ConflictError(f"Typesense has it already: {said}")
    if status in {401, 403}:
        return RetryableError(f"Typesense refuses the API key of TENDERLAKE_TYPESENSE_API_KEY: {said}")
    if status == 429:
        return BusyError(f"Typesense is busy: {said}", _seconds(retry_after))
    return (SilentError if status in NOT_READY else UnavailableError)(f"Typesense answers {status}: {said}")


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


def _batches(documents: Iterable[Json]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for line in map(orjson.dumps, documents):
        if batch and (len(batch) == BATCH_DOCUMENTS or size + len(line) > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield batch
