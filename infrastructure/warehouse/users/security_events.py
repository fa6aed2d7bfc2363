"""Repository of security events."""

from datetime import datetime

from sqlalchemy import delete, select

from domain.users.security_event import SecurityAction, SecurityEvent
from infrastructure.warehouse.repository import Repository, table
from infrastructure.warehouse.users.tables import SecurityEventRow

EVENT = table(SecurityEventRow)
KEYS = ["hour", "action", "actor", "address", "subject"]


class SecurityEventRepository(Repository):
    """The table `security_event`."""

    def add(self, action: SecurityAction, actor: str, address: str, subject: str, at: datetime) -> None:
        """Count an event in the row of its hour."""
        insert = self.inserting(EVENT).values(
            hour=at.replace(minute=0, second=0, microsecond=0),
            action=action,
            actor=actor,
            address=address,
            subject=subject,
            count=1,
            first_at=at,
            last_at=at,
        )
        counted = {"count": EVENT.c.count + 1, "last_at": insert.excluded.last_at}
        self.connection.execute(insert.on_conflict_do_update(index_elements=KEYS, set_=counted))

    def delete_older(self, before: datetime, limit: int) -> int:
        """Delete the oldest events, up to the limit, whose last one was before that time; returns their number."""
        oldest = select(EVENT.c.id).where(EVENT.c.last_at < before).order_by(EVENT.c.id).limit(limit)
        return self.connection.execute(delete(EVENT).where(EVENT.c.id.in_(oldest))).rowcount

    def page(self, action: SecurityAction | None, before: int | None, limit: int) -> list[SecurityEvent]:
        """A page of events, newest row first."""
        conditions = [] if action is None else [EVENT.c.action == action]
        conditions += [] if before is None else [EVENT.c.id < before]
        query = select(EVENT).where(*conditions).order_by(EVENT.c.id.desc()).limit(limit)
        return [SecurityEvent(**row) for row in self.connection.execute(query).mappings()]
