"""Updates matches of saved searches and alerts after a purge, so that they show what search holds now.

Titles are replaced by the current ones. A match is removed if its document was purged, or is a removed organisation,
whose id may be made from its name. A match of a record that was only deleted stays, so that it does not alert again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from domain.raw_records.audit import Audit
from domain.raw_records.record import Kind
from domain.search.queries import Collection
from services.ports.search import SearchQueries
from services.ports.warehouse import Warehouse
from services.saved_searches.alerts import titles

PAGE_ROWS = 1_000  # matches or messages per query


class PurgedDocuments:
    """The purged records, as search documents."""

    def __init__(self, entries: Sequence[Audit]) -> None:
        self._ocids = {one.ocid for one in entries if one.kind is Kind.RELEASES}
        self._passages = tuple(f"{one.record_id}-" for one in entries if one.kind is Kind.DOCUMENTS)

    def is_purged(self, collection: Collection, document_id: str) -> bool:
        """Whether the match of a document that search no longer has is to be removed."""
        match collection:
            case Collection.PROCESSES:
                return document_id in self._ocids
            case Collection.DOCUMENTS:
                return document_id.startswith(self._passages)
            case _:
                return True


def update_alerts_after_purge(warehouse: Warehouse, search: SearchQueries, entries: Sequence[Audit]) -> None:
    """Update matches, then messages, once search has passed the purge. Safe to repeat."""
    with warehouse.read() as work:
        searches = [(one.id, one.query.collection) for one in work.saved_searches.all()]
    purged = PurgedDocuments(entries)
    for search_id, collection in searches:
        _update_matches(warehouse, search, purged, search_id, collection)
    _update_messages(warehouse, search, purged)


def _update_matches(
    warehouse: Warehouse, search: SearchQueries, purged: PurgedDocuments, search_id: str, collection: Collection
) -> None:
    last = ""
    while True:
        with warehouse.read() as work:
            matches = work.erasure.matches(search_id, last, PAGE_ROWS)
        if not matches:
            return
        last = max(matches)
        now = _titles(search, purged, collection, matches)
        changed = {key: now[key] for key, title in matches.items() if now[key] != title}
        if changed:
            with warehouse.write() as work:
                work.erasure.update_match_titles(search_id, changed)
                work.commit()


def _update_messages(warehouse: Warehouse, search: SearchQueries, purged: PurgedDocuments) -> None:
    last = 0
    while True:
        with warehouse.read() as work:
            page = work.erasure.alerts(last, PAGE_ROWS)
        if not page:
            return
        last = page[-1][0]
        changed = {key: payload for key, old in page if (payload := _message(search, purged, old)) != old}
        if changed:
            with warehouse.write() as work:
                for key, payload in changed.items():
                    work.erasure.update_alert(key, payload)
                work.commit()


def _message(search: SearchQueries, purged: PurgedDocuments, payload: dict[str, Any]) -> dict[str, Any]:
    documents = {one["id"]: one for one in payload["documents"]}
    now = _titles(
        search,
        purged,
        Collection(payload["search"]["collection"]),
        {key: one["title"] for key, one in documents.items()},
    )
    kept = [one | {"title": now[key]} for key, one in documents.items() if now[key] is not None]
    return payload | {"documents": kept}


def _titles(
    search: SearchQueries, purged: PurgedDocuments, collection: Collection, previous: Mapping[str, str]
) -> dict[str, str | None]:
    """The current titles of these documents; None for those to be removed."""
    now = titles(search, collection, list(previous))
    return {key: now.get(key, None if purged.is_purged(collection, key) else title) for key, title in previous.items()}
