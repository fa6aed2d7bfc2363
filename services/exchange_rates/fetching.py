"""Fetches the exchange rates that facts need from a public service, and submits them as a file like any other.

A valid answer becomes a stored file and a job; unchanged rates are not submitted again.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import orjson
from loguru import logger

from domain.exchange_rates.conversion import ExchangeRate
from domain.exchange_rates.needed_rates import CODE, PIVOT_CURRENCY, RatePeriod, plan_periods, split_period
from domain.jobs.job import Job, JobWebhook
from domain.shared.errors import ConflictError, InvalidError, UnavailableError
from services.jobs.idempotency import IdempotencyKey, claim_key
from services.jobs.queries import get_job
from services.ports.exchange_rates import RateService
from services.ports.parts import Parts
from services.ports.warehouse import Warehouse
from services.shared.clock import now
from services.uploads.submission import submit

MAX_REQUESTS = 60  # per run; the rest is fetched by the next run
TIME_LIMIT_SECONDS = 60.0  # afterwards no further request is sent, as a caller may be waiting
EARLIEST_DAY = date(1948, 1, 1)  # the first day with rates
DEFAULT_PERIOD_DAYS = 30  # for a request without a first day


@dataclass(frozen=True)
class RateRequest:
    """Rates to fetch: days, both inclusive, and currencies. None means the default; all None: what facts need."""

    first: date | None = None
    last: date | None = None
    currencies: Sequence[str] | None = None


def fetch_rates(
    parts: Parts,
    actor: str,
    request: RateRequest | None = None,
    *,
    idempotency: IdempotencyKey | None = None,
    webhook: JobWebhook | None = None,
) -> Job | None:
    """Fetch rates and submit the new ones as a job; None if there are none.

    ConflictError without a configured service, InvalidError for an invalid request, UnavailableError if the service
    does not answer: rates fetched before are submitted all the same, as the job that the error names.
    """
    if parts.rate_service is None:
        advice = "set TENDERLAKE_RATES_URL, for instance to https://api.frankfurter.dev"
        raise ConflictError(f"no exchange-rate service is configured: {advice}")
    previous = _previous_job(parts.warehouse, idempotency) if idempotency else None
    if previous is not None:
        return previous
    # Today's rates may still change; until they are final, yesterday's are used.
    upto = now().date() - timedelta(days=1)
    explicit = request is not None and request != RateRequest()
    periods = _requested(parts, request, upto) if request and explicit else _needed(parts, upto)
    rates: list[ExchangeRate] = []
    ends = time.monotonic() + TIME_LIMIT_SECONDS
    try:
        for number, period in enumerate(periods[:MAX_REQUESTS]):
            if time.monotonic() > ends:
                done = f"{number} of {len(periods)} requests took {TIME_LIMIT_SECONDS:.0f} s"
                raise UnavailableError(f"the exchange-rate service is slow: {done}; retry")
            rates += _new(parts.warehouse, parts.rate_service, period)
    except UnavailableError as error:
        # Without the idempotency key: a repeated request with it must fetch the rest.
        job = _submit(parts, actor, rates, None, webhook)
        raise UnavailableError(error.detail, **error.details, **({"job": job.id} if job else {})) from error
    return _submit(parts, actor, rates, idempotency, webhook)


def _previous_job(warehouse: Warehouse, idempotency: IdempotencyKey) -> Job | None:
    """Return the job of the same request made before. ConflictError if its key was used for another request."""
    with warehouse.write() as work:  # not committed: the key is stored with the job
        known = claim_key(work, idempotency, [])
        return get_job(warehouse, known[0]) if known else None


def _needed(parts: Parts, upto: date) -> list[RatePeriod]:
    with parts.warehouse.read() as work:
        needs = work.exchange_rates.needs(upto)
        return plan_periods(needs, work.exchange_rates.newest(PIVOT_CURRENCY), parts.base_currency)


def _requested(parts: Parts, request: RateRequest, upto: date) -> list[RatePeriod]:
    last = min(request.last or upto, upto)
    since = request.first or last - timedelta(days=DEFAULT_PERIOD_DAYS)
    if not EARLIEST_DAY <= since <= last:
        raise InvalidError(
            f"rates are available from {EARLIEST_DAY} to {upto} (yesterday), and `from` must not be after `to`",
            got=f"{since} to {request.last or last}",
        )
    wrong = [code for code in request.currencies or () if not CODE.fullmatch(code)]
    if wrong:
        raise InvalidError(f"{', '.join(wrong)[:200]}: a currency is three capital letters, such as USD")
    currencies = request.currencies
    if currencies is None:
        with parts.warehouse.read() as work:
            currencies = [code for code in work.exchange_rates.currencies() if CODE.fullmatch(code)]
    return split_period(since, last, {*currencies, parts.base_currency})


def _new(warehouse: Warehouse, service: RateService, period: RatePeriod) -> list[ExchangeRate]:
    """Return the service's rates without those that gold has already."""
    fetched = service.rates(PIVOT_CURRENCY, period.first, period.last, period.currencies)
    with warehouse.read() as work:
        known = set(work.exchange_rates.between(*period).rows())
    return [rate for rate in fetched if tuple(rate) not in known]


def _submit(
    parts: Parts,
    actor: str,
    rates: Sequence[ExchangeRate],
    idempotency: IdempotencyKey | None,
    webhook: JobWebhook | None,
) -> Job | None:
    if not rates:
        return None
    sha256, size = parts.files.store(orjson.dumps(rate._asdict()) + b"\n" for rate in sorted(set(rates)))
    name = f"frankfurter-{min(rates).date}..{max(rates).date}.jsonl"
    logger.info("exchange rates: submitting {} new rates as {}", len(set(rates)), name)
    return submit(
        parts.warehouse,
        parts.messages,
        sha256=sha256,
        size=size,
        filename=name,
        actor=actor,
        idempotency=idempotency,
        webhook=webhook,
    )
