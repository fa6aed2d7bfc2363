"""Used idempotency keys."""

from datetime import datetime

from sqlalchemy import and_, select

from infrastructure.warehouse.ledger.idempotency_tables import IdempotencyKeyRow
from infrastructure.warehouse.repository import Repository, table
from services.ports.repositories.jobs import UsedKey

KEY = table(IdempotencyKeyRow)


class IdempotencyKeyRepository(Repository):
    """The table of idempotency keys. The primary key (actor, key) decides between concurrent requests."""

    def claim(self, actor: str, key: str, fingerprint: str, jobs: list[str], now: datetime) -> UsedKey:
        """Claim the key for these jobs if it is free; returns what it was used for."""
        row = {"actor": actor, "key": key, "fingerprint": fingerprint, "jobs": jobs, "created_at": now}
        self.upsert(KEY, [row], ["actor", "key"], [])
        found = self.connection.execute(
            select(KEY.c.fingerprint, KEY.c.jobs).where(and_(KEY.c.actor == actor, KEY.c.key == key))
        ).one()
        return UsedKey(found.fingerprint, list(found.jobs))

    def is_known(self, actor: str, key: str, fingerprint: str, since: datetime) -> bool:
        """Whether the key was used for this request after `since`."""
        same = and_(KEY.c.actor == actor, KEY.c.key == key, KEY.c.fingerprint == fingerprint, KEY.c.created_at >= since)
        return self.connection.execute(select(KEY.c.key).where(same)).first() is not None

    def delete_older(self, before: datetime) -> None:
        """Delete keys that were used before then."""
        self.connection.execute(KEY.delete().where(KEY.c.created_at < before))
