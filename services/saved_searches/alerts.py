"""Alerts: each document that a run of the index stage makes a new match of a saved search is alerted once.

Before a document is written, the searches that find it are stored as prior matches until a run with the document ends,
so that a killed run misses no match. New matches, their deliveries and the watermark are committed in one transaction.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from loguru import logger

from domain.saved_searches.saved_search import (
    MATCH_EVENT,
    Match,
    PriorMatches,
    SavedSearch,
    matching_query,
    new_matches,
    title_of,
)
from domain.search.queries import Collection, SearchDocument, SearchQuery
from domain.shared.errors import InvalidError
from services.ports.parts import Parts
from services.ports.search import SearchQueries
from services.ports.warehouse import WriteUnitOfWork
from services.search.lost_collections import documents_held_before_loss
from services.search.matching_documents import matching_documents
from services.shared.clock import now
from services.webhooks.outbox import enqueue, wake_deliveries

MESSAGE_MAX_DOCUMENTS = 100  # documents listed in one alert


class IndexRunAlerts:
    """Finds the new matches of all saved searches during one run of the index stage."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        with parts.warehouse.read() as work:
            saved = work.saved_searches.all()
        self._saved: dict[Collection, list[SavedSearch]] = defaultdict(list)
        for one in saved:
            self._saved[one.query.collection].append(one)
        self._touched: dict[Collection, list[str]] = defaultdict(list)

    def already_held(self, collection: Collection, after: int, keys: Sequence[str]) -> set[str]:
        """Keys of documents that search held before it was lost, which are no new matches; see
        `documents_held_before_loss`.
        """
        return (
            documents_held_before_loss(self._parts.warehouse, self._parts.lake, collection, after, keys)
            if self._saved.get(collection)
            else set()
        )

    def save_prior_matches(self, collection: Collection, ids: Iterable[str]) -> None:
        """Store which searches find these documents before they are written."""
        searches = self._saved.get(collection)
        keys = list(dict.fromkeys(ids))
        if not searches or not keys:
            return
        self._touched[collection] += keys
        with self._parts.warehouse.read() as work:
            known = work.saved_searches.prior_matches(collection, keys)
        new = [key for key in keys if key not in known]
        asked_at = now()
        found: dict[str, list[str]] = {key: [] for key in new}
        for search in searches:
            for key in _found(self._parts.search, search, new):
                found[key].append(search.id)
        with self._parts.warehouse.write() as work:
            work.saved_searches.save_prior_matches(
                [
                    PriorMatches(collection=collection, document_id=key, searches=ids, asked_at=asked_at)
                    for key, ids in found.items()
                ]
            )
            work.commit()

    def find_new_matches(self) -> Callable[[WriteUnitOfWork], None]:
        """Search again after all is written; returns what stores the new matches in the transaction that ends
        the run.
        """
        new: list[tuple[SavedSearch, list[Match]]] = []
        for collection, ids in self._touched.items():
            with self._parts.warehouse.read() as work:
                before = work.saved_searches.prior_matches(collection, ids)
            for search in self._saved[collection]:
                new.append((search, self._matches(search, ids, before)))
        return lambda work: _save_new_matches(
            work, [(search, matches) for search, matches in new if matches], self._touched
        )

    def wake_deliveries(self) -> None:
        """Send the deliveries of this run without waiting for the sweep."""
        if self._touched:
            wake_deliveries(self._parts.warehouse, self._parts.messages)

    def _matches(self, search: SavedSearch, ids: Sequence[str], before: dict[str, PriorMatches]) -> list[Match]:
        found = _found(self._parts.search, search, ids)
        with self._parts.warehouse.read() as work:
            alerted = work.saved_searches.known_matches(search.id, list(found))
        keys = new_matches(search, found, before, alerted)
        return [
            Match(
                search_id=search.id,
                document_id=key,
                title=title_of(search.query.collection, found[key]),
                matched_at=now(),
            )
            for key in keys
        ]


def titles(engine: SearchQueries, collection: Collection, ids: Sequence[str]) -> dict[str, str]:
    """The titles of these documents in alerts, as far as search holds them."""
    found = matching_documents(engine, SearchQuery(collection=collection), ids)
    return {str(one["id"]): title_of(collection, one) for one in found}


def _found(engine: SearchQueries, search: SavedSearch, ids: Sequence[str]) -> dict[str, SearchDocument]:
    """The documents that the search finds; none if the engine refuses the query, which must not stop the index
    stage.
    """
    try:
        return {
            str(document["id"]): document for document in matching_documents(engine, matching_query(search.query), ids)
        }
    except InvalidError as error:
        logger.warning(
            "saved search {} of {} is skipped, its query is refused: {}", search.id, search.owner, error.detail
        )
        return {}


def _save_new_matches(
    work: WriteUnitOfWork, new: Sequence[tuple[SavedSearch, list[Match]]], touched: Mapping[Collection, Sequence[str]]
) -> None:
    """Store matches and deliveries; delete the prior matches of this run's documents, as others are still to be
    written.
    """
    for search, matches in new:
        current = work.saved_searches.get(search.id)
        if current is None or current.changed_at != search.changed_at:
            continue  # removed, or changed since the run began
        work.saved_searches.add_matches(matches)
        if current.url and current.secret:
            enqueue(
                work,
                url=current.url,
                secret=current.secret,
                event=MATCH_EVENT,
                payload=payload(current, matches),
                ref=current.id,
            )
    for collection, ids in touched.items():
        work.saved_searches.delete_prior_matches(collection, ids)


def payload(search: SavedSearch, matches: Sequence[Match]) -> dict[str, object]:
    """The alert's payload: the number of new matches, and the first of them."""
    about = {
        "id": search.id,
        "name": search.name,
        "collection": str(search.query.collection),
        "query": search.parameters,
    }
    documents = [
        {"id": match.document_id, "title": match.title, "matched_at": match.matched_at.isoformat()}
        for match in matches[:MESSAGE_MAX_DOCUMENTS]
    ]
    return {"event": MATCH_EVENT, "search": about, "found": len(matches), "documents": documents}
