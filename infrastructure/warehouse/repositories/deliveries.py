"""Deliveries: what is due, claimed with a lease, and how each attempt ended."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update

from domain.job import Hook, Job
from domain.webhooks import Delivery, Webhook, job_notice
from infrastructure.warehouse.notices import DeliveryRow, WebhookRow
from infrastructure.warehouse.repositories.base import Repository, table

DELIVERY, WEBHOOK = table(DeliveryRow), table(WebhookRow)
PENDING = DELIVERY.c.status == "pending"


class Deliveries(Repository):
    """The table of deliveries."""

    def add(self, deliveries: Sequence[Delivery]) -> None:
        """Put them into the queue."""
        if deliveries:
            self.connection.execute(DELIVERY.insert(), [one.model_dump(exclude={"id"}) for one in deliveries])

    def jobs_ended(self, jobs: Sequence[Job], now: datetime) -> None:
        """Queue word of these jobs, which just ended, for their own hooks and for the webhooks that want to hear of it."""
        standing = [Webhook(**row) for row in self.connection.execute(select(WEBHOOK).where(WEBHOOK.c.active.is_(True))).mappings()] if jobs else []
        found = []
        for job in jobs:
            notice = job_notice(job)
            wanted: list[tuple[str | None, Hook | Webhook]] = [(one.id, one) for one in standing if notice["event"] in one.events]
            wanted += [(None, job.webhook)] if job.webhook else []
            about = {"ref": job.id, "event": notice["event"], "payload": notice, "created_at": now, "next_at": now}
            found += [Delivery(webhook_id=webhook_id, url=hook.url, secret=hook.secret, **about) for webhook_id, hook in wanted]
        self.add(found)

    def due(self, now: datetime) -> bool:
        """Whether anything waits to be sent."""
        return bool(self.connection.execute(select(exists().where(PENDING, DELIVERY.c.next_at <= now))).scalar())

    def claim(self, now: datetime, until: datetime, limit: int, each: int) -> list[Delivery]:
        """Take what is due, first attempts before repeated ones and at most `each` for one URL; nobody else gets it before `until`."""
        order = (DELIVERY.c.attempts, DELIVERY.c.next_at, DELIVERY.c.id)
        place = func.row_number().over(partition_by=DELIVERY.c.url, order_by=order).label("place")
        due = select(DELIVERY.c.id, *order[:2], place).where(PENDING, DELIVERY.c.next_at <= now).subquery()
        query = select(due.c.id).where(due.c.place <= each).order_by(due.c.attempts, due.c.next_at, due.c.id).limit(limit)
        ids = list(self.connection.execute(query).scalars())
        taken = update(DELIVERY).where(DELIVERY.c.id.in_(ids), PENDING, DELIVERY.c.next_at <= now).values(next_at=until).returning(*DELIVERY.c)
        return sorted((Delivery(**row) for row in self.connection.execute(taken).mappings()), key=lambda one: one.id) if ids else []

    def attempted(self, delivery: Delivery, until: datetime) -> None:
        """Note how an attempt ended, unless the delivery was given up or sent anew meanwhile."""
        values = delivery.model_dump(include={"status", "attempts", "next_at", "last_status", "last_error", "delivered_at"})
        self.connection.execute(update(DELIVERY).where(DELIVERY.c.id == delivery.id, PENDING, DELIVERY.c.next_at == until).values(**values))

    def get(self, delivery_id: int) -> Delivery | None:
        """The delivery of that id."""
        row = self.connection.execute(select(DELIVERY).where(DELIVERY.c.id == delivery_id)).mappings().first()
        return Delivery(**row) if row else None

    def again(self, delivery_id: int, now: datetime) -> None:
        """Queue it once more, its attempts counted from 0."""
        values = {"status": "pending", "attempts": 0, "next_at": now, "delivered_at": None}
        self.connection.execute(update(DELIVERY).where(DELIVERY.c.id == delivery_id).values(**values))

    def page(self, *, ref: str | None = None, webhook_id: str | None = None, before: int | None = None, limit: int) -> list[Delivery]:
        """Newest first, of a thing or of a webhook; `before` is the id of the last one seen."""
        where: list[ColumnElement[bool]] = [] if before is None else [DELIVERY.c.id < before]
        where += [DELIVERY.c.ref == ref] if ref is not None else []
        where += [DELIVERY.c.webhook_id == webhook_id] if webhook_id is not None else []
        query = select(DELIVERY).where(*where).order_by(DELIVERY.c.id.desc()).limit(limit)
        return [Delivery(**row) for row in self.connection.execute(query).mappings()]

    def follow(self, webhook: Webhook) -> None:
        """Let what waits for the webhook go to its present address; nothing more is sent where it is not active."""
        values = {"url": webhook.url, "secret": webhook.secret} | ({} if webhook.active else {"status": "cancelled", "next_at": None})
        self.connection.execute(update(DELIVERY).where(DELIVERY.c.webhook_id == webhook.id, PENDING).values(**values))

    def give_up(self, webhook_id: str) -> None:
        """Send nothing more to a webhook that is gone."""
        self.connection.execute(update(DELIVERY).where(DELIVERY.c.webhook_id == webhook_id, PENDING).values(status="cancelled", next_at=None))

    def give_up_about(self, ref: str) -> None:
        """Send nothing more about a thing that is gone."""
        self.connection.execute(update(DELIVERY).where(DELIVERY.c.ref == ref, PENDING).values(status="cancelled", next_at=None))

    def forget(self, before: datetime) -> None:
        """Drop what was settled and is older."""
        old = and_(DELIVERY.c.created_at < before, or_(DELIVERY.c.status != "pending", DELIVERY.c.next_at.is_(None)))
        self.connection.execute(DELIVERY.delete().where(old))
