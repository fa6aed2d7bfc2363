"""/v1/search/synonyms: words that find each other."""

from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from api.auth import Admin, Reader
from api.context import Context
from api.openapi import answers
from api.requests.parameters import strict_router
from api.requests.strict_body import StrictBody
from domain.search.queries import Synonym
from services.search import synonyms as services

router = strict_router("/v1/search/synonyms", "search")
Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Id = Annotated[str, Path(description="the synonym's id", max_length=100)]


class SynonymBody(StrictBody):
    """Words or phrases that find each other; with `root`, one way: who searches it finds `words` too."""

    words: list[Word] = Field(min_length=1, max_length=50, examples=[["tarmac", "asphalt", "road surfacing"]])
    root: Word | None = Field(None, examples=[None])


class Synonyms(BaseModel):
    """All synonyms, by id."""

    items: list[Synonym]


@router.get("")
def synonyms(context: Context, _: Reader) -> Synonyms:
    """List the synonyms."""
    return Synonyms(items=services.list_synonyms(context.parts.warehouse))


@router.get("/{synonym_id}", responses=answers(404))
def synonym(synonym_id: Id, context: Context, _: Reader) -> Synonym:
    """One synonym."""
    return services.get_synonym(context.parts.warehouse, synonym_id)


@router.put("/{synonym_id}")
def put(synonym_id: Id, context: Context, _: Admin, body: SynonymBody) -> Synonym:
    """Add a synonym, or put it in place of the one with this id.

    It applies from the next search on; needs the role admin.
    """
    return services.put_synonyms(
        context.parts.warehouse, context.parts.search, [Synonym(id=synonym_id, words=tuple(body.words), root=body.root)]
    )[0]


@router.delete("/{synonym_id}", status_code=204, response_class=Response, responses=answers(404))
def remove(synonym_id: Id, context: Context, _: Admin) -> None:
    """Remove a synonym; needs the role admin."""
    services.delete_synonym(context.parts.warehouse, context.parts.search, synonym_id)
