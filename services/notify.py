"""Word to the outside: what is to be said is queued in the transaction that makes it true, and sent until it is heard.

A receiver may hear something twice (a sender that dies after sending sends again) and tells by `X-Tenderlake-Delivery`; it misses nothing
but what it refused for a day. Nothing here is about jobs alone: whoever has a URL and a secret may `enqueue`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import orjson
from loguru import logger

from domain.errors import DamagedError, InvalidError, NotFoundError, RetryableError
from domain.webhooks import SIGNATURE, Answered, Delivery, after, sign
from services.clock import now
from services.ports import Parts, Post, Warehouse, Work
from services.queries.cursor import decode, encode

ACTOR = "deliver"
AT_ONCE = 32  # deliveries of one run, sent side by side
EACH = 4  # of them to one URL, so that one that stalls does not hold up the others
LEASE = timedelta(seconds=60)  # longer than a run takes
KEPT = timedelta(days=30)


def enqueue(work: Work, *, url: str, secret: str, event: str, payload: dict[str, Any], ref: str) -> None:
    """Queue word for an address, as part of the caller's transaction. After the commit, `wake` sends it at once.

    `ref` is what it is about; `secret` is sealed.
    """
    moment = now()
    work.deliveries.add([Delivery(url=url, secret=secret, event=event, payload=payload, ref=ref, created_at=moment, next_at=moment)])


def wake(parts: Parts) -> None:
    """Have what is due sent; without a queue at the moment, the sweep does."""
    with parts.warehouse.read() as work:
        due = work.deliveries.due(now())
    if due:
        try:
            parts.messages.send(ACTOR)
        except RetryableError as error:
            logger.warning("deliveries wait for the sweep: {}", error.detail)


def deliver(parts: Parts, moment: datetime | None = None) -> None:
    """Send what is due at this moment (default: now), and note how each attempt ended; wake the next run where more is due.

    Handled twice at once, each delivery is claimed by one run; what a killed run had claimed is due again after its lease.
    """
    moment = moment or now()
    with parts.warehouse.write() as work:
        work.deliveries.forget(moment - KEPT)
        claimed: list[Delivery] = work.deliveries.claim(moment, moment + LEASE, AT_ONCE, EACH)
        work.commit()
    if not claimed:
        return
    ready = _posts(parts, claimed, moment)
    for (delivery, _), answered in zip(ready, parts.hooks.post([post for _, post in ready]), strict=True):
        _note(parts.warehouse, delivery, answered, moment)
    wake(parts)


def deliveries_of(
    warehouse: Warehouse, *, ref: str | None = None, webhook_id: str | None = None, cursor: str | None = None, limit: int = 100
) -> tuple[Sequence[Delivery], str | None]:
    """A page of the deliveries about a thing or to a webhook, newest first, and the cursor of the next one."""
    before: int | None = None
    if cursor is not None:
        match decode(cursor):
            case [int(before)] if 0 <= before < 2**63:
                pass
            case _:
                raise InvalidError("the cursor is not one of this list", cursor=cursor)
    with warehouse.read() as work:
        page: list[Delivery] = work.deliveries.page(ref=ref, webhook_id=webhook_id, before=before, limit=limit + 1)
    return page[:limit], encode([page[limit - 1].id]) if len(page) > limit else None


def redeliver(parts: Parts, delivery_id: int, *, ref: str | None = None, webhook_id: str | None = None) -> Delivery:
    """Send a delivery once more, whatever became of it. NotFoundError where there is none of that id about that thing or to that webhook."""
    with parts.warehouse.write() as work:
        found: Delivery | None = work.deliveries.get(delivery_id)
        if found is None or (ref is not None and found.ref != ref) or (webhook_id is not None and found.webhook_id != webhook_id):
            raise NotFoundError(f"there is no delivery {delivery_id} here")
        work.deliveries.again(delivery_id, now())
        again: Delivery = work.deliveries.get(delivery_id)
        work.commit()
    wake(parts)
    return again


def _posts(parts: Parts, claimed: Sequence[Delivery], moment: datetime) -> list[tuple[Delivery, Post]]:
    """The deliveries with what is sent; one whose secret can't be opened has failed, and stops none of the others."""
    ready = []
    for one in claimed:
        try:
            ready.append((one, _post(one, parts.seals.open(one.secret))))
        except DamagedError as error:
            _note(parts.warehouse, one, Answered(error=error.detail, final=True), moment)
    return ready


def _post(delivery: Delivery, secret: str) -> Post:
    body = orjson.dumps(delivery.payload)
    timestamp = int(now().timestamp())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "tenderlake",
        "X-Tenderlake-Event": delivery.event,
        "X-Tenderlake-Delivery": str(delivery.id),
        SIGNATURE: sign(secret, timestamp, body),
    }
    return Post(delivery.url, body, headers)


def _note(warehouse: Warehouse, delivery: Delivery, answered: Answered, claimed: datetime) -> None:
    told = after(delivery, answered, max(now(), claimed))
    if answered.error:
        logger.info("delivery {} of {} to {}: attempt {}: {}; it is {}", delivery.id, delivery.event, delivery.url, told.attempts, answered.error, told.status)
    with warehouse.write() as work:
        work.deliveries.attempted(told, claimed + LEASE)
        work.commit()
