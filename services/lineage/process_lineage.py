"""The lineage of a contracting process: from its rows in gold back to the uploaded files."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import polars as pl

from domain.jobs.job import Job
from domain.lake.silver import TABLES
from domain.lineage.elements import element_pointers
from domain.lineage.links import facts_link, job_link, lineage_link, process_link, raw_link
from domain.lineage.process_lineage import (
    DocumentLineage,
    FactRow,
    FactRows,
    FileLineage,
    GoldLineage,
    JobLineage,
    LoggedVersion,
    ProcessLineage,
    ReleaseLineage,
    SearchLineage,
    SilverLineage,
    SilverRows,
    Source,
)
from domain.ocds.merging.superseded import without_superseded
from domain.raw_records.listing import RawFilter
from domain.raw_records.record import Kind
from domain.shared.errors import InvalidError, NotFoundError, UnavailableError
from domain.shared.exact_json import loads
from domain.shared.surrogate_keys import surrogate_key
from domain.star.queries import FACTS, Condition, FieldKind, RowQuery, read_value
from services.lake.bronze_versions import only_versions
from services.ports.lake import Lake
from services.ports.warehouse import ReadUnitOfWork, Warehouse

COLUMNS = ["batch", "position", "record_id", "version", "ocid", "date", "payload", "notes"]
SOURCE = {"file": "file", "sha256": "sha256", "line": "line", "offset": "offset", "element": "path"}
DOCUMENTS_MAX_ROWS = 10_000  # documents of a process
Row = dict[str, Any]


def get_lineage(
    warehouse: Warehouse, lake: Lake, ocid: str, fact: str | None = None, key: str | None = None
) -> ProcessLineage:
    """The lineage of the process; with `fact` and `key`, the elements of releases that this row is made of, too.

    NotFoundError for an unknown process, fact or row; InvalidError for a fact without a key, or the reverse.
    """
    with warehouse.read() as work:
        process_key = surrogate_key(ocid)
        (process,) = _rows(work, "process", "ocid", ocid) or (None,)
        if process is None:
            raise NotFoundError(f"there is no process {ocid}")
        row = _fact_row(work, ocid, fact, key)
        facts = [_with_link(one, process_key) for one in work.lineage.fact_rows(process_key)]
        run = work.lineage.silver_batch(process["silver_batch"])
        versions = work.lineage.release_versions(ocid)
        documents = _documents(work, process_key)
        index = work.watermarks.get("index")
    if run is None:
        raise UnavailableError(f"the silver batch of {ocid} is being replaced; try again")
    silver, last_seq = _silver(lake, ocid, run.id)
    as_of = max(run.upto_seq, last_seq)
    used = [version for version in _as_of(versions, as_of) if not version.deleted]
    releases, superseded = _releases(lake, used, row)
    with warehouse.read() as work:
        of_documents = {one.job_id for one in documents if one.job_id is not None}
        jobs = work.jobs.get_many(sorted({one.job_id for one in (*releases, *superseded)} | of_documents))
    return ProcessLineage(
        ocid=ocid,
        current=all(version.seq <= as_of for version in versions),
        gold=GoldLineage(process_key=str(process_key), facts=facts, row=row),
        search=SearchLineage(
            id=ocid, silver_batch=index.silver_batch, seq=index.seq, current=index.silver_batch >= run.id
        ),
        silver=SilverLineage(
            batch=run.id,
            from_seq=run.from_seq,
            upto_seq=run.upto_seq,
            committed_at=run.committed_at,
            tables=silver,
        ),
        releases=releases,
        superseded=superseded,
        documents=documents,
        jobs=[_job(job) for job in sorted(jobs, key=lambda job: (job.created_at, job.id))],
        files=_files([*releases, *superseded]),
        links={"self": lineage_link(ocid), "process": process_link(ocid), "compiled": f"{process_link(ocid)}/compiled"},
    )


def _rows(work: ReadUnitOfWork, fact: str, field: str, value: Any, limit: int = 1) -> list[Row]:
    return work.star_reader.rows(RowQuery(fact, (Condition(field, "eq", (value,)),), limit=limit)).rows


def _fact_row(work: ReadUnitOfWork, ocid: str, fact: str | None, key: str | None) -> FactRow | None:
    if fact is None and key is None:
        return None
    if fact is None or key is None:
        raise InvalidError("fact and key come together", parameter="fact" if fact is None else "key")
    if fact not in FACTS:
        raise NotFoundError(f"there is no fact {fact}", allowed=list(FACTS))
    name = f"{fact}_key"
    try:
        number = read_value(FieldKind.INTEGER, key)
    except ValueError as error:
        raise InvalidError(f"key must be {error}", parameter="key", got=key[:200]) from error
    found = [row for row in _rows(work, fact, name, number) if row.get("ocid") == ocid]
    if not found:
        raise NotFoundError(f"the process {ocid} has no row of the fact {fact} with the key {key}")
    return FactRow(table=f"fact_{fact}", key=key, row=found[0])


def _with_link(rows: FactRows, process_key: int) -> FactRows:
    link = facts_link(rows.table.removeprefix("fact_"), {"process_key": process_key})
    return rows.model_copy(update={"links": {"rows": link}})


def _silver(lake: Lake, ocid: str, silver_batch: int) -> tuple[list[SilverRows], int]:
    """The process's rows of each silver table, and the highest sequence number of its releases."""
    process = lake.read_silver("process", [silver_batch], ["last_seq"], [ocid])
    if not process.height:
        raise UnavailableError(f"the silver rows of {ocid} are being replaced; try again")
    others = (name for name in TABLES if name != "process")
    counts = {name: lake.read_silver(name, [silver_batch], ["ocid"], [ocid]).height for name in others}
    tables = [SilverRows(table=name, rows=rows) for name, rows in {"process": process.height, **counts}.items()]
    return tables, process["last_seq"][0] or 0


def _as_of(versions: Sequence[LoggedVersion], seq: int) -> list[LoggedVersion]:
    """The version of each record that was current at this sequence number; `versions` are in order."""
    grouped = groupby((version for version in versions if version.seq <= seq), key=lambda version: version.record_id)
    return [list(group)[-1] for _, group in grouped]


def _releases(
    lake: Lake, used: Sequence[LoggedVersion], row: FactRow | None
) -> tuple[list[ReleaseLineage], list[ReleaseLineage]]:
    """The releases in the order of merging: those that the process is compiled from, and superseded ones."""
    logged = {(version.record_id, version.version): version for version in used}
    batches, ids = sorted({version.batch_id for version in used}), sorted({version.record_id for version in used})
    bronze = only_versions(lake.read_bronze(Kind.RELEASES, batches, [*COLUMNS, *SOURCE], record_ids=ids), used)
    seqs = pl.Series([logged[key].seq for key in bronze.select("record_id", "version").iter_rows()], dtype=pl.Int64)
    ordered = bronze.with_columns(seqs.alias("seq")).sort("ocid", "date", "seq", "position")
    kept = without_superseded(ordered).select("record_id").to_series().implode()
    made: dict[bool, list[ReleaseLineage]] = {True: [], False: []}
    for found in ordered.with_columns(pl.col("record_id").is_in(kept).alias("kept")).iter_rows(named=True):
        made[found["kept"]].append(_release(found, logged[found["record_id"], found["version"]], row))
    return made[True], made[False]


def _release(found: Row, version: LoggedVersion, row: FactRow | None) -> ReleaseLineage:
    elements = None
    if row is not None:
        elements = element_pointers(row.table.removeprefix("fact_"), row.row, loads(found["payload"]))
    return ReleaseLineage(
        id=version.record_id,
        version=version.version,
        date=found["date"],
        job_id=version.job_id,
        batch=version.batch_id,
        seq=version.seq,
        landed_at=version.landed_at,
        source=Source(**{name: found[column] for column, name in SOURCE.items()}),
        elements=elements,
        links={
            "record": raw_link(Kind.RELEASES, version.record_id),
            "version": raw_link(Kind.RELEASES, version.record_id, version.version),
            "job": job_link(version.job_id),
        },
    )


def _documents(work: ReadUnitOfWork, process_key: int) -> list[DocumentLineage]:
    rows = _rows(work, "document", "process_key", process_key, DOCUMENTS_MAX_ROWS)
    if not rows:
        return []
    ids = [row["record_id"] for row in rows]
    listed = work.record_versions.page(Kind.DOCUMENTS, RawFilter(ids=ids), None, len(ids))
    versions = {version.record_id: version for version in listed}
    made = []
    for row in rows:
        version = versions.get(row["record_id"])
        links = {"record": raw_link(Kind.DOCUMENTS, row["record_id"])}
        made.append(
            DocumentLineage(
                id=row["record_id"],
                **{name: row[name] for name in ("filename", "link", "silver_batch", "sha256")},
                version=version.version if version else None,
                job_id=version.job_id if version else None,
                links=links | ({"job": job_link(version.job_id)} if version else {}),
            )
        )
    return made


def _job(job: Job) -> JobLineage:
    same = job.model_dump(include=set(JobLineage.model_fields) - {"links"})
    return JobLineage(**same, links={"self": job_link(job.id)})


def _files(releases: Iterable[ReleaseLineage]) -> list[FileLineage]:
    by_file: dict[str | None, list[ReleaseLineage]] = defaultdict(list)
    for release in releases:
        by_file[release.source.sha256].append(release)
    return [
        FileLineage(
            sha256=sha256,
            files=sorted({one.source.file for one in found if one.source.file is not None}),
            lines=sorted({one.source.line for one in found if one.source.line is not None}),
            records=sorted(one.id for one in found),
            jobs=sorted({one.job_id for one in found}),
        )
        for sha256, found in by_file.items()
    ]
