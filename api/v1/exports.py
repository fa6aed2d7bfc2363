"""GET /v1/exports/{id}: the file that an export job has written."""

from starlette.responses import Response

from api.auth import Reader
from api.context import Context
from api.openapi import answers
from api.requests.parameters import strict_router
from api.responses.exports import EXPORTS, file_response
from api.v1.schemas import JobId
from services.exports.orders import open_export

router = strict_router("/v1/exports", "gold")


@router.get("/{job_id}", response_class=Response, responses={200: EXPORTS[200], **answers(404, 409, 410)})
def export_file(job_id: JobId, context: Context, _: Reader) -> Response:
    """Get the file of an export job. It is kept for a day, or until a record is purged."""
    return file_response(*open_export(context.parts.warehouse, context.parts.exports, job_id))
