"""Webhook deliveries: a transactional outbox, sent until the receiver acknowledges.

A delivery is queued in the transaction that makes it true. A run leases what is due, sends each delivery in a thread of its own and notes the
answer as it comes, so that a receiver that hangs delays no other: one attempt at a time for a URL, a few for a host. Delivery is at least once:
a sender that dies after sending sends again once the lease ends, with the same `webhook-id`.
"""

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from datetime import datetime, timedelta
from time import monotonic
from typing import Any, NamedTuple

import orjson
from loguru import logger

from domain.shared.errors import AwayError, DamagedError, InvalidError, NotFoundError, RetryableError, level_of
from domain.webhooks.deliveries import Delivery, DeliveryResult, after_attempt, signed
from services.ports.parts import Parts
from services.ports.secrets import SecretCipher
from services.ports.warehouse import Warehouse, WriteUnitOfWork
from services.ports.webhooks import WebhookRequest, WebhookSender
from services.shared.clock import now
from services.shared.cursors import decode_cursor, encode_cursor

DELIVER_ACTOR = "deliver"
ATTEMPTS_MOST = 32  # attempts under way at a time
HOST_ATTEMPTS_MOST = 4  # of them to one host
LEASE_DURATION = timedelta(seconds=60)  # longer than an attempt takes
POLL_SECONDS = 0.2  # between two looks for what became due while attempts are under way
RUN_SECONDS = 3_600.0  # after which a run takes nothing new; where receivers hang all the time, it would never end
DELIVERY_RETENTION = timedelta(days=30)
WAIT_SECONDS = 300.0  # for a warehouse that is away, to note in it how an attempt ended


def enqueue(work: WriteUnitOfWork, *, url: str, secret: str, event: str, payload: dict[str, Any], ref: str) -> None:
    """Queue a delivery, as part of the caller's transaction. After the commit, `wake` sends it at once.

    `ref` is what it is about; `secret` is sealed.
    """
    moment = now()
    work.deliveries.add([Delivery(url=url, secret=secret, event=event, payload=payload, ref=ref, created_at=moment, next_at=moment)])


def wake_deliveries(parts: Parts) -> None:
    """Have what is due sent; without a queue at the moment, the sweep does."""
    with parts.warehouse.read() as work:
        due = work.deliveries.due(now(), HOST_ATTEMPTS_MOST)
    if due:
        try:
            parts.messages.send(DELIVER_ACTOR)
        except RetryableError as error:
            logger.log(level_of(error), "deliveries wait for the sweep: {}", error.detail)


def deliver(parts: Parts, moment: datetime | None = None) -> None:
    """Send what is due at this moment (default: now, and what becomes due meanwhile), and note how each attempt ends.

    Handled twice at once, each delivery is leased by one run; what a killed run had leased is due again after its lease.
    """
    end = monotonic() + RUN_SECONDS
    under_way: dict[Future[DeliveryResult], LeasedDelivery] = {}
    with ThreadPoolExecutor(ATTEMPTS_MOST, "deliver") as pool:
        while True:
            if monotonic() < end and len(under_way) < ATTEMPTS_MOST:
                leased = _lease_more(parts.warehouse, moment or now(), ATTEMPTS_MOST - len(under_way), under_way=bool(under_way))
                under_way |= {pool.submit(_attempt, parts.hooks, parts.seals, one.delivery): one for one in leased}
            if not under_way:
                break
            ended, _ = wait(under_way, POLL_SECONDS, FIRST_COMPLETED)
            if ended:
                _record_results(parts.warehouse, [(under_way.pop(one), one.result()) for one in ended])
    wake_deliveries(parts)


def list_deliveries(
    warehouse: Warehouse, *, ref: str | None = None, webhook_id: str | None = None, cursor: str | None = None, limit: int = 100
) -> tuple[Sequence[Delivery], str | None]:
    """A page of the deliveries about a thing or to a webhook, newest first, and the cursor of the next one."""
    before: int | None = None
    if cursor is not None:
        match decode_cursor(cursor):
            case [int(before)] if 0 <= before < 2**63:
                pass
            case _:
                raise InvalidError("the cursor is not one of this list", cursor=cursor)
    with warehouse.read() as work:
        page = work.deliveries.page(ref=ref, webhook_id=webhook_id, before=before, limit=limit + 1)
    return page[:limit], encode_cursor([page[limit - 1].id]) if len(page) > limit else None


def redeliver(parts: Parts, delivery_id: int, *, ref: str | None = None, webhook_id: str | None = None) -> Delivery:
    """Send a delivery once more, whatever became of it. NotFoundError where there is none of that id about that thing or to that webhook."""
    with parts.warehouse.write() as work:
        found = work.deliveries.get(delivery_id)
        if found is None or (ref is not None and found.ref != ref) or (webhook_id is not None and found.webhook_id != webhook_id):
            raise NotFoundError(f"there is no delivery {delivery_id} here")
        again = work.deliveries.requeue(delivery_id, now())
        work.commit()
    wake_deliveries(parts)
    return again


class LeasedDelivery(NamedTuple):
    """A delivery that this run alone attempts, from one moment to another."""

    delivery: Delivery
    since: datetime
    until: datetime


def _lease_more(warehouse: Warehouse, moment: datetime, limit: int, *, under_way: bool) -> list[LeasedDelivery]:
    """`_lease`; nothing where the warehouse is away and attempts are under way, whose answers are to be noted once it is back."""
    try:
        return _lease(warehouse, moment, limit)
    except AwayError:
        if not under_way:
            raise
        return []


def _lease(warehouse: Warehouse, moment: datetime, limit: int) -> list[LeasedDelivery]:
    with warehouse.read() as work:
        if not work.deliveries.due(moment, HOST_ATTEMPTS_MOST):
            return []
    until = moment + LEASE_DURATION
    with warehouse.write() as work:
        work.deliveries.delete_settled(moment - DELIVERY_RETENTION)
        found = work.deliveries.lease(moment, until, limit, HOST_ATTEMPTS_MOST)
        work.commit()
    return [LeasedDelivery(one, moment, until) for one in found]


def _attempt(hooks: WebhookSender, seals: SecretCipher, delivery: Delivery) -> DeliveryResult:
    """What the receiver answers. A delivery whose secret can't be opened has failed for good; whatever happens, the others go on."""
    try:
        return hooks.post(_post(delivery, seals.decrypt(delivery.secret)))
    except DamagedError as error:
        return DeliveryResult(error=error.detail, final=True)
    except Exception as error:  # pylint: disable=broad-exception-caught  # the other deliveries of the run go on
        logger.opt(exception=error).error("delivery {} can't be sent", delivery.id)
        return DeliveryResult(error=f"it can't be sent: {type(error).__name__}")


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
    """Note the answers; where the warehouse is away, once it is back: what is not noted is sent again."""
    warehouse.wait(WAIT_SECONDS)
    try:
        _note_now(warehouse, ended)
    except AwayError:
        warehouse.wait(WAIT_SECONDS)
        _note_now(warehouse, ended)


def _note_now(warehouse: Warehouse, ended: Sequence[tuple[LeasedDelivery, DeliveryResult]]) -> None:
    with warehouse.write() as work:
        for (delivery, since, until), answered in ended:
            told = after_attempt(delivery, answered, max(now(), since))
            work.deliveries.record_attempt(told, until)
            if answered.error:
                about = f"delivery {delivery.id} of {delivery.event} to {delivery.url}: attempt {told.attempts}"
                logger.info("{}: {}; it is {}", about, answered.error, told.status)
        work.commit()
