"""GET /v1/lineage/{ocid}: where the rows of a contracting process come from."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth import Reader
from api.context import Context
from api.openapi import answers
from api.requests.parameters import model_response, strict_router
from api.v1.gold import Ocid
from domain.lineage.process_lineage import ProcessLineage
from domain.star.queries import FACTS
from services.lineage.process_lineage import get_lineage

router = strict_router("/v1/lineage", "lineage")
FactName = Annotated[
    str | None,
    Query(
        description="with `key`: also show which elements of the releases this row is made of",
        json_schema_extra={"enum": list(FACTS)},
    ),
]
FactKey = Annotated[
    str | None, Query(description="the row's surrogate key, such as its `award_key`", examples=["4611686018427387904"])
]


@router.get("/{ocid:path}", response_model=ProcessLineage, responses=answers(404))
def lineage(ocid: Ocid, context: Context, _: Reader, fact: FactName = None, key: FactKey = None) -> Response:
    """Get the lineage of a contracting process: gold and search, silver batch, releases, jobs and uploaded files."""
    return model_response(get_lineage(context.parts.warehouse, context.parts.lake, ocid, fact, key))
