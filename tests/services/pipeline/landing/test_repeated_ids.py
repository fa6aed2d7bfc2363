"""Different releases with one id in one upload are all kept; uploading the file again changes nothing."""

import json
from pathlib import Path
from typing import Any

import pytest

from domain.jobs.job import JobCounts
from domain.ocds.repeated_ids import id_mark
from services.ports.parts import Parts
from tests.parameters import combined, mostly_slow
from tests.support import (
    Killed,
    KillingWarehouse,
    drain,
    gold,
    job_of,
    lake_over,
    lines,
    load,
    messages,
    package,
    release,
    rows,
    submit,
    verified,
    warehouse_of,
)

OCID = "ocds-test01-1"
MONEY = {"amount": 90, "currency": "DOP"}
TENDER = release(OCID, "same", tender={"id": "t", "title": "Bridge", "value": {"amount": 100, "currency": "DOP"}})
AWARD = release(OCID, "same", awards=[{"id": "a", "value": MONEY}])
CONTRACT = release(OCID, "same", contracts=[{"id": "c", "awardID": "a", "value": MONEY}])
OTHERS = [release(f"ocds-test01-{number}", str(number)) for number in range(2, 6)]
FILE = [TENDER, *OTHERS[:2], AWARD, TENDER, *OTHERS[2:], CONTRACT, AWARD]


def records(parts: Parts) -> dict[str, tuple[int, str]]:
    """Version and content of each record of the process."""
    with parts.warehouse.read() as work:
        current = work.record_catalogue.current_of_ocids("releases", [OCID])
    return {row.record_id: (row.version, row.content_hash.hex()) for row in current}


def whole(parts: Parts) -> None:
    """Assert that gold has the content of all releases."""
    (process,) = [row for row in rows(parts, "fact_process") if row["ocid"] == OCID]
    assert (process["title"], float(process["amount"]), process["releases"]) == ("Bridge", 100.0, 3)
    assert [row["award_id"] for row in rows(parts, "fact_award")] == ["a"]
    assert [row["contract_id"] for row in rows(parts, "fact_contract")] == ["c"]


@pytest.mark.parametrize(
    ("form", "size"),
    combined([lines, package], [1, 2, 3, 4_000], in_each_run=[(lines, 1), (package, 3), (lines, 4_000)]),
)
def test_all_are_kept_whatever_the_slices_and_the_file_again_is_unchanged(
    lake_home: Parts, tmp_path: Path, form: Any, size: int
) -> None:
    parts = Parts(**(vars(lake_home) | {"batch_records": size}))
    job = load(parts, "a.json", form(FILE))
    assert job.counts == JobCounts(received=9, accepted=7, unchanged=2, processes=5)
    whole(parts)
    first = records(parts)
    assert {version for version, _ in first.values()} == {1}
    assert f"{OCID}:same" in first
    noted = [
        row
        for row in lake_home.lake.read_silver("note", [1, 2, 3, 4, 5, 6, 7, 8, 9], ["code", "message"]).iter_rows()
        if row[0] == "repeated_release_id"
    ]
    assert noted
    assert "'same'" in noted[0][1]
    for content in (form(FILE), form([*FILE, release("ocds-test01-9")])):
        again = load(parts, "again.json", content)
        assert (again.counts.unchanged, again.counts.quarantined) == (9, 0)
        assert records(parts) == first
    whole(parts)
    with parts.warehouse.read() as work:
        assert work.batches.release_marks(job.id, {id_mark(f"{OCID}:same")}) == {}, "forgotten once the job is landed"
    assert verified(parts, tmp_path / "home") == []


@pytest.mark.parametrize("size", mostly_slow([1, 3, 4_000], in_each_run=[1, 4_000]))
def test_the_order_of_slices_does_not_matter_where_the_first_was_known_from_another_file(
    lake_home: Parts, size: int
) -> None:
    parts = Parts(**(vars(lake_home) | {"batch_records": size}))
    load(parts, "first.json", lines([TENDER]))
    job = load(parts, "second.json", lines(FILE))
    assert job.counts == JobCounts(received=9, accepted=6, unchanged=3, processes=5)
    whole(parts)


def test_another_upload_makes_a_new_version_as_before(lake_home: Parts) -> None:
    load(lake_home, "first.json", lines([TENDER]))
    load(lake_home, "second.json", lines([AWARD]))
    ((record_id, (version, _)),) = records(lake_home).items()
    assert (record_id, version) == (f"{OCID}:same", 2)


@pytest.fixture(scope="module")
def undisturbed(migrated: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[int, str]]:
    """The records of a load of `FILE` that nothing interrupts."""
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    with lake_over(home, warehouse_of(migrated, home)) as parts:
        load(parts, "a.json", lines(FILE))
        return records(parts)


@pytest.mark.parametrize("allowed", mostly_slow(range(2, 40, 6), in_each_run=[2, 14, 26]))
def test_a_landing_that_is_killed_and_resumed_gives_the_same_ids(
    migrated: Path, tmp_path: Path, allowed: int, undisturbed: dict[str, tuple[int, str]]
) -> None:
    home = tmp_path / "home"
    warehouse = warehouse_of(migrated, home)
    with lake_over(home, warehouse, batch_records=2) as parts:
        job_id = submit(parts, "a.json", lines(FILE))
        waiting = list(messages(parts).waiting)
        killing = Parts(
            **(vars(parts) | {"warehouse": KillingWarehouse(f"sqlite:///{home / 'warehouse.db'}", allowed)})
        )
        try:
            drain(killing)
        except Killed:
            messages(parts).waiting.clear()
            for message in (*waiting, ("refine",), ("publish",), ("index",)):
                messages(parts).send(*message)
            drain(parts)
        assert job_of(parts, job_id).counts.accepted == 7
        assert records(parts) == undisturbed


def test_releases_without_a_date_of_their_own_are_all_merged_in_their_order(lake_home: Parts) -> None:
    titles = [release(OCID, "same", tender={"title": title}) for title in ("first", "second", "third")]
    load(lake_home, "a.json", package(titles))
    assert [row["title"] for row in rows(lake_home, "fact_process")] == ["third"]
    before = gold(lake_home)
    load(lake_home, "a.json", json.dumps({"releases": titles}).encode())
    assert gold(lake_home) == before
