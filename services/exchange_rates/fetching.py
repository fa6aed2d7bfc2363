"""Enrichment: the exchange rates that facts need are asked of a public service, and land in bronze as any file does.

An answer that is believed becomes a stored file and a job; asked twice, the same answer changes nothing.
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
from services.shared.clock import now
from services.uploads.submission import submit

MAX_REQUESTS = 60  # asked in one go at most; what is left is asked for the next time
TIME_LIMIT_SECONDS = 60.0  # after which no further question is asked, for somebody may wait
EARLIEST_DAY = date(1948, 1, 1)  # no service of this kind goes back further
DEFAULT_PERIOD_DAYS = 30  # asked for where it is not said from when on


@dataclass(frozen=True)
class RateRequest:
    """What to ask for: days, both included, and currencies; what is None is chosen. A wish for nothing asks for what facts need."""

    first: date | None = None
    last: date | None = None
    currencies: Sequence[str] | None = None


def fetch_rates(
    parts: Parts, actor: str, request: RateRequest | None = None, *, idempotency: IdempotencyKey | None = None, webhook: JobWebhook | None = None
) -> Job | None:
    """Ask for rates and submit those that are new; None where there is nothing new.

    ConflictError where no service is set, InvalidError for a wish that can't be, UnavailableError where the service does not answer:
    what it had answered before is submitted all the same, as the job that the error names.
    """
    if parts.rate_service is None:
        raise ConflictError("no exchange-rate service is set: name one in TENDERLAKE_RATES_URL, for instance https://api.frankfurter.dev")
    before = _before(parts, idempotency) if idempotency else None
    if before is not None:
        return before
    # Rates of today may still change, and those of yesterday serve until they do not.
    upto = now().date() - timedelta(days=1)
    questions = _wished(parts, request, upto) if request and request != RateRequest() else _needed(parts, upto)
    found: list[ExchangeRate] = []
    ends = time.monotonic() + TIME_LIMIT_SECONDS
    try:
        for number, question in enumerate(questions[:MAX_REQUESTS]):
            if time.monotonic() > ends:
                raise UnavailableError(
                    f"the exchange-rate service is slow: {number} of {len(questions)} questions were answered in {TIME_LIMIT_SECONDS:.0f} s; ask again"
                )
            found += _new(parts, parts.rate_service, question)
    except UnavailableError as error:
        job = _submit(parts, actor, found, None, webhook)  # not under the key: whoever asks again with it wants the rest
        raise UnavailableError(error.detail, **error.details, **({"job": job.id} if job else {})) from error
    return _submit(parts, actor, found, idempotency, webhook)


def _before(parts: Parts, idempotency: IdempotencyKey) -> Job | None:
    """The job that the same request made before. ConflictError where its key was used for another."""
    with parts.warehouse.write() as work:  # not committed: the key is put down with the job
        known = claim_key(work, idempotency, [])
        return get_job(parts.warehouse, known[0]) if known else None


def _needed(parts: Parts, upto: date) -> list[RatePeriod]:
    with parts.warehouse.read() as work:
        needs = work.exchange_rates.needs(upto)
        return plan_periods(needs, work.exchange_rates.newest(PIVOT_CURRENCY), parts.base_currency)


def _wished(parts: Parts, wish: RateRequest, upto: date) -> list[RatePeriod]:
    last = min(wish.last or upto, upto)
    since = wish.first or last - timedelta(days=DEFAULT_PERIOD_DAYS)
    if not EARLIEST_DAY <= since <= last:
        raise InvalidError(
            f"rates can be asked for from {EARLIEST_DAY} to {upto}, yesterday, and from must not be after to", got=f"{since} to {wish.last or last}"
        )
    wrong = [one for one in wish.currencies or () if not CODE.fullmatch(one)]
    if wrong:
        raise InvalidError(f"{', '.join(wrong)[:200]}: a currency is three capital letters, such as USD")
    currencies = wish.currencies
    if currencies is None:
        with parts.warehouse.read() as work:
            currencies = [one for one in work.exchange_rates.currencies() if CODE.fullmatch(one)]
    return split_period(since, last, {*currencies, parts.base_currency})


def _new(parts: Parts, service: RateService, question: RatePeriod) -> list[ExchangeRate]:
    """What the service says, without what gold has already."""
    said = service.rates(PIVOT_CURRENCY, question.first, question.last, question.currencies)
    with parts.warehouse.read() as work:
        known = set(work.exchange_rates.between(*question).rows())
    return [rate for rate in said if tuple(rate) not in known]


def _submit(parts: Parts, actor: str, rates: Sequence[ExchangeRate], idempotency: IdempotencyKey | None, webhook: JobWebhook | None) -> Job | None:
    if not rates:
        return None
    receiver = parts.files.receive()
    try:
        for rate in sorted(set(rates)):
            receiver.write(orjson.dumps(rate._asdict()) + b"\n")
        sha256, size = receiver.finish()
    finally:
        receiver.abort()
    name = f"frankfurter-{min(rates).date}..{max(rates).date}.jsonl"
    logger.info("exchange rates: {} new ones are submitted as {}", len(set(rates)), name)
    return submit(parts.warehouse, parts.messages, sha256=sha256, size=size, filename=name, actor=actor, idempotency=idempotency, webhook=webhook)
