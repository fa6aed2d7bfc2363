"""Repository of webhooks."""

from sqlalchemy import select

from domain.webhooks.webhook import Webhook
from infrastructure.warehouse.repository import Repository, table
from infrastructure.warehouse.webhooks.tables import WebhookRow

WEBHOOK = table(WebhookRow)


class WebhookRepository(Repository):
    """The table of webhooks."""

    def get(self, webhook_id: str) -> Webhook | None:
        """The webhook with this id."""
        row = self.connection.execute(select(WEBHOOK).where(WEBHOOK.c.id == webhook_id)).mappings().first()
        return Webhook(**row) if row else None

    def all(self) -> list[Webhook]:
        """All of them, oldest first."""
        return [
            Webhook(**row)
            for row in self.connection.execute(select(WEBHOOK).order_by(WEBHOOK.c.created_at, WEBHOOK.c.id)).mappings()
        ]

    def put(self, webhook: Webhook) -> None:
        """Insert it, or replace the one with its id."""
        self.upsert(WEBHOOK, [webhook.model_dump()], ["id"])

    def remove(self, webhook_id: str) -> bool:
        """Delete the webhook; returns whether it existed."""
        return self.connection.execute(WEBHOOK.delete().where(WEBHOOK.c.id == webhook_id)).rowcount == 1
