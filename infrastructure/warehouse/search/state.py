"""State of the search collections: pauses of their indexing, and what lost ones held."""

from datetime import datetime

from sqlalchemy import delete, select

from domain.search.queries import Collection
from infrastructure.warehouse.repository import Repository, table
from infrastructure.warehouse.search.tables import IndexPauseRow, LostCollectionRow

PAUSE, LOST = table(IndexPauseRow), table(LostCollectionRow)


class SearchStateRepository(Repository):
    """The tables `index_pause` and `lost_collection`."""

    def paused(self, now: datetime, holder: str | None = None) -> bool:
        """Whether anybody, or this holder, has a pause that has not expired."""
        where = [PAUSE.c.until > now] if holder is None else [PAUSE.c.until > now, PAUSE.c.holder == holder]
        return self.connection.execute(select(PAUSE.c.holder).where(*where).limit(1)).first() is not None

    def pause(self, holder: str, now: datetime, until: datetime) -> None:
        """Add a pause, and remove expired ones."""
        self.connection.execute(delete(PAUSE).where(PAUSE.c.until <= now))
        self.connection.execute(PAUSE.insert().values(holder=holder, until=until))

    def resume(self, holder: str) -> None:
        """Remove the holder's pause."""
        self.connection.execute(delete(PAUSE).where(PAUSE.c.holder == holder))

    def lost_upto(self, collection: Collection) -> int:
        """The silver batch up to which the collection was filled when it was lost; 0 if it never was."""
        return self.connection.execute(select(LOST.c.silver_batch).where(LOST.c.collection == collection)).scalar() or 0

    def record_loss(self, collection: Collection, silver_batch: int) -> None:
        """Record up to which silver batch the lost collection was filled."""
        self.upsert(LOST, [{"collection": collection, "silver_batch": silver_batch}], ["collection"])
