"""GET /v1/search/status and POST /v1/search/key: what search is doing, and keys for browsers that search a server themselves."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Body, Depends
from pydantic import Field

from api.auth import SCHEMES, Reader, Writer
from api.container import Here
from api.parameters import known
from api.problems import COMMON, answers
from api.sent import Sent
from domain.search import Collection, Filter, SearchKey
from services.clock import now
from services.queries.status import SearchState
from services.queries.status import status as state

router = APIRouter(prefix="/v1/search", tags=["search"], dependencies=[*SCHEMES, Depends(known)], responses=COMMON)
HOUR, MONTH = 3_600, 31 * 24 * 3_600


class KeyBody(Sent):
    """What the key shall be good for."""

    collection: Collection | None = Field(None, description="the only collection that it searches; default: all")
    filter: dict[str, list[str]] = Field({}, description="only documents with any of the values, by field; needs a collection", examples=[{"country": ["GB"]}])
    expires_in: int = Field(HOUR, ge=60, le=MONTH, description="seconds until it ends")


@router.get("/status")
def status(here: Here, _: Reader) -> SearchState:
    """Which engine answers, what it holds, and how far it is behind. That it is away is said here, and is no error."""
    return state(here.parts)


@router.post("/key", status_code=201, responses=answers(409))
def key(here: Here, _: Writer, body: Annotated[KeyBody, Body()]) -> SearchKey:
    """Make a key with which a browser may search the Typesense server itself, and do nothing else. Search inside tenderlake has none: 409."""
    filters = [Filter(field=name, values=tuple(values)) for name, values in body.filter.items()]
    return here.parts.search.search_key(filters, body.collection, now() + timedelta(seconds=body.expires_in))
