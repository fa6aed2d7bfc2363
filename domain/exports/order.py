"""What an export writes: rows or groups of the star, as a client asked for them."""

from datetime import datetime

from pydantic import BaseModel

from domain.star.exports import ExportFormat
from domain.star.queries import Table


class ExportOrder(BaseModel):
    """An export: a list of rows, or with measures or groups an aggregate.

    `table` and `name`: which list. `filters` are the query parameters that are filters, in order.
    """

    table: Table
    name: str
    format: ExportFormat
    filters: list[tuple[str, str]] = []
    sort: str | None = None
    fields: list[str] = []
    updated_since: datetime | None = None
    aggregate: bool = False
    measures: list[str] = []
    by: list[str] = []
    having: list[str] = []


class Export(BaseModel):
    """The export of a job. Its file is kept until `expires_at`, which is null until the job has ended."""

    job_id: str
    order: ExportOrder
    expires_at: datetime | None = None
