"""The client of an exchange-rate service in Frankfurter's shape: GET {url}/v1/{first}..{last}?base=EUR&symbols=USD,GBP.

It waits for a service that is slow or busy, leaves one alone that keeps failing, and believes no answer that can't be true.
"""

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
from infrastructure.exchange_rates.circuit_breaker import CircuitBreaker
from infrastructure.exchange_rates.response_check import RateQuestion, WrongAnswerError, read_answer

UNKNOWN_STATUSES = {404, 422}  # what a service says of a currency or a time that it does not know
KNOWN_CURRENCY = "USD"  # a currency that every service knows
RECENT_DURATION = timedelta(days=10)
SHOWN_BYTES = 200  # bytes of what the service said that are said back


@dataclass(frozen=True)
class RequestLimits:
    """How often and how long (seconds) one question is asked, and how many bytes its answer may have."""

    tries: int = 3
    first_wait: float = 0.5
    longest_wait: float = 15.0
    connect: float = 5.0
    answer: float = 10.0
    most: int = 8 << 20


class _AwayError(Exception):
    """Raised when the service may answer the next time; `after` is how many seconds it asks to wait."""

    def __init__(self, reason: str, after: float | None = None) -> None:
        super().__init__(reason)
        self.after = after


class _UnknownError(Exception):
    """Raised when the service says that it knows nothing of what was asked for."""


class Frankfurter:
    """The port `RateService`; nothing connects before it is asked."""

    def __init__(self, url: str, circuit: CircuitBreaker, patience: RequestLimits | None = None) -> None:
        self.url = url.rstrip("/")
        self.circuit = circuit
        self.patience = patience or RequestLimits()
        self._answered = False  # whether the service has ever given rates, so that its address is right

    def rates(self, base: str, first: date, last: date, currencies: Sequence[str]) -> list[ExchangeRate]:
        """1 `base` in each of the currencies that the service knows, on its working days from `first` to `last`, by day and currency.

        UnavailableError where it does not answer, or its answer can't be true; nothing of such an answer is kept.
        """
        asked = RateQuestion(base, first, last, currencies)
        self.circuit.admit()
        try:
            found = self._known(asked)
        except _AwayError as error:
            self.circuit.failed(error.after)
            raise self._unavailable(f"the exchange-rate service {self.url} {error}; try again later") from error
        except WrongAnswerError as error:
            self.circuit.failed()
            raise self._unavailable(f"the answer of the exchange-rate service {self.url} can't be used: {error}") from error
        self.circuit.succeeded()
        return found

    def _unavailable(self, detail: str) -> UnavailableError:
        """With the seconds for which the service is left alone, where it is."""
        left = self.circuit.left()
        return UnavailableError(detail, **({"retry_after": left} if left else {}))

    def _known(self, asked: RateQuestion) -> list[ExchangeRate]:
        """The rates of the currencies that the service knows; each is asked for alone where it does not know all of them."""
        try:
            return self._ask(asked)
        except _UnknownError as error:
            said = error
        if len(asked.currencies) > 1:
            return sorted(rate for currency in asked.currencies for rate in self._known(replace(asked, currencies=[currency])))
        if not self._answered:
            self._check_address(asked, said)
        logger.info("{} has no rates of {} from {} to {}: {}", self.url, asked.currencies[0], asked.first, asked.last, said)
        return []

    def _check_address(self, asked: RateQuestion, said: _UnknownError) -> None:
        """WrongAnswerError where the service knows nothing at all, not even a currency that all of them know: then its address is wrong."""
        currency = KNOWN_CURRENCY if asked.base != KNOWN_CURRENCY else PIVOT_CURRENCY
        yesterday = datetime.now(UTC).date() - timedelta(days=1)
        for sure in (replace(asked, currencies=[currency]), RateQuestion(asked.base, yesterday - RECENT_DURATION, yesterday, [currency])):
            with suppress(_UnknownError):
                self._ask(sure)
                return
        raise WrongAnswerError(f"it knows nothing, not even {currency} ({said}): is its address right?")

    def _ask(self, asked: RateQuestion) -> list[ExchangeRate]:
        """_UnknownError where the service knows nothing of it, _AwayError where it does not answer, WrongAnswerError where it answers wrongly."""
        retrying = Retrying(stop=stop_after_attempt(self.patience.tries), wait=self._wait, retry=retry_if_exception(self._worth_waiting), reraise=True)
        found = read_answer(retrying(self._get, asked), asked)
        self._answered = True
        return found

    def _worth_waiting(self, error: BaseException) -> bool:
        """Whether it may answer the next time, after a wait that somebody who waits for the answer can bear."""
        return isinstance(error, _AwayError) and (error.after or 0.0) <= self.patience.longest_wait

    def _wait(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome else None
        if isinstance(error, _AwayError) and error.after is not None:
            return error.after
        return wait_random_exponential(self.patience.first_wait, self.patience.longest_wait)(state)

    def _get(self, asked: RateQuestion) -> bytes:
        timeout = httpx.Timeout(self.patience.answer, connect=self.patience.connect)
        params = {"base": asked.base, "symbols": ",".join(asked.currencies)}
        headers = {"Accept": "application/json", "User-Agent": "tenderlake"}
        try:
            with (
                httpx.Client(timeout=timeout, headers=headers) as client,
                client.stream("GET", f"{self.url}/v1/{asked.first}..{asked.last}", params=params) as response,
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
            raise _UnknownError(f"{status} {self._said(response)}")
        if status != 200:
            more = f" (it points at {response.headers['location']})" if "location" in response.headers else ""
            more = f" ({self._said(response)})" if not more and media == "application/json" else more
            raise WrongAnswerError(f"it answered {status}{more}: is its address right?")
        if media != "application/json":
            raise WrongAnswerError(f"it is {media or 'of no type'} and no JSON")
        return self._content(response)

    def _said(self, response: httpx.Response) -> str:
        return " ".join(self._content(response)[:SHOWN_BYTES].decode("utf-8", "replace").split())

    def _content(self, response: httpx.Response) -> bytes:
        """The body, within the bounds of size and of time as a whole: a timeout of the socket begins anew at every byte."""
        ends, parts, size = time.monotonic() + self.patience.answer, [], 0
        for part in response.iter_bytes():
            size += len(part)
            if size > self.patience.most:
                raise WrongAnswerError(f"it is larger than {self.patience.most} bytes")
            if time.monotonic() > ends:
                raise _AwayError("did not answer in time")
            parts.append(part)
        return b"".join(parts)


def _retry_after(text: str | None) -> float | None:
    """Seconds to wait, from seconds or an HTTP date; None where it says nothing that can be read."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    with suppress(ValueError, TypeError):
        at = parsedate_to_datetime(text)
        return max(0.0, ((at if at.tzinfo else at.replace(tzinfo=UTC)) - datetime.now(UTC)).total_seconds())
    return None
