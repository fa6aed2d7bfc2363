"""GET /v1/search/status and POST /v1/search/key: state of the search engine, and search keys for browsers."""

from datetime import timedelta
from typing import Annotated

from fastapi import Body
from pydantic import Field

from api.auth import Reader, Writer
from api.context import Context
from api.openapi import answers
from api.requests.parameters import strict_router
from api.requests.strict_body import StrictBody
from domain.search.queries import Collection, Filter, SearchKey
from services.search.status import SearchState
from services.search.status import search_status as state
from services.shared.clock import now

router = strict_router("/v1/search", "search")
HOUR, MONTH = 3_600, 31 * 24 * 3_600


class KeyBody(StrictBody):
    """The limits of a search key."""

    collection: Collection | None = Field(None, description="the only collection that the key may search; default: all")
    filter: dict[str, list[str]] = Field(
        {},
        description="only documents with any of these values, by field; needs a collection",
        examples=[{"country": ["GB"]}],
    )
    expires_in: int = Field(HOUR, ge=60, le=MONTH, description="seconds until it expires")


@router.get("/status")
def status(context: Context, _: Reader) -> SearchState:
    """Get the engine's name, its contents and its backlog. An unavailable engine is reported, not an error."""
    return state(context.parts)


@router.post("/key", status_code=201, responses=answers(409))
def key(context: Context, _: Writer, body: Annotated[KeyBody, Body()]) -> SearchKey:
    """Create a key with which a browser may search the Typesense server directly, and nothing else.

    409 if the embedded engine is used, which has no keys.
    """
    filters = [Filter(field=name, values=tuple(values)) for name, values in body.filter.items()]
    return context.parts.search.search_key(filters, body.collection, now() + timedelta(seconds=body.expires_in))
