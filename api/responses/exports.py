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
RecordsFormat = Literal["json", "ocds"]
RECORDS = (
    "`json` (pages), or `ocds`: a file with all processes as an OCDS record package, each with its releases, compiled "
    "and versioned release"
)
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
    charset = "; charset=utf-8" if form is ExportFormat.CSV else ""
    return _download(file, form.media_type + charset, f"{name}.{form}")


def package_response(file: IO[bytes]) -> StreamingResponse:
    """The OCDS record package as a download, which is closed afterwards."""
    return _download(file, "application/json", "records.json")


def _download(file: IO[bytes], media_type: str, name: str) -> StreamingResponse:
    size = file.seek(0, 2)
    file.seek(0)
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Length": str(size)}
    return StreamingResponse(
        _chunks(file), media_type=media_type, headers=headers, background=BackgroundTask(file.close)
    )


def wants_records(request: Request, form: RecordsFormat | None) -> bool:
    """Whether the client wants an OCDS record package. InvalidError for one with paging parameters."""
    if form == "ocds" and (paging := {"cursor", "limit", "page", "per_page"} & set(request.query_params)):
        raise InvalidError(f"a file holds all processes without pages; leave out {min(paging)}", parameter=min(paging))
    return form == "ocds"


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK_BYTES):
            yield chunk
