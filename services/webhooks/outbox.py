"""Webhook deliveries: a transactional outbox, sent until the receiver acknowledges.

A delivery is enqueued in the transaction of the event that it reports. A run leases due deliveries, sends each in its
own thread and records the result at once, so that a slow receiver delays no other: one attempt at a time per URL, a few
per host. Delivery is at least once: if a sender dies after sending, the message is sent again when the lease expires,
with the same `webhook-id`.
"""

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, NamedTuple

import orjson
from loguru import logger

from domain.shared.errors import AwayError, DamagedError, NotFoundError, RetryableError, level_of
from domain.webhooks.deliveries import Delivery, DeliveryResult, after_attempt, signed
from services.ports.parts import Parts
from services.ports.queue import MessageQueue
from services.ports.secrets import SecretCipher
from services.ports.warehouse import Warehouse, WriteUnitOfWork
from services.ports.webhooks import WebhookRequest, WebhookSender
from services.shared.clock import now
from services.shared.pages import Page, cut_page, decode_number

DELIVER_ACTOR = "deliver"
MAX_CONCURRENT_ATTEMPTS = 32  # concurrent attempts
MAX_HOST_ATTEMPTS = 4  # concurrent attempts per host
LEASE_DURATION = timedelta(seconds=60)  # longer than an attempt
POLL_SECONDS = 0.2  # between queries for due deliveries while attempts are running
RUN_SECONDS = 3_600.0  # after which a run leases nothing new: slow receivers could keep it busy without end
DELIVERY_RETENTION = timedelta(days=30)
WAIT_SECONDS = 300.0  # for an unavailable warehouse, to record the result of an attempt


def enqueue(work: WriteUnitOfWork, *, url: str, secret: str, event: str, payload: dict[str, Any], ref: str) -> None:
    """Queue a delivery, as part of the caller's transaction. After the commit, `wake` sends it at once.

    `ref` is its subject (a job's id); `secret` is encrypted.
    """
    moment = now()
    work.deliveries.add(
        [Delivery(url=url, secret=secret, event=event, payload=payload, ref=ref, created_at=moment, next_at=moment)]
    )


def wake_deliveries(warehouse: Warehouse, messages: MessageQueue) -> None:
    """Send the message that starts a run if deliveries are due. If the queue is unavailable, the sweep does it."""
    with warehouse.read() as work:
        due = work.deliveries.due(now(), MAX_HOST_ATTEMPTS)
    if due:
        try:
            messages.send(DELIVER_ACTOR)
        except RetryableError as error:
            logger.log(level_of(error), "deliveries wait for the sweep: {}", error.detail)


def deliver(parts: Parts, moment: datetime | None = None) -> None:
    """Send deliveries that are due at `moment` (default: now, and until none is due), and record each result.

    Concurrent runs lease different deliveries; those leased by a killed run are due again when the lease expires.
    """
    end = monotonic() + RUN_SECONDS
    running: dict[Future[DeliveryResult], LeasedDelivery] = {}
    with ThreadPoolExecutor(MAX_CONCURRENT_ATTEMPTS, "deliver") as pool:
        while True:
            if monotonic() < end and len(running) < MAX_CONCURRENT_ATTEMPTS:
                leased = _lease_more(
                    parts.warehouse, moment or now(), MAX_CONCURRENT_ATTEMPTS - len(running), running=bool(running)
                )
                running |= {pool.submit(_attempt, parts.hooks, parts.seals, one.delivery): one for one in leased}
            if not running:
                break
            ended, _ = wait(running, POLL_SECONDS, FIRST_COMPLETED)
            if ended:
                _record_results(parts.warehouse, [(running.pop(one), one.result()) for one in ended])
    wake_deliveries(parts.warehouse, parts.messages)


def list_deliveries(
    warehouse: Warehouse,
    *,
    ref: str | None = None,
    webhook_id: str | None = None,
    cursor: str | None = None,
    limit: int = 100,
) -> Page[Delivery]:
    """A page of deliveries by subject or webhook, newest first."""
    before = decode_number(cursor)
    with warehouse.read() as work:
        deliveries = work.deliveries.page(ref=ref, webhook_id=webhook_id, before=before, limit=limit + 1)
    return cut_page(deliveries, limit, lambda delivery: [delivery.id])


def redeliver(
    warehouse: Warehouse,
    messages: MessageQueue,
    delivery_id: int,
    *,
    ref: str | None = None,
    webhook_id: str | None = None,
) -> Delivery:
    """Send a delivery again, in any state. NotFoundError if the subject or webhook has no delivery of that id."""
    with warehouse.write() as work:
        found = work.deliveries.get(delivery_id)
        if (
            found is None
            or (ref is not None and found.ref != ref)
            or (webhook_id is not None and found.webhook_id != webhook_id)
        ):
            raise NotFoundError(f"there is no delivery {delivery_id} here")
        queued = work.deliveries.requeue(delivery_id, now())
        work.commit()
    wake_deliveries(warehouse, messages)
    return queued


class LeasedDelivery(NamedTuple):
    """A delivery leased by this run, from `since` to `until`."""

    delivery: Delivery
    since: datetime
    until: datetime


def _lease_more(warehouse: Warehouse, moment: datetime, limit: int, *, running: bool) -> list[LeasedDelivery]:
    """`_lease`; empty if the warehouse is unavailable while attempts run, whose results are to be recorded later."""
    try:
        return _lease(warehouse, moment, limit)
    except AwayError:
        if not running:
            raise
        return []


def _lease(warehouse: Warehouse, moment: datetime, limit: int) -> list[LeasedDelivery]:
    with warehouse.read() as work:
        if not work.deliveries.due(moment, MAX_HOST_ATTEMPTS):
            return []
    until = moment + LEASE_DURATION
    with warehouse.write() as work:
        work.deliveries.delete_settled(moment - DELIVERY_RETENTION)
        found = work.deliveries.lease(moment, until, limit, MAX_HOST_ATTEMPTS)
        work.commit()
    return [LeasedDelivery(one, moment, until) for one in found]


def _attempt(hooks: WebhookSender, seals: SecretCipher, delivery: Delivery) -> DeliveryResult:
    """Send the delivery; returns the response. A secret that can't be decrypted is a final failure. Never raises."""
    try:
        return hooks.post(_post(delivery, seals.decrypt(delivery.secret)))
    except DamagedError as error:
        return DeliveryResult(error=error.detail, final=True)
    except Exception as error:  # pylint: disable=broad-exception-caught  # other deliveries of the run must continue
        logger.opt(exception=error).error("delivery {} can't be sent", delivery.id)
        return DeliveryResult(error=f"sending failed: {type(error).__name__}")


def _post(delivery: Delivery, secret: str) -> WebhookRequest:
    body = orjson.dumps(delivery.payload)
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "tenderlake",
        "X-Tenderlake-Event": delivery.event,
        **signed(secret, str(delivery.id), now(), body),
    }
    return WebhookRequest(delivery.url, body, headers)


def _record_results(warehouse: Warehouse, ended: Sequence[tuple[LeasedDelivery, DeliveryResult]]) -> None:
    """Record the results, waiting for an unavailable warehouse: unrecorded deliveries are sent again."""
    warehouse.wait(WAIT_SECONDS)
    try:
        _record_now(warehouse, ended)
    except AwayError:
        warehouse.wait(WAIT_SECONDS)
        _record_now(warehouse, ended)


def _record_now(warehouse: Warehouse, ended: Sequence[tuple[LeasedDelivery, DeliveryResult]]) -> None:
    with warehouse.write() as work:
        for (delivery, since, until), answered in ended:
            updated = after_attempt(delivery, answered, max(now(), since))
            work.deliveries.record_attempt(updated, until)
            if answered.error:
                subject = f"delivery {delivery.id} of {delivery.event} to {delivery.url}: attempt {updated.attempts}"
                logger.info("{}: {}; it is {}", subject, answered.error, updated.status)
        work.commit()
