"""Queries on raw records: lists, single records, versions, outcomes of operations, and the audit trail."""

from collections.abc import Sequence
from typing import Any

import orjson

from domain.raw_records.audit import Audit, AuditFilter
from domain.raw_records.entity_tags import etag
from domain.raw_records.listing import RawFilter, RawVersion, RecordVersion
from domain.raw_records.operations import Outcome, Result
from domain.raw_records.record import Kind, Note, RawRecord
from domain.shared.errors import NotFoundError
from domain.shared.exact_json import loads
from services.ports.lake import Lake
from services.ports.warehouse import Warehouse
from services.shared.pages import Page, cut_page, decode_number, decode_text, encode_cursor

COLUMNS = ["batch", "record_id", "version", "payload", "notes", "file", "sha256", "line", "offset", "element"]
SOURCE = {"file": "file", "sha256": "sha256", "line": "line", "offset": "offset", "element": "path"}
Rows = dict[tuple[str, int], dict[str, Any]]


def list_records(
    warehouse: Warehouse, lake: Lake, kind: Kind, filters: RawFilter, cursor: str | None, limit: int
) -> Page[RawRecord]:
    """A page of records in the order of their ids."""
    with warehouse.read() as work:
        listed = work.record_versions.page(kind, filters, decode_text(cursor), limit + 1)
    versions, following = cut_page(listed, limit, lambda version: [version.record_id])
    rows = _rows(lake, kind, versions)
    records = [
        _record(kind, version, row)
        for version in versions
        if (row := rows.get((version.record_id, version.version))) is not None
    ]
    return Page(records, following)


def get_record(warehouse: Warehouse, lake: Lake, kind: Kind, record_id: str) -> tuple[RawRecord, str]:
    """The current version of a record, and its entity tag. NotFoundError for a missing or deleted record."""
    with warehouse.read() as work:
        found = work.record_versions.one(kind, record_id)
        waiting = found is None and work.raw_job_order.any_unlanded()
    row = None if found is None or found.deleted else _rows(lake, kind, [found]).get((record_id, found.version))
    if found is None or row is None:
        why = ": it was deleted" if found else "; jobs that could create it are still to be landed" if waiting else ""
        raise NotFoundError(f"there is no record {record_id} of {kind}{why}")
    return _record(kind, found, row), etag(found.version, found.content_hash)


def list_versions(warehouse: Warehouse, lake: Lake, kind: Kind, record_id: str) -> list[RawVersion]:
    """Every version of a record, newest first. NotFoundError for an unknown record."""
    with warehouse.read() as work:
        versions = work.record_versions.versions(kind, record_id)
    if not versions:
        raise NotFoundError(f"there is no record {record_id} of {kind}")
    rows = _rows(lake, kind, versions)
    return [_version(version, row) for version in versions if (row := rows.get((record_id, version.version)))]


def get_version(warehouse: Warehouse, lake: Lake, kind: Kind, record_id: str, version: int) -> tuple[RawVersion, str]:
    """One version of a record, and its entity tag. NotFoundError for an unknown one."""
    with warehouse.read() as work:
        versions = work.record_versions.versions(kind, record_id)
    found = next((known for known in versions if known.version == version), None)
    row = _rows(lake, kind, [found]).get((record_id, version)) if found else None
    if found is None or row is None:
        raise NotFoundError(f"the record {record_id} of {kind} has no version {version}")
    return _version(found, row), etag(found.version, found.content_hash)


def list_outcomes(
    warehouse: Warehouse, job_id: str, outcome: Result | None, cursor: str | None, limit: int
) -> Page[Outcome]:
    """A page of the outcomes of a job. NotFoundError for an unknown job."""
    with warehouse.read() as work:
        if work.jobs.get(job_id) is None:
            raise NotFoundError(f"there is no job {job_id}")
        page, following = work.outcomes.page(job_id, decode_number(cursor) or 0, limit, outcome)
    return Page(page, encode_cursor([following]) if following is not None else None)


def list_audit(warehouse: Warehouse, filters: AuditFilter, cursor: str | None, limit: int) -> Page[Audit]:
    """A page of the audit trail, newest first."""
    with warehouse.read() as work:
        entries = work.audit.page(filters, decode_number(cursor), limit + 1)
    return cut_page(entries, limit, lambda entry: [entry.id])


def _rows(lake: Lake, kind: Kind, listed: Sequence[RecordVersion]) -> Rows:
    """The bronze rows of these versions, by id and version."""
    batches, ids = sorted({version.batch_id for version in listed}), sorted({version.record_id for version in listed})
    wanted = {(version.batch_id, version.record_id, version.version) for version in listed}
    found = lake.read_bronze(kind, batches, COLUMNS, record_ids=ids)
    return {
        (row["record_id"], row["version"]): row
        for row in found.iter_rows(named=True)
        if (row["batch"], row["record_id"], row["version"]) in wanted
    }


def _record(kind: Kind, version_row: RecordVersion, row: dict[str, Any]) -> RawRecord:
    fields = {
        "id": version_row.record_id,
        "kind": kind,
        "ocid": version_row.ocid,
        "version": version_row.version,
        "deleted": version_row.deleted,
        "job_id": version_row.job_id,
    }
    times = {"created_at": version_row.created_at, "updated_at": version_row.updated_at}
    return RawRecord(**fields, payload=_payload(row), source=_source(row), notes=_notes(row), **times)


def _version(version_row: RecordVersion, row: dict[str, Any]) -> RawVersion:
    fields = {
        "version": version_row.version,
        "deleted": version_row.deleted,
        "job_id": version_row.job_id,
        "created_at": version_row.updated_at,
    }
    return RawVersion(**fields, payload=_payload(row), source=_source(row), notes=_notes(row))


def _payload(row: dict[str, Any]) -> dict[str, Any] | None:
    return None if row["payload"] is None else loads(row["payload"])


def _source(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[column] for column, name in SOURCE.items()}


def _notes(row: dict[str, Any]) -> list[Note]:
    return [Note(**note) for note in orjson.loads(row["notes"])] if row["notes"] else []
