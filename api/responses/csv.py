"""Lists as CSV: one row per entry, streamed page by page."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import StreamingResponse

from api.requests.accept import preferred_media_type

CSV: dict[int | str, dict[str, Any]] = {
    200: {"description": "JSON or CSV", "content": {"text/csv": {"schema": {"type": "string"}}}}
}


def wants_csv(request: Request, form: str | None) -> bool:
    """Whether the client wants CSV: by `?format=`, else if Accept prefers text/csv to JSON."""
    if form is not None:
        return form == "csv"
    offered = ("application/json", "text/csv")
    return preferred_media_type(request.headers.get("accept", "*/*"), offered) == "text/csv"


def as_csv(columns: Sequence[str], pages: Iterable[Sequence[BaseModel]], filename: str) -> StreamingResponse:
    """A CSV response with a heading, from the models' fields; null is an empty cell."""
    headers = {"Content-Disposition": f'attachment; filename="{filename}"'}
    return StreamingResponse(_lines(columns, pages), media_type="text/csv; charset=utf-8", headers=headers)


def _lines(columns: Sequence[str], pages: Iterable[Sequence[BaseModel]]) -> Iterator[str]:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    for page in pages:
        for one in page:
            row = one.model_dump(mode="json")
            writer.writerow([row[column] for column in columns])
        yield text.getvalue()
        text.seek(0)
        text.truncate()
