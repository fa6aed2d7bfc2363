"""Repository of deliveries: leases what is due to one run, and records the result of each attempt."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update

from domain.jobs.job import Job
from domain.webhooks.addresses import host_of, url_hash
from domain.webhooks.deliveries import Delivery
from domain.webhooks.job_events import job_event_deliveries
from domain.webhooks.webhook import Webhook
from infrastructure.warehouse.repository import Repository, table
from infrastructure.warehouse.webhooks.tables import DeliveryRow
from infrastructure.warehouse.webhooks.webhooks import WebhookRepository

DELIVERY = table(DeliveryRow)
PENDING = DELIVERY.c.status == "pending"
LEASE_CANDIDATE_ROWS = 1_000  # due deliveries from which those to lease are chosen


class DeliveryRepository(Repository):
    """The table of deliveries."""

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Insert deliveries."""
        if deliveries:
            self.connection.execute(
                DELIVERY.insert(),
                [delivery.model_dump(exclude={"id"}) | _receiver(delivery.url) for delivery in deliveries],
            )

    def add_job_events(self, jobs: Sequence[Job], now: datetime) -> None:
        """Insert the deliveries about jobs that just ended."""
        if jobs:
            self.add(job_event_deliveries(jobs, WebhookRepository(self.connection).all(), now))

    def due(self, now: datetime, max_host_attempts: int) -> bool:
        """Whether anything can be leased."""
        return bool(
            self.connection.execute(
                select(exists().where(*self._free(now, self._under_way(now), max_host_attempts)))
            ).scalar()
        )

    def count_pending(self) -> int:
        """The number of deliveries that wait for an attempt or are being attempted."""
        return int(self.connection.execute(select(func.count()).select_from(DELIVERY).where(PENDING)).scalar() or 0)

    def lease(self, now: datetime, until: datetime, limit: int, max_host_attempts: int) -> list[Delivery]:
        """Lease due deliveries until `until`, first attempts before retries.

        A URL has one attempt at a time and a host `max_host_attempts`, counting the leases of all runs.
        """
        under_way = self._under_way(now)
        urls, hosts = {url for url, _ in under_way}, Counter(host for _, host in under_way)
        order = (DELIVERY.c.attempts, DELIVERY.c.next_at, DELIVERY.c.id)
        query = select(DELIVERY.c.id, DELIVERY.c.url_hash, DELIVERY.c.host).where(
            *self._free(now, under_way, max_host_attempts)
        )
        ids: list[int] = []
        for delivery_id, url, host in self.connection.execute(query.order_by(*order).limit(LEASE_CANDIDATE_ROWS)):
            if len(ids) < limit and url not in urls and hosts[host] < max_host_attempts:
                ids.append(delivery_id)
                urls.add(url)
                hosts[host] += 1
        taken = (
            update(DELIVERY).where(DELIVERY.c.id.in_(ids), *_due(now)).values(lease_until=until).returning(*DELIVERY.c)
        )
        return (
            sorted(
                (Delivery(**row) for row in self.connection.execute(taken).mappings()), key=lambda delivery: delivery.id
            )
            if ids
            else []
        )

    def _under_way(self, now: datetime) -> list[tuple[int, str]]:
        """(hash of the URL, host) of every leased delivery."""
        query = select(DELIVERY.c.url_hash, DELIVERY.c.host).where(PENDING, DELIVERY.c.lease_until > now)
        return [(url, host) for url, host in self.connection.execute(query)]

    def _free(
        self, now: datetime, under_way: Sequence[tuple[int, str]], max_host_attempts: int
    ) -> list[ColumnElement[bool]]:
        """Conditions: due, not leased, and the URL and host are below their limits."""
        urls, hosts = {url for url, _ in under_way}, Counter(host for _, host in under_way)
        full = [host for host, number in hosts.items() if number >= max_host_attempts]
        return [*_due(now), DELIVERY.c.url_hash.not_in(urls), DELIVERY.c.host.not_in(full)]

    def record_attempt(self, delivery: Delivery, until: datetime) -> None:
        """Record the result of an attempt, unless the delivery was cancelled or queued again meanwhile."""
        values = delivery.model_dump(
            include={"status", "attempts", "next_at", "last_status", "last_error", "delivered_at"}
        ) | {"lease_until": None}
        self.connection.execute(
            update(DELIVERY)
            .where(DELIVERY.c.id == delivery.id, PENDING, DELIVERY.c.lease_until == until)
            .values(**values)
        )

    def get(self, delivery_id: int) -> Delivery | None:
        """The delivery with this id."""
        row = self.connection.execute(select(DELIVERY).where(DELIVERY.c.id == delivery_id)).mappings().first()
        return Delivery(**row) if row else None

    def requeue(self, delivery_id: int, now: datetime) -> Delivery:
        """Make it pending again, with 0 attempts."""
        values = {"status": "pending", "attempts": 0, "next_at": now, "lease_until": None, "delivered_at": None}
        queued = update(DELIVERY).where(DELIVERY.c.id == delivery_id).values(**values).returning(*DELIVERY.c)
        return Delivery(**self.connection.execute(queued).mappings().one())

    def page(
        self, *, ref: str | None = None, webhook_id: str | None = None, before: int | None = None, limit: int
    ) -> list[Delivery]:
        """Deliveries, newest first, about `ref` (a job or saved search) or to a webhook; `before` is the last id of the
        page before.
        """
        where: list[ColumnElement[bool]] = [] if before is None else [DELIVERY.c.id < before]
        where += [DELIVERY.c.ref == ref] if ref is not None else []
        where += [DELIVERY.c.webhook_id == webhook_id] if webhook_id is not None else []
        query = select(DELIVERY).where(*where).order_by(DELIVERY.c.id.desc()).limit(limit)
        return [Delivery(**row) for row in self.connection.execute(query).mappings()]

    def update_receiver(self, webhook: Webhook) -> None:
        """Set URL and secret of the webhook's pending deliveries; cancel them if it is not active."""
        values = (
            {"url": webhook.url, "secret": webhook.secret}
            | _receiver(webhook.url)
            | ({} if webhook.active else {"status": "cancelled", "next_at": None})
        )
        self.connection.execute(update(DELIVERY).where(DELIVERY.c.webhook_id == webhook.id, PENDING).values(**values))

    def cancel_for_webhook(self, webhook_id: str) -> None:
        """Cancel the pending deliveries to a removed webhook."""
        self.connection.execute(
            update(DELIVERY)
            .where(DELIVERY.c.webhook_id == webhook_id, PENDING)
            .values(status="cancelled", next_at=None)
        )

    def cancel_for_ref(self, ref: str) -> None:
        """Cancel the pending deliveries about a removed job or saved search."""
        self.connection.execute(
            update(DELIVERY).where(DELIVERY.c.ref == ref, PENDING).values(status="cancelled", next_at=None)
        )

    def delete_settled(self, before: datetime) -> None:
        """Delete settled deliveries created before this time."""
        old = and_(DELIVERY.c.created_at < before, or_(DELIVERY.c.status != "pending", DELIVERY.c.next_at.is_(None)))
        self.connection.execute(DELIVERY.delete().where(old))


def _receiver(url: str) -> dict[str, Any]:
    return {"url_hash": url_hash(url), "host": host_of(url)}


def _due(now: datetime) -> list[ColumnElement[bool]]:
    """Conditions: due, and not leased."""
    return [PENDING, DELIVERY.c.next_at <= now, or_(DELIVERY.c.lease_until.is_(None), DELIVERY.c.lease_until <= now)]
