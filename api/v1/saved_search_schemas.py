"""Saved searches as clients see them."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from api.requests.strict_body import StrictBody
from api.v1.search import SearchParameters
from domain.saved_searches.saved_search import SavedSearch, matching_query
from domain.search.queries import QUERY_CHARACTERS
from domain.shared.errors import InvalidError
from services.saved_searches.management import SavedSearchInput
from services.search.searching import to_search_query

MATCHING = "the parameters of GET /v1/search that say what matches; lists for those that take several values"
SAVED_WORDS = "words, all of which a document must have (but stop words); a phrase, -excluded; empty: everything"
# What orders, counts or shows hits says nothing about which documents match.
IGNORED = {"mode", "semantic_weight", "facet_by", "sort", "group_by", "group_limit", "explain", "include", "page", "per_page"}


class SavedParameters(SearchParameters, extra="forbid"):
    """The parameters of a saved search; it finds by word, for nothing is near enough in meaning for certain."""

    q: str = Field("", max_length=QUERY_CHARACTERS, description=SAVED_WORDS, examples=["road works"])


class SearchBody(StrictBody):
    """What a saved search shall be."""

    name: str = Field(min_length=1, max_length=200, examples=["Road works in Wales"])
    query: SavedParameters = Field(description=MATCHING, examples=[{"q": "road works", "region": ["Wales"]}])
    webhook: str | None = Field(None, description="http or https; told of new matches", max_length=2_000, examples=["https://example.org/alerts"])
    secret: str | None = Field(None, description="what signs; where it is left out, one is made, or stays", min_length=16, max_length=255)
    feed: bool = Field(True, description="whether it has an Atom feed")

    def wish(self) -> SavedSearchInput:
        """The wish as the service takes it. InvalidError for parameters that the collection does not have."""
        if self.query.similar_to is not None:
            raise InvalidError("a saved search finds by words and filters, not by similarity", parameter="similar_to")
        given = self.query.model_dump(mode="json", exclude_unset=True, exclude=IGNORED)
        return SavedSearchInput(
            name=self.name, parameters=given, query=matching_query(to_search_query(self.query.read())), url=self.webhook, secret=self.secret, feed=self.feed
        )


class SearchAnswer(BaseModel):
    """A saved search, without its secret."""

    id: str
    name: str
    query: dict[str, Any]
    webhook: str | None
    feed: str | None = Field(description="path of its Atom feed, with the token that opens it", examples=["/v1/searches/0192f0a1b2c34d5e/feed?token=…"])
    matches: int = Field(description="documents that it was told of")
    created_at: datetime
    changed_at: datetime = Field(description="when its query last changed; it is told of what matches since")

    @classmethod
    def of(cls, search: SavedSearch, matches: int) -> "SearchAnswer":
        """The search's answer."""
        return cls(**_shown(search), matches=matches)


class NewSearch(SearchAnswer):
    """A saved search as it was made, with the secret that signs its messages, where it has a webhook."""

    secret: str | None

    @classmethod
    def new(cls, search: SavedSearch) -> "NewSearch":
        """The answer to the one who made it."""
        return cls(**_shown(search), matches=0, secret=search.secret)


class SavedSearches(BaseModel):
    """Saved searches, oldest first."""

    items: list[SearchAnswer]


def _shown(search: SavedSearch) -> dict[str, Any]:
    feed = f"/v1/searches/{search.id}/feed?token={search.token}" if search.token else None
    same = search.model_dump(include={"id", "name", "created_at", "changed_at"})
    return same | {"query": search.parameters, "webhook": search.url, "feed": feed}
