"""/v1/searches…: the saved searches of the user, and the Atom feeds of their matches."""

from hashlib import blake2b
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query
from starlette.responses import Response

from api.auth import SCHEMES, Reader
from api.context import Context
from api.openapi import COMMON, answers
from api.requests.parameters import reject_unknown_parameters
from api.responses.entity_tags import KnownVersion, tagged
from api.v1.saved_search_feed import ATOM, atom
from api.v1.saved_search_schemas import NewSearch, SavedSearches, SearchAnswer, SearchBody
from services.saved_searches import management as services

router = APIRouter(
    prefix="/v1/searches", tags=["saved searches"], dependencies=[Depends(reject_unknown_parameters)], responses=COMMON
)
Id = Annotated[str, Path(description="the saved search's id", max_length=100)]
Token = Annotated[str, Query(description="access token of the feed, part of the search's `feed`", max_length=200)]
_TAG_TEXT = "a hash of the feed, to be sent back as If-None-Match"
TAG: dict[str, Any] = {"ETag": {"description": _TAG_TEXT, "schema": {"type": "string"}}}
UNCHANGED: dict[str, Any] = {"description": "Unchanged: still the feed that If-None-Match names", "headers": TAG}


@router.get("", dependencies=SCHEMES)
def saved_searches(context: Context, user: Reader) -> SavedSearches:
    """List your saved searches, oldest first."""
    found = services.list_searches(context.parts.warehouse, context.parts.seals, user.name)
    return SavedSearches(
        items=[SearchAnswer.of(one, services.count_matches(context.parts.warehouse, one.id)) for one in found]
    )


@router.post("", status_code=201, dependencies=SCHEMES, responses=answers(409))
def save(context: Context, response: Response, user: Reader, body: SearchBody) -> NewSearch:
    """Save a search. It reports documents that match from now on. The answer shows the signing secret, this once."""
    made = services.add_search(
        context.parts.warehouse,
        context.parts.seals,
        user.name,
        body.to_input(),
        private=context.settings.webhook_private,
    )
    response.headers["Location"] = f"/v1/searches/{made.id}"
    return NewSearch.new(made)


@router.get("/{search_id}", dependencies=SCHEMES, responses=answers(404))
def saved_search(search_id: Id, context: Context, user: Reader) -> SearchAnswer:
    """Get one of your saved searches."""
    found = services.get_search(context.parts.warehouse, context.parts.seals, user.name, search_id)
    return SearchAnswer.of(found, services.count_matches(context.parts.warehouse, search_id))


@router.put("/{search_id}", dependencies=SCHEMES, responses=answers(404))
def change(search_id: Id, context: Context, user: Reader, body: SearchBody) -> SearchAnswer:
    """Change a saved search.

    A new query reports documents that match from now on; without `secret` the secret stays.
    """
    private = context.settings.webhook_private
    changed = services.change_search(
        context.parts.warehouse, context.parts.seals, user.name, search_id, body.to_input(), private=private
    )
    return SearchAnswer.of(changed, services.count_matches(context.parts.warehouse, search_id))


@router.delete("/{search_id}", status_code=204, response_class=Response, dependencies=SCHEMES, responses=answers(404))
def remove(search_id: Id, context: Context, user: Reader) -> None:
    """Remove a saved search and its matches."""
    services.remove_search(context.parts.warehouse, user.name, search_id)


@router.get(
    "/{search_id}/feed",
    response_class=Response,
    responses={200: {"content": {ATOM: {}}, "headers": TAG}, 304: UNCHANGED, **answers(404)},
)
def feed(search_id: Id, context: Context, token: Token, if_none_match: KnownVersion = None) -> Response:
    """The latest matches of a saved search as an Atom feed, opened by its token: feed readers send no passwords."""
    search = services.find_by_feed_token(context.parts.warehouse, context.parts.seals, search_id, token)
    content = atom(search, services.list_matches(context.parts.warehouse, search_id))
    return tagged(
        lambda: Response(content, media_type=ATOM), f'"{blake2b(content, digest_size=16).hexdigest()}"', if_none_match
    )
