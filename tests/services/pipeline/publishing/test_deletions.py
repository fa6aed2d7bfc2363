"""Deletions reach gold: the record, its process, and dimension rows without references are removed."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl

from domain.jobs.job import Job, JobCounts, JobStatus
from domain.lake.bronze import BRONZE
from domain.raw_records.versions import NewVersion
from services.ports.parts import Parts
from services.shared.clock import now
from tests.support import documents, drain, gold, lines, load, messages, release, rows, verified

FULL: dict[str, Any] = {
    "tender": {
        "title": "School buses",
        "status": "active",
        "procurementMethod": "open",
        "value": {"amount": 5, "currency": "CHF"},
        "items": [
            {
                "id": "1",
                "classification": {"scheme": "CPV", "id": "60130000"},
                "deliveryAddress": {"countryName": "France"},
            }
        ],
    },
    "buyer": {"id": "GB-LAC-E01", "name": "Northshire"},
    "awards": [{"id": "1", "suppliers": [{"id": "s", "name": "Coaches"}], "value": {"amount": 4, "currency": "CHF"}}],
    "contracts": [{"id": "1", "awardID": "1"}],
}


def delete(parts: Parts, record_ids: Sequence[str]) -> None:
    """Delete records as landing does: one batch of tombstones, committed together with the catalogue."""
    with parts.warehouse.write() as work:
        job = Job(
            id=f"delete-{'-'.join(record_ids)}",
            type="raw",
            status=JobStatus.RUNNING,
            actor="tester",
            landed=True,
            created_at=now(),
        )
        work.jobs.add(job)
        batch = work.batches.open([job.id], now())[0]
        current = work.record_catalogue.current("releases", record_ids)
        work.commit()
    stones = [
        NewVersion("releases", one.record_id, one.ocid, one.version + 1, b"\0" * 16, True, one)
        for one in current.values()
    ]
    columns = {
        "batch": [batch.id] * len(stones),
        "position": range(len(stones)),
        "record_id": [one.record_id for one in stones],
        "version": [one.version for one in stones],
        "op": ["delete"] * len(stones),
        "ocid": [one.ocid for one in stones],
    }
    frame = pl.DataFrame(columns, schema={name: BRONZE[name] for name in columns})
    frame = frame.with_columns(
        pl.lit(None, dtype=dtype).alias(name) for name, dtype in BRONZE.items() if name not in columns
    )
    parts.lake.append_bronze("releases", batch.id, frame)
    with parts.warehouse.write() as work:
        work.batches.commit([(batch, JobCounts(accepted=len(stones)), ["releases"])], now())
        work.record_catalogue.apply([(batch.id, stone) for stone in stones])
        work.commit()
    messages(parts).send("refine")
    drain(parts)


def test_a_deleted_release_leaves_gold_and_search_as_if_it_had_never_come(lake_home: Parts, tmp_path: Path) -> None:
    load(lake_home, "a.jsonl", lines([release("ocds-test01-1", tender={"title": "stays"})]))
    before = gold(lake_home), documents(lake_home)
    load(lake_home, "b.jsonl", lines([release("ocds-test01-2", **FULL)]))
    assert [row["code"] for row in rows(lake_home, "dim_currency")] == ["CHF", None]
    delete(lake_home, ["ocds-test01-2:1"])
    assert (gold(lake_home), documents(lake_home)) == before
    assert verified(lake_home, tmp_path / "home") == []


def test_a_process_that_lost_one_of_its_releases_is_compiled_from_the_others(lake_home: Parts) -> None:
    load(
        lake_home,
        "a.jsonl",
        lines(
            [
                release(release_id="1", tender={"title": "first"}),
                release(release_id="2", date="2024-02-01T00:00:00Z", **FULL),
            ]
        ),
    )
    delete(lake_home, ["ocds-test01-1:2"])
    assert [(row["title"], row["releases"]) for row in rows(lake_home, "fact_process")] == [("first", 1)]
    assert rows(lake_home, "fact_award") == []
    assert documents(lake_home)["organizations"] == []


def test_a_deleted_release_that_comes_again_is_there_again(lake_home: Parts, tmp_path: Path) -> None:
    content = lines([release("ocds-test01-2", **FULL)])
    load(lake_home, "a.jsonl", content)
    before = gold(lake_home), documents(lake_home)
    delete(lake_home, ["ocds-test01-2:1"])
    assert rows(lake_home, "fact_process") == []
    job = load(lake_home, "b.jsonl", content)
    assert job.counts == JobCounts(received=1, accepted=1, processes=1)
    assert (gold(lake_home), documents(lake_home)) == before
    assert verified(lake_home, tmp_path / "home") == []


def test_an_update_that_drops_an_organisation_takes_it_out_of_dimension_and_search(lake_home: Parts) -> None:
    load(lake_home, "a.jsonl", lines([release(**FULL)]))
    assert {one["name"] for one in documents(lake_home)["organizations"]} == {"Northshire", "Coaches"}
    load(lake_home, "b.jsonl", lines([release(**(FULL | {"awards": []}))]))
    assert {one["name"] for one in documents(lake_home)["organizations"]} == {"Northshire"}
    assert {row["name"] for row in rows(lake_home, "dim_organization")} == {"Northshire", None}
