"""Saved searches: the query, the webhook and feed of the alerts, and the rule for new matches."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from domain.search.queries import Collection, Mode, SearchDocument, SearchQuery

MATCH_EVENT = "search.matched"
# The fields that may be the title of a document, in order of preference; never its id.
TITLES: dict[Collection, tuple[str, ...]] = {
    Collection.PROCESSES: ("title", "description", "items", "awards", "classifications"),
    Collection.ORGANIZATIONS: ("name", "names"),
    Collection.DOCUMENTS: ("title", "filename", "process_title"),
}
UNTITLED = {
    Collection.PROCESSES: "Contracting process without a title",
    Collection.ORGANIZATIONS: "Organisation without a name",
    Collection.DOCUMENTS: "Document without a title",
}
TITLE_MAX_CHARACTERS = 300


class SavedSearch(BaseModel):
    """`query` always searches by keyword: semantic search ranks by distance and has no definite matches.

    `changed_at` is when the query changed. The database stores `secret` and `token` encrypted.
    """

    id: str
    owner: str
    name: str
    parameters: dict[str, Any]
    query: SearchQuery
    url: str | None = None
    secret: str | None = None
    token: str | None = None
    created_at: datetime
    changed_at: datetime


class Match(BaseModel):
    """A search document that a saved search found, and that was alerted once."""

    search_id: str
    document_id: str
    title: str
    matched_at: datetime


class PriorMatches(BaseModel):
    """The saved searches that found a document before a run of the index stage wrote it, as of `asked_at`."""

    collection: Collection
    document_id: str
    searches: list[str]
    asked_at: datetime


def matching_query(query: SearchQuery) -> SearchQuery:
    """The query for touched documents: text and filters only, by keyword, without tolerance for typing errors."""
    kept = query.model_dump(include={"collection", "text", "filters"})
    return SearchQuery(**kept, mode=Mode.KEYWORD, strict=True)


def new_matches(
    search: SavedSearch, found: Iterable[str], before: Mapping[str, PriorMatches], alerted: set[str]
) -> list[str]:
    """The documents found that are new matches: not found before they were written, and not in `alerted`, the known
    matches.

    A search that was saved or changed after the prior matches were stored has none: they may not be new to it.
    """
    known = ((key, before.get(key)) for key in found if key not in alerted)
    return [
        key
        for key, prior in known
        if prior is not None and search.changed_at <= prior.asked_at and search.id not in prior.searches
    ]


def title_of(collection: Collection, document: SearchDocument) -> str:
    """The title of the document, at most TITLE_MAX_CHARACTERS long."""
    given = (document.get(name) for name in TITLES[collection])
    texts = (
        " ".join(text.split()) for value in given for text in (value if isinstance(value, list) else [value or ""])
    )
    title = next(filter(None, texts), UNTITLED[collection])
    return title if len(title) <= TITLE_MAX_CHARACTERS else f"{title[: TITLE_MAX_CHARACTERS - 1].rstrip()}…"
