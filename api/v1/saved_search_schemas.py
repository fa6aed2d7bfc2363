"""Request and response bodies of saved searches."""

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

MATCHING = "parameters of GET /v1/search that select documents; lists for those that take several values"
SAVED_WORDS = "words, all of which a document must contain (except stop words); a phrase, -excluded; empty: everything"
# Parameters that only order, count or show hits do not change which documents match.
IGNORED = {"mode", "semantic_weight", "facet_by", "sort", "group_by", "group_limit", "explain", "include"}
IGNORED |= {"page", "per_page"}


class SavedParameters(SearchParameters, extra="forbid"):
    """The parameters of a saved search. It matches by word only: nearness in meaning has no clear limit."""

    q: str = Field("", max_length=QUERY_CHARACTERS, description=SAVED_WORDS, examples=["road works"])


class SearchBody(StrictBody):
    """Name, query, webhook and feed of a saved search."""

    name: str = Field(min_length=1, max_length=200, examples=["Road works in Wales"])
    query: SavedParameters = Field(description=MATCHING, examples=[{"q": "road works", "region": ["Wales"]}])
    webhook: str | None = Field(
        None,
        description="http or https URL that receives new matches",
        max_length=2_000,
        examples=["https://example.org/alerts"],
    )
    secret: str | None = Field(
        None, description="signs the messages; default: generated, or unchanged", min_length=16, max_length=255
    )
    feed: bool = Field(True, description="whether it has an Atom feed")

    def to_input(self) -> SavedSearchInput:
        """The body as the service's input. InvalidError for parameters that the collection does not have."""
        if self.query.similar_to is not None:
            raise InvalidError("a saved search matches by words and filters, not by similarity", parameter="similar_to")
        given = self.query.model_dump(mode="json", exclude_unset=True, exclude=IGNORED)
        return SavedSearchInput(
            name=self.name,
            parameters=given,
            query=matching_query(to_search_query(self.query.to_request())),
            url=self.webhook,
            secret=self.secret,
            feed=self.feed,
        )


class SearchAnswer(BaseModel):
    """A saved search; its secret is not shown."""

    id: str
    name: str
    query: dict[str, Any]
    webhook: str | None
    feed: str | None = Field(
        description="path of its Atom feed, with the feed's access token",
        examples=["/v1/searches/0192f0a1b2c34d5e/feed?token=…"],
    )
    matches: int = Field(description="number of matches found so far")
    created_at: datetime
    changed_at: datetime = Field(description="when its query last changed; matches since then are reported")

    @classmethod
    def of(cls, search: SavedSearch, matches: int) -> "SearchAnswer":
        """Build the answer."""
        return cls(**_shown(search), matches=matches)


class NewSearch(SearchAnswer):
    """A new saved search, with the secret that signs its messages if it has a webhook."""

    secret: str | None

    @classmethod
    def new(cls, search: SavedSearch) -> "NewSearch":
        """Build the answer to its creation."""
        return cls(**_shown(search), matches=0, secret=search.secret)


class SavedSearches(BaseModel):
    """Saved searches, oldest first."""

    items: list[SearchAnswer]


def _shown(search: SavedSearch) -> dict[str, Any]:
    feed = f"/v1/searches/{search.id}/feed?token={search.token}" if search.token else None
    same = search.model_dump(include={"id", "name", "created_at", "changed_at"})
    return same | {"query": search.parameters, "webhook": search.url, "feed": feed}
