"""Repository of saved searches, their matches and prior matches."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import delete, func, select

from domain.saved_searches.saved_search import Match, PriorMatches, SavedSearch
from domain.search.queries import Collection
from infrastructure.warehouse.repository import Repository, chunks, table
from infrastructure.warehouse.saved_searches.tables import SavedSearchRow, SearchBeforeRow, SearchMatchRow

SAVED, MATCH, BEFORE = table(SavedSearchRow), table(SearchMatchRow), table(SearchBeforeRow)


class SavedSearchRepository(Repository):
    """The saved searches of all users."""

    def get(self, search_id: str) -> SavedSearch | None:
        """The search with that id; None if unknown."""
        row = self.connection.execute(select(SAVED).where(SAVED.c.id == search_id)).mappings().first()
        return SavedSearch(**row) if row else None

    def of_owner(self, owner: str) -> list[SavedSearch]:
        """A user's searches, oldest first."""
        query = select(SAVED).where(SAVED.c.owner == owner).order_by(SAVED.c.created_at, SAVED.c.id)
        return [SavedSearch(**row) for row in self.connection.execute(query).mappings()]

    def all(self) -> list[SavedSearch]:
        """The searches of all users."""
        return [SavedSearch(**row) for row in self.connection.execute(select(SAVED).order_by(SAVED.c.id)).mappings()]

    def put(self, search: SavedSearch) -> None:
        """Add a search, or replace the one with its id."""
        self.upsert(SAVED, [search.model_dump(mode="python") | {"query": search.query.model_dump(mode="json")}], ["id"])

    def remove(self, search_id: str) -> None:
        """Remove a search and its matches."""
        self.connection.execute(delete(MATCH).where(MATCH.c.search_id == search_id))
        self.connection.execute(delete(SAVED).where(SAVED.c.id == search_id))

    def known_matches(self, search_id: str, ids: Sequence[str]) -> set[str]:
        """Those of the documents that are matches of the search already."""
        found: set[str] = set()
        for part in chunks(ids):
            query = select(MATCH.c.document_id).where(MATCH.c.search_id == search_id, MATCH.c.document_id.in_(part))
            found.update(self.connection.execute(query).scalars())
        return found

    def add_matches(self, matches: Sequence[Match]) -> None:
        """Add matches; existing ones don't change."""
        self.upsert(MATCH, [item.model_dump() for item in matches], ["search_id", "document_id"], [])

    def matches(self, search_id: str, limit: int) -> list[Match]:
        """The newest matches of a search."""
        query = (
            select(MATCH)
            .where(MATCH.c.search_id == search_id)
            .order_by(MATCH.c.matched_at.desc(), MATCH.c.document_id)
            .limit(limit)
        )
        return [Match(**row) for row in self.connection.execute(query).mappings()]

    def count(self, search_id: str) -> int:
        """The number of matches of a search."""
        return int(
            self.connection.execute(
                select(func.count()).select_from(MATCH).where(MATCH.c.search_id == search_id)
            ).scalar_one()
        )

    def prior_matches(self, collection: Collection, ids: Sequence[str]) -> dict[str, PriorMatches]:
        """The prior matches of these documents in the current index run."""
        found: dict[str, PriorMatches] = {}
        for part in chunks(ids):
            query = select(BEFORE).where(BEFORE.c.collection == str(collection), BEFORE.c.document_id.in_(part))
            found |= {row["document_id"]: _before(row) for row in self.connection.execute(query).mappings()}
        return found

    def save_prior_matches(self, rows: Sequence[PriorMatches]) -> None:
        """Save prior matches; those of an earlier attempt are kept."""
        self.upsert(
            BEFORE,
            [item.model_dump() | {"collection": str(item.collection)} for item in rows],
            ["collection", "document_id"],
            [],
        )

    def delete_prior_matches(self, collection: Collection, ids: Sequence[str]) -> None:
        """Delete the prior matches of these documents, after their run has ended."""
        for part in chunks(ids):
            self.connection.execute(
                delete(BEFORE).where(BEFORE.c.collection == str(collection), self.among(BEFORE.c.document_id, part))
            )

    def delete_all_prior_matches(self) -> None:
        """Delete all prior matches: no run is active or will be repeated."""
        self.connection.execute(delete(BEFORE))


def _before(row: Any) -> PriorMatches:
    return PriorMatches(**row)
