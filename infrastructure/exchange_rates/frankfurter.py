"""Client of an exchange-rate service with the Frankfurter API: GET {url}/v1/{first}..{last}?base=EUR&symbols=USD,GBP.

It retries while the service is slow or busy, and checks every response.
"""

import math
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime

import httpx
from loguru import logger
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from domain.exchange_rates.conversion import ExchangeRate
from domain.exchange_rates.needed_rates import PIVOT_CURRENCY
from domain.shared.errors import UnavailableError
from infrastructure.exchange_rates.response_check import InvalidResponseError, RateQuery, read_response

UNKNOWN_STATUSES = {404, 422}  # responses for an unknown currency or period
KNOWN_CURRENCY = "USD"  # a currency that every service has
RECENT_DURATION = timedelta(days=10)
SHOWN_BYTES = 200  # of a response that are quoted in messages


@dataclass(frozen=True)
class RequestLimits:
    """Limits of one request: attempts, waits between them, timeouts, and the size of the response."""

    attempts: int = 3
    first_wait_seconds: float = 0.5
    max_wait_seconds: float = 15.0
    connect_seconds: float = 5.0
    response_seconds: float = 10.0
    response_bytes: int = 8 << 20


class _AwayError(Exception):
    """Raised when a retry may succeed; `after` is the Retry-After of the service in seconds."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class _UnknownError(Exception):
    """Raised when the service does not know the currency or period."""


class Frankfurter:
    """Implements the port `RateService`; connects only on calls."""

    def __init__(self, url: str, limits: RequestLimits | None = None) -> None:
        self.url = url.rstrip("/")
        self.limits = limits or RequestLimits()
        self._answered = False  # whether the service has returned rates before, which proves its address

    def rates(self, base: str, first: date, last: date, currencies: Sequence[str]) -> list[ExchangeRate]:
        """Rates of 1 `base` in each currency that the service knows, for its working days from `first` to `last`,
        sorted.

        UnavailableError if it does not answer or its response is invalid; nothing of an invalid response is used.
        """
        query = RateQuery(base, first, last, currencies)
        try:
            return self._known_rates(query)
        except _AwayError as error:
            wait = {"retry_after": math.ceil(error.after)} if error.after else {}
            raise UnavailableError(f"the exchange-rate service {self.url} {error}; try again later", **wait) from error
        except InvalidResponseError as error:
            raise UnavailableError(
                f"the response of the exchange-rate service {self.url} is invalid: {error}"
            ) from error

    def _known_rates(self, query: RateQuery) -> list[ExchangeRate]:
        """The rates of the known currencies; if one is unknown, each currency is requested separately."""
        try:
            return self._request(query)
        except _UnknownError as error:
            unknown = error
        if len(query.currencies) > 1:
            return sorted(
                rate
                for currency in query.currencies
                for rate in self._known_rates(replace(query, currencies=[currency]))
            )
        if not self._answered:
            self._check_address(query, unknown)
        logger.info(
            "{} has no rates of {} from {} to {}: {}",
            self.url,
            query.currencies[0],
            query.first,
            query.last,
            unknown,
        )
        return []

    def _check_address(self, query: RateQuery, unknown: _UnknownError) -> None:
        """InvalidResponseError if the service does not even know a currency that every service has: then the URL is
        wrong.
        """
        currency = KNOWN_CURRENCY if query.base != KNOWN_CURRENCY else PIVOT_CURRENCY
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        for known in (
            replace(query, currencies=[currency]),
            RateQuery(query.base, yesterday - RECENT_DURATION, yesterday, [currency]),
        ):
            with suppress(_UnknownError):
                self._request(known)
                return
        raise InvalidResponseError(f"it has no rates, not even of {currency} ({unknown}): check its URL")

    def _request(self, query: RateQuery) -> list[ExchangeRate]:
        """One request with retries. _UnknownError (currency or period), _AwayError, InvalidResponseError."""
        retrying = Retrying(
            stop=stop_after_attempt(self.limits.attempts),
            wait=self._wait,
            retry=retry_if_exception(self._worth_waiting),
            reraise=True,
        )
        found = read_response(retrying(self._get, query), query)
        self._answered = True
        return found

    def _worth_waiting(self, error: BaseException) -> bool:
        """Whether a retry may succeed after at most `max_wait_seconds`."""
        return isinstance(error, _AwayError) and (error.after or 0.0) <= self.limits.max_wait_seconds

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, _AwayError) and error.after is not None:
            return error.after
        return wait_random_exponential(self.limits.first_wait_seconds, self.limits.max_wait_seconds)(state)

    def _get(self, query: RateQuery) -> bytes:
        timeout = httpx.Timeout(self.limits.response_seconds, connect=self.limits.connect_seconds)
        params = {"base": query.base, "symbols": ",".join(query.currencies)}
        headers = {"Accept": "application/json", "User-Agent": "tenderlake"}
        try:
            with (
                httpx.Client(timeout=timeout, headers=headers) as client,
                client.stream("GET", f"{self.url}/v1/{query.first}..{query.last}", params=params) as response,
            ):
                return self._body(response)
        except httpx.TimeoutException as error:
            raise _AwayError("did not answer in time") from error
        except httpx.RequestError as error:
            raise _AwayError(f"can't be reached: {error or type(error).__name__}") from error

    def _body(self, response: httpx.Response) -> bytes:
        status, media = response.status_code, response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if status == 429 or status >= 500:
            raise _AwayError(f"answered {status}", _retry_after(response.headers.get("retry-after")))
        if status in UNKNOWN_STATUSES and media == "application/json":
            raise _UnknownError(f"{status} {self._excerpt(response)}")
        if status != 200:
            more = f" (redirect to {response.headers['location']})" if "location" in response.headers else ""
            more = f" ({self._excerpt(response)})" if not more and media == "application/json" else more
            raise InvalidResponseError(f"it answered {status}{more}: check its URL")
        if media != "application/json":
            raise InvalidResponseError(f"its media type is {media or 'missing'}, not JSON")
        return self._content(response)

    def _excerpt(self, response: httpx.Response) -> str:
        return " ".join(self._content(response)[:SHOWN_BYTES].decode("utf-8", "replace").split())

    def _content(self, response: httpx.Response) -> bytes:
        """The body, within the limits of size and total time: the timeout of the socket starts again at every byte."""
        ends, chunks, size = time.monotonic() + self.limits.response_seconds, [], 0
        for chunk in response.iter_bytes():
            size += len(chunk)
            if size > self.limits.response_bytes:
                raise InvalidResponseError(f"it is larger than {self.limits.response_bytes} bytes")
            if time.monotonic() > ends:
                raise _AwayError("did not answer in time")
            chunks.append(chunk)
        return b"".join(chunks)


def _retry_after(text: str | None) -> float | None:
    """Retry-After in seconds, from a number or an HTTP date; None if missing or invalid."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    with suppress(ValueError, TypeError):
        at = parsedate_to_datetime(text)
        return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds())
    return None
