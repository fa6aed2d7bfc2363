"""Lists as files: CSV, JSON Lines, XLSX, Parquet or Arrow, by `?format=` or the Accept header."""

from collections.abc import Iterator
from typing import IO, Annotated, Any, Literal

from fastapi import Query, Request
from starlette.background import BackgroundTask
from starlette.responses import StreamingResponse

from api.requests.accept import preferred_media_type
from domain.shared.errors import InvalidError
from domain.star.exports import ExportFormat

CHUNK_BYTES = 256 * 1024
Format = Annotated[
    Literal["json", "csv", "jsonl", "xlsx", "parquet", "arrow"] | None,
    Query(
        alias="format",
        description="`json` (pages), or a file with all rows: `csv`, `jsonl`, `xlsx`, `parquet`, `arrow`; "
        "overrides the Accept header",
    ),
]
EXPORTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A page as JSON, or a file with all rows",
        "content": {form.media_type: {"schema": {"type": "string", "format": "binary"}} for form in ExportFormat},
    }
}


def export_format(request: Request, form: str | None) -> ExportFormat | None:
    """The file format that the client wants, None for JSON. InvalidError for a file with `cursor` or `limit`."""
    if form is None:
        offered = {"application/json": None} | {form.media_type: form for form in ExportFormat}
        wanted = offered[preferred_media_type(request.headers.get("accept", "*/*"), list(offered))]
    else:
        wanted = None if form == "json" else ExportFormat(form)
    if wanted is not None and (paging := {"cursor", "limit"} & set(request.query_params)):
        raise InvalidError("a file holds all rows without pages; leave out cursor and limit", parameter=min(paging))
    return wanted


def file_response(file: IO[bytes], form: ExportFormat, name: str) -> StreamingResponse:
    """The file as a download, which is closed afterwards."""
    size = file.seek(0, 2)
    file.seek(0)
    charset = "; charset=utf-8" if form is ExportFormat.CSV else ""
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"', "Content-Length": str(size)}
    return StreamingResponse(
        _chunks(file), media_type=form.media_type + charset, headers=headers, background=BackgroundTask(file.close)
    )


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
