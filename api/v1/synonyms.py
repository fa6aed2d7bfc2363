"""/v1/search/synonyms: words that find each other."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field, StringConstraints
from starlette.responses import Response

from api.auth import SCHEMES, Admin, Reader
from api.container import Here
from api.parameters import known
from api.problems import COMMON, answers
from api.sent import Sent
from domain.search import Synonym
from services.intake import synonyms as services

router = APIRouter(prefix="/v1/search/synonyms", tags=["search"], dependencies=[*SCHEMES, Depends(known)], responses=COMMON)
Word = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Id = Annotated[str, Path(description="the synonym's id", max_length=100)]


class SynonymBody(Sent):
    """Words or phrases that find each other; with `root`, one way: who searches it finds `words` too."""

    words: list[Word] = Field(min_length=1, max_length=50, examples=[["tarmac", "asphalt", "road surfacing"]])
    root: Word | None = Field(None, examples=[None])


class Synonyms(BaseModel):
    """All synonyms, by id."""

    items: list[Synonym]


@router.get("")
def synonyms(here: Here, _: Reader) -> Synonyms:
    """List the synonyms."""
    return Synonyms(items=services.list_synonyms(here.parts.warehouse))


@router.get("/{synonym_id}", responses=answers(404))
def synonym(synonym_id: Id, here: Here, _: Reader) -> Synonym:
    """One synonym."""
    return services.get_synonym(here.parts.warehouse, synonym_id)


@router.put("/{synonym_id}")
def put(synonym_id: Id, here: Here, _: Admin, body: SynonymBody) -> Synonym:
    """Add a synonym, or put it in place of the one with this id. It applies from the next search on; needs the role admin."""
    return services.put_synonyms(here.parts, [Synonym(id=synonym_id, words=tuple(body.words), root=body.root)])[0]


@router.delete("/{synonym_id}", status_code=204, response_class=Response, responses=answers(404))
def remove(synonym_id: Id, here: Here, _: Admin) -> None:
    """Remove a synonym; needs the role admin."""
    services.delete_synonym(here.parts, synonym_id)
