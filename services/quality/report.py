"""Data quality for readers: totals by source with examples, and the assessment of a process."""

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from domain.lineage.links import facts_link, lineage_link, process_link, quality_link
from domain.quality import duplicates
from domain.quality.check import Check
from domain.quality.checks import CHECKS
from domain.quality.fields import FIELDS
from domain.quality.report import (
    CheckResult,
    Example,
    FieldCoverage,
    NoteCount,
    NoteSource,
    ProcessCheck,
    ProcessQuality,
    QualityReport,
    SourceCounts,
    SourceSize,
)
from domain.quality.totals import NO_SOURCE
from domain.raw_records.note_codes import NOTES
from domain.shared.errors import InvalidError, NotFoundError
from domain.shared.surrogate_keys import surrogate_key
from services.ports.warehouse import ReadUnitOfWork, Warehouse
from services.star.notes import process_notes

EXAMPLES = 5  # processes shown per check
ALIKE_MAX_PROCESSES = 100
CODES = [*(check.code for check in CHECKS), duplicates.CODE]
DESCRIPTIONS = NOTES | {check.code: f"expected: {check.description}" for check in CHECKS if check.fails is not None}
Rows = Sequence[dict[str, Any]]


def get_quality(warehouse: Warehouse, sources: Sequence[str] = (), checks: Sequence[str] = ()) -> QualityReport:
    """Coverage, checks and notes, of these sources and checks or of all. InvalidError for an unknown check."""
    if unknown := [code for code in checks if code not in CODES]:
        raise InvalidError(f"there is no check {unknown[0][:200]}", parameter="check", allowed=CODES)
    with warehouse.read() as work:
        totals = work.quality.totals(list(sources) or None)
        silver_batch = work.watermarks.get("publish").silver_batch
        rows: dict[str, dict[str, Rows]] = {}
        for (kind, code), part in totals.group_by("kind", "code", maintain_order=True):
            named = part.with_columns(pl.col("source").replace({NO_SOURCE: None}))
            rows.setdefault(str(kind), {})[str(code)] = named.sort("source", nulls_last=True).to_dicts()
        sizes = rows.get("process", {}).get("", [])
        processes = sum(row["applicable"] for row in sizes)
        results = [
            _check(work, check, rows.get("check", {}).get(check.code, []), processes, sources)
            for check in (*CHECKS, _DUPLICATES)
            if not checks or check.code in checks
        ]
    return QualityReport(
        processes=processes,
        silver_batch=silver_batch,
        sources=[SourceSize(source=row["source"], processes=row["applicable"]) for row in sizes],
        coverage=[_coverage(field.name, rows.get("field", {}).get(field.name, [])) for field in FIELDS],
        checks=results,
        notes=[_note(code, found, sources) for code, found in sorted(rows.get("note", {}).items())],
    )


_DUPLICATES = Check(
    code=duplicates.CODE,
    name=duplicates.NAME,
    description=duplicates.DESCRIPTION,
    rule=duplicates.RULE,
    table="process",
    applies=pl.lit(value=True),
)


def _sources(rows: Rows) -> list[SourceCounts]:
    return [SourceCounts(**{name: row[name] for name in ("source", "applicable", "failed")}) for row in rows]


def _coverage(field: str, rows: Rows) -> FieldCoverage:
    applicable, missing = sum(row["applicable"] for row in rows), sum(row["failed"] for row in rows)
    present = applicable - missing
    return FieldCoverage(
        field=field,
        applicable=applicable,
        present=present,
        missing=missing,
        share=round(present / applicable, 4) if applicable else None,
        sources=_sources(rows),
    )


def _check(work: ReadUnitOfWork, check: Check, rows: Rows, processes: int, sources: Sequence[str]) -> CheckResult:
    checked, failed = sum(row["applicable"] for row in rows), sum(row["failed"] for row in rows)
    is_note = check.code != duplicates.CODE
    find = work.quality.examples if is_note else None
    ocids: list[str] = []
    if failed:
        ocids = find(check.code, sources, EXAMPLES) if find else work.quality.duplicates(sources, EXAMPLES)
    return CheckResult(
        **{name: getattr(check, name) for name in ("code", "name", "description", "rule")},
        checked=checked,
        passed=checked - failed,
        failed=failed,
        not_applicable=processes - checked,
        sources=_sources(rows),
        examples=[Example(ocid=ocid, links=_links(ocid)) for ocid in ocids],
        links={"notes": _notes_link(check.code, sources)} if is_note else {},
    )


def _note(code: str, rows: Rows, sources: Sequence[str]) -> NoteCount:
    counted = [NoteSource(source=row["source"], processes=row["applicable"], notes=row["occurrences"]) for row in rows]
    return NoteCount(
        code=code,
        description=DESCRIPTIONS.get(code),
        processes=sum(one.processes for one in counted),
        notes=sum(one.notes for one in counted),
        sources=counted,
        links={"notes": _notes_link(code, sources)},
    )


def _notes_link(code: str, sources: Sequence[str]) -> str:
    filters: Mapping[str, str | Sequence[str]] = {"code": code} | ({"source.prefix": sources} if sources else {})
    return facts_link("note", filters)


def _links(ocid: str) -> dict[str, str]:
    return {"process": process_link(ocid), "quality": quality_link(ocid), "lineage": lineage_link(ocid)}


def get_process_quality(warehouse: Warehouse, ocid: str) -> ProcessQuality:
    """The data quality of a process. NotFoundError for an unknown one."""
    key = surrogate_key(ocid)
    with warehouse.read() as work:
        assessed = work.quality.assessments([key]).to_dicts()
        if not assessed:
            known = work.star.existing_processes([key])
            why = "is not assessed yet: `tenderlake rebuild gold` does that" if known else "does not exist"
            raise NotFoundError(f"the process {ocid} {why}")
        (row,) = assessed
        notes = process_notes(work, key)
        alike = work.quality.like(row["likeness"], ALIKE_MAX_PROCESSES + 1) if row["likeness"] is not None else []
    has = {field.name: bool(row["present"] >> bit & 1) for bit, field in enumerate(FIELDS)}
    checks = [
        ProcessCheck(
            code=check.code, name=check.name, result=_result(row["checked"] >> bit & 1, row["failed"] >> bit & 1)
        )
        for bit, check in enumerate(CHECKS)
    ]
    others = [other for other in alike if other != ocid]
    checks.append(
        ProcessCheck(code=duplicates.CODE, name=duplicates.NAME, result=_result(row["likeness"] is not None, others))
    )
    return ProcessQuality(
        ocid=ocid,
        present=[name for name, found in has.items() if found],
        missing=[field.name for field in FIELDS if not has[field.name] and (field.of is None or has[field.of])],
        checks=checks,
        alike=others,
        notes=notes,
        links=_links(ocid),
    )


def _result(checked: object, failed: object) -> str:
    return "failed" if failed else "passed" if checked else "not_applicable"
