"""Exports that run as jobs: accepting them, and fetching their files."""

from collections.abc import Sequence
from typing import IO

from loguru import logger

from domain.exports.order import Export, ExportOrder
from domain.jobs.job import Job, JobStatus, JobWebhook
from domain.shared.errors import ConflictError, GoneError, NotFoundError, RetryableError, level_of
from domain.star.exports import ExportFormat
from services.jobs.acceptance import new_job
from services.jobs.idempotency import IdempotencyKey, claim_key
from services.jobs.queries import require_job
from services.ports.exports import TableExports
from services.ports.queue import MessageQueue
from services.ports.warehouse import Warehouse
from services.star.aggregates import AggregateRequest, export_groups
from services.star.rows import RowRequest, count_rows, export_rows

EXPORT_ACTOR = "export"


def request_export(
    warehouse: Warehouse,
    messages: MessageQueue,
    order: ExportOrder,
    actor: str,
    idempotency: IdempotencyKey | None = None,
    webhook: JobWebhook | None = None,
) -> Job:
    """Return a job that writes the file, or the first job of a repeated idempotency key."""
    job = new_job(
        kind="export", actor=actor, filename=f"{order.name}.{order.format}", sha256=None, landed=True, webhook=webhook
    )
    with warehouse.write() as work:
        known = claim_key(work, idempotency, [job.id]) if idempotency else None
        if known is not None:
            return require_job(work, known[0])
        work.jobs.add(job)
        work.exports.add(Export(job_id=job.id, order=order))
        work.commit()
    try:
        messages.send(EXPORT_ACTOR, job.id)
    except RetryableError as error:  # the sweep sends it
        logger.log(level_of(error), "the message of export {} could not be sent: {}", job.id, error.detail)
    return job


def open_export(warehouse: Warehouse, exports: TableExports, job_id: str) -> tuple[IO[bytes], ExportFormat, str]:
    """The file of an export, its format and the name of its list.

    NotFoundError for another job, ConflictError before it has succeeded, GoneError once its file is deleted.
    """
    with warehouse.read() as work:
        job, export = require_job(work, job_id), work.exports.get(job_id)
    if job.type != "export":
        raise NotFoundError(f"job {job_id} is no export")
    if job.status is not JobStatus.SUCCEEDED:
        raise ConflictError(f"export {job_id} has no file; its status is {job.status}")
    file = exports.open(job_id) if export else None
    if export is None or file is None:
        raise GoneError(f"the file of export {job_id} is deleted; export it again")
    return file, export.order.format, export.order.name


def rows_order(table: str, name: str, request: RowRequest, form: ExportFormat) -> ExportOrder:
    """The order of a list of rows."""
    return ExportOrder(
        table=table,
        name=name,
        format=form,
        filters=list(request.filters),
        sort=request.sort,
        fields=list(request.fields),
        updated_since=request.updated_since,
    )


def aggregate_order(request: AggregateRequest, form: ExportFormat) -> ExportOrder:
    """The order of an aggregate."""
    return ExportOrder(
        table="fact",
        name=request.fact,
        format=form,
        filters=list(request.filters),
        sort=request.sort,
        aggregate=True,
        measures=list(request.measures),
        by=list(request.by),
        having=list(request.having),
    )


def is_long(warehouse: Warehouse, order: ExportOrder, rows_max: int) -> bool:
    """Whether a list of rows is longer than that; aggregates never are. InvalidError as in `write_export`."""
    if order.aggregate:
        return False
    return count_rows(warehouse, order.table, order.name, _row_request(order), rows_max + 1) > rows_max


def _row_request(order: ExportOrder) -> RowRequest:
    return RowRequest(order.filters, order.sort, order.fields, order.updated_since)


def write_export(warehouse: Warehouse, exports: TableExports, order: ExportOrder) -> IO[bytes]:
    """The file that the order describes. InvalidError for unknown fields and the like."""
    if order.aggregate:
        aggregate = AggregateRequest(order.name, order.measures, order.by, order.having, order.filters, order.sort)
        return export_groups(warehouse, exports, aggregate, order.format)
    return export_rows(warehouse, exports, order.table, order.name, _row_request(order), order.format)


def delete_exports(warehouse: Warehouse, exports: TableExports, job_ids: Sequence[str]) -> None:
    """Delete these exports and their files."""
    for job_id in job_ids:
        exports.delete(job_id)
    with warehouse.write() as work:
        work.exports.delete(job_ids)
        work.commit()
