"""Saved searches: what is sought, who is told, and which documents are new to it."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from domain.search.queries import Collection, Mode, SearchDocument, SearchQuery

MATCH_EVENT = "search.matched"


# What a document is called by, the first that it has; never its id.
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
    """`query` is sought by word whatever the mode: meaning is near or far, it does not match or not.

    `changed_at` is of the query. The database has `secret` and `token` sealed.
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
    """A document that a saved search found, and was told of once."""

    search_id: str
    document_id: str
    title: str
    matched_at: datetime


class PriorMatches(BaseModel):
    """The saved searches that found a document before a run of the index stage wrote it."""

    collection: Collection
    document_id: str
    searches: list[str]
    asked_at: datetime


def matching_query(query: SearchQuery) -> SearchQuery:
    """The query as it is asked of documents that were touched: without order, facets, groups, pages, meaning and guesses."""
    kept = query.model_dump(include={"collection", "text", "filters"})
    return SearchQuery(**kept, mode=Mode.KEYWORD, strict=True)


def new_matches(search: SavedSearch, found: Iterable[str], before: Mapping[str, PriorMatches], told: set[str]) -> list[str]:
    """Of the documents found, those that the search neither found before they were written nor was told of.

    A search that was saved, or changed, after they were looked at is told of none: they are not new to it for certain.
    """
    known = ((key, before.get(key)) for key in found if key not in told)
    return [key for key, one in known if one is not None and search.changed_at <= one.asked_at and search.id not in one.searches]


def title_of(collection: Collection, document: SearchDocument) -> str:
    """What people know the document by."""
    given = (document.get(name) for name in TITLES[collection])
    texts = (" ".join(one.split()) for value in given for one in (value if isinstance(value, list) else [value or ""]))
    title = next(filter(None, texts), UNTITLED[collection])
    return title if len(title) <= TITLE_MAX_CHARACTERS else f"{title[: TITLE_MAX_CHARACTERS - 1].rstrip()}…"
