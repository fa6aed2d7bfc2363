"""Lists as CSV: one row per entry, streamed page by page."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import StreamingResponse

CSV: dict[int | str, dict[str, Any]] = {
    200: {"description": "JSON or CSV", "content": {"text/csv": {"schema": {"type": "string"}}}}
}


def wants_csv(request: Request, form: str | None) -> bool:
    """Whether the client wants CSV: by `?format=`, else if Accept prefers text/csv to JSON."""
    if form is not None:
        return form == "csv"
    liked = [part.strip().split(";") for part in request.headers.get("accept", "").lower().split(",")]
    weight = {kind.strip(): _weight(more) for kind, *more in liked}
    return weight.get("text/csv", 0.0) > weight.get("application/json", 0.0)


def _weight(parameters: Sequence[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.strip().partition("=")
        if name == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


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
