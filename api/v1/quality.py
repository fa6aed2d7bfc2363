"""GET /v1/quality…: coverage of fields, consistency checks and notes, by source; and those of a process."""

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from api.auth import Reader
from api.context import Context
from api.openapi import answers
from api.requests.parameters import model_response, strict_router
from api.v1.gold import Ocid
from domain.quality.report import ProcessQuality, QualityReport
from services.quality.report import CODES, get_process_quality, get_quality

router = strict_router("/v1/quality", "quality")
Sources = Annotated[
    list[str],
    Query(
        default_factory=list,
        alias="source",
        description="only processes of these publishers, by ocid prefix",
        examples=[["ocds-b5fd17"]],
        max_length=100,
    ),
]
Checks = Annotated[
    list[str],
    Query(
        default_factory=list,
        alias="check",
        description="only these checks",
        max_length=100,
        json_schema_extra={"items": {"enum": CODES, "type": "string"}},
    ),
]


@router.get("", response_model=QualityReport)
def quality(context: Context, _: Reader, sources: Sources, checks: Checks) -> Response:
    """Get the data quality: coverage of fields, consistency checks with examples, and counts of notes, by source."""
    return model_response(get_quality(context.parts.warehouse, sources, checks))


@router.get("/processes/{ocid:path}", response_model=ProcessQuality, responses=answers(404))
def process_quality(ocid: Ocid, context: Context, _: Reader) -> Response:
    """Get the data quality of a contracting process: its fields, checks and notes."""
    return model_response(get_process_quality(context.parts.warehouse, ocid))
