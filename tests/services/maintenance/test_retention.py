"""Deleting details of old jobs, and what stays."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from domain.shared.errors import GoneError
from domain.users.security_event import SecurityAction
from infrastructure.warehouse.ledger.audit_tables import AuditRow
from infrastructure.warehouse.ledger.jobs import JOB
from infrastructure.warehouse.ledger.watermarks import RUN
from infrastructure.warehouse.repository import table
from services.jobs.queries import all_errors, get_job, list_errors
from services.maintenance import retention
from services.maintenance.retention import apply_retention
from services.ports.parts import Parts
from services.shared.clock import now
from tests.support import connection_of, gold, lines, load, quarantined, release, rows, verified

GOOD_AND_BAD = lines([release("ocds-1-1"), {"ocid": ""}, {"no": "ocid"}])


def made_older(parts: Parts, days: int) -> None:
    """As if all jobs and runs had ended so many days ago."""
    then = now() - timedelta(days=days)
    with parts.warehouse.write() as work:
        for target in (JOB, RUN):
            connection_of(work).execute(update(target).values(finished_at=then))
        work.commit()


def test_details_of_old_jobs_are_deleted_and_all_else_stays(
    lake_home: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "SLICE_ROWS", 1)
    old = load(lake_home, "old.jsonl", GOOD_AND_BAD)
    made_older(lake_home, 10)
    new = load(lake_home, "new.jsonl", lines([release("ocds-1-2"), {"no": "ocid"}]))
    before = gold(lake_home)
    assert apply_retention(lake_home.warehouse, None, None) == 0
    assert apply_retention(lake_home.warehouse, 11, None) == 0
    assert len(quarantined(lake_home, old.id)) == 2
    assert apply_retention(lake_home.warehouse, 9, None) > 2
    assert len(quarantined(lake_home, new.id)) == 1
    for read in (list_errors, all_errors):
        with pytest.raises(GoneError, match="2 refused records"):
            read(lake_home.warehouse, old.id)
        read(lake_home.warehouse, new.id)
    job = get_job(lake_home.warehouse, old.id)
    assert (job.status, job.counts) == (old.status, old.counts)
    assert {stage.status for stage in job.stages} == {"done"}
    assert gold(lake_home) == before
    assert verified(lake_home, tmp_path / "home") == []
    assert apply_retention(lake_home.warehouse, 9, None) == 0


def test_a_job_without_refused_records_has_an_empty_list_not_a_gone_one(lake_home: Parts) -> None:
    job = load(lake_home, "good.jsonl", lines([release("ocds-1-1")]))
    assert list_errors(lake_home.warehouse, job.id).items == []


def test_closed_audit_entries_are_deleted_and_pending_ones_stay(lake_home: Parts) -> None:
    job = load(lake_home, "good.jsonl", lines([release("ocds-1-1")]))
    then = now() - timedelta(days=40)
    entry = {"actor": "ann", "action": "purge", "kind": "releases", "record_id": "x", "job_id": job.id, "version": 1}
    with lake_home.warehouse.write() as work:
        for status, finished in (("done", then), ("done", now()), ("pending", None)):
            values = entry | {"seq": 1, "at": then, "status": status, "finished_at": finished}
            connection_of(work).execute(table(AuditRow).insert().values(**values))
        work.commit()
    assert apply_retention(lake_home.warehouse, None, 30) == 1
    assert sorted(row["status"] for row in rows(lake_home, "audit")) == ["done", "pending"]


def test_old_rows_of_the_security_log_are_deleted(lake_home: Parts) -> None:
    action = next(iter(SecurityAction))
    with lake_home.warehouse.write() as work:
        for days in (40, 0):
            work.security_events.add(action, "ann", "192.0.2.1", f"{days} days old", now() - timedelta(days=days))
        work.commit()
    assert apply_retention(lake_home.warehouse, None, 30) == 1
    assert [row["subject"] for row in rows(lake_home, "security_event")] == ["0 days old"]
