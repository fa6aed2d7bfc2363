"""Responses of lists as files: at once, or 202 with a job that writes the file."""

import re

from fastapi import Request
from starlette.responses import Response

from api.context import AppContext
from api.responses.exports import file_response
from api.v1.job_responses import accepted, change_options
from domain.exports.order import ExportOrder
from domain.users.user import User
from services.exports.orders import is_long, request_export, write_export

RESPOND_ASYNC = re.compile(r"(?:^|[,;\s])respond-async\s*(?:$|[,;])", re.IGNORECASE)  # RFC 7240, section 4.1


def export_response(request: Request, context: AppContext, user: User, order: ExportOrder) -> Response:
    """The file; or 202 with a job, if the client prefers that or the list is long."""
    parts, prefer = context.parts, request.headers.get("prefer")
    wants_job = RESPOND_ASYNC.search(prefer or "") is not None
    if not wants_job and not is_long(parts.warehouse, order, context.settings.export_max_rows):
        name = f"{order.name}-aggregate" if order.aggregate else order.name
        return file_response(write_export(parts.warehouse, parts.exports, order), order.format, name)
    options = change_options(request, context, prefer, request.headers.get("idempotency-key"))
    key = options.idempotency_key(user, "")
    return accepted(context, options, request_export(parts.warehouse, parts.messages, order, user.name, key))
