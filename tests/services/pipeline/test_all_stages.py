"""A file goes through land, refine, publish and index, over the real parts."""

import json
from pathlib import Path

import polars as pl

from domain.jobs.job import JobCounts, JobStatus
from domain.search.queries import Collection, SearchQuery
from services.ports.parts import Parts
from tests.factories import ReleaseFactory
from tests.support import (
    documents,
    drain,
    gold,
    job_of,
    lines,
    load,
    messages,
    package,
    quarantined,
    release,
    rows,
    submit,
    verified,
)

TENDER = {"title": "School transport", "status": "active", "value": {"amount": 10.0, "currency": "GBP"}}


def test_a_release_ends_in_gold_and_in_search(lake_home: Parts) -> None:
    job = load(lake_home, "a.json", json.dumps(release(tender=TENDER, buyer={"name": "Northshire Council"})).encode())
    assert job.status is JobStatus.SUCCEEDED
    assert job.counts == JobCounts(received=1, accepted=1, processes=1)
    (process,) = rows(lake_home, "fact_process")
    assert (process["ocid"], process["title"], float(process["amount"])) == ("ocds-test01-1", "School transport", 10.0)
    found = lake_home.search.search(SearchQuery(text="transport"))
    assert [hit.id for hit in found.hits] == ["ocds-test01-1"]
    assert [one["name"] for one in lake_home.search.scan(Collection.ORGANIZATIONS)] == ["Northshire Council"]


def test_counts_say_what_became_of_each_record(lake_home: Parts) -> None:
    known = release("ocds-test01-1")
    load(lake_home, "a.jsonl", lines([known]))
    job = load(
        lake_home,
        "b.jsonl",
        lines([known, release("ocds-test01-2"), release("ocds-test01-2", "2"), release("ocds-test01-3")])
        + b'{"id": "x"}\n{broken\n',
    )
    assert job.status is JobStatus.SUCCEEDED
    assert job.counts == JobCounts(received=6, accepted=3, unchanged=1, quarantined=2, processes=2)
    assert [(one.line, one.code) for one in quarantined(lake_home, job.id)] == [(5, "not_ocds"), (6, "invalid_json")]


def test_processes_are_counted_once_over_the_slices_of_a_job(lake_home: Parts) -> None:
    parts = Parts(**(vars(lake_home) | {"batch_records": 2}))
    job = load(parts, "a.jsonl", lines(release("ocds-test01-1", str(number)) for number in range(5)))
    assert job.counts == JobCounts(received=5, accepted=5, processes=1)


def test_the_same_file_twice_changes_nothing(lake_home: Parts) -> None:
    content = package([release("ocds-test01-1", tender=TENDER), release("ocds-test01-2")])
    load(lake_home, "a.json", content)
    before = gold(lake_home), documents(lake_home)
    job = load(lake_home, "again.json", content)
    assert job.status is JobStatus.SUCCEEDED
    assert job.counts == JobCounts(received=2, unchanged=2)
    assert (gold(lake_home), documents(lake_home)) == before


def test_a_new_version_of_a_release_replaces_the_old_one(lake_home: Parts) -> None:
    load(lake_home, "a.json", package([release(tender=TENDER)]))
    job = load(lake_home, "b.json", package([release(tender=TENDER | {"title": "School buses"})]))
    assert job.counts == JobCounts(received=1, accepted=1, processes=1)
    assert [(row["title"], row["releases"]) for row in rows(lake_home, "fact_process")] == [("School buses", 1)]
    assert lake_home.search.search(SearchQuery(text='"School transport"')).found == 0


def test_going_back_to_an_older_content_is_a_new_version(lake_home: Parts) -> None:
    for title in ("one", "two", "one"):
        job = load(lake_home, "a.json", package([release(tender={"title": title})]))
        assert job.counts.accepted == 1
    assert [row["title"] for row in rows(lake_home, "fact_process")] == ["one"]


def test_releases_of_one_process_from_several_files_are_compiled_together(lake_home: Parts) -> None:
    load(
        lake_home,
        "late.json",
        package([release(release_id="2", date="2024-02-01T00:00:00Z", tender={"title": "late"})]),
    )
    load(lake_home, "early.json", package([release(release_id="1", tender={"title": "early", "description": "kept"})]))
    assert [(row["title"], row["description"], row["releases"]) for row in rows(lake_home, "fact_process")] == [
        ("late", "kept", 2)
    ]


def test_unknown_fields_stay_in_the_compiled_release(lake_home: Parts) -> None:
    load(
        lake_home,
        "a.json",
        package([release(tender={"title": "x", "x_secret": [1, {"a": "ü"}]}, local={"deep": [1, 2]})]),
    )
    frame = lake_home.lake.read_silver("process", [1], ["compiled"])
    compiled = json.loads(frame["compiled"][0])
    assert compiled["local"] == {"deep": [1, 2]}
    assert compiled["tender"]["x_secret"] == [1, {"a": "ü"}]


def test_a_file_without_a_good_record_fails_and_says_so(lake_home: Parts) -> None:
    job = load(lake_home, "a.jsonl", b'{"id": "1"}\n{"id": "2"}\n')
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert "none of its 2 records" in job.error.detail
    assert rows(lake_home, "fact_process") == []


def test_a_file_of_an_unknown_kind_fails_and_names_what_is_expected(lake_home: Parts) -> None:
    job = load(lake_home, "a.bin", b"\x7fELF and so on")
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert "the format of a.bin is not supported" in job.error.detail
    assert any("OCDS JSON" in kind for kind in job.error.model_dump()["expected"])


def test_releases_with_every_field_filled_go_through(lake_home: Parts) -> None:
    made = [ReleaseFactory.payload() for _ in range(60)]
    job = load(lake_home, "made.jsonl", lines(made))
    assert job.status is JobStatus.SUCCEEDED
    assert (job.counts.received, job.counts.quarantined) == (60, 0)
    ocids = {one["ocid"] for one in made}
    assert {row["ocid"] for row in rows(lake_home, "fact_process")} == ocids
    assert {one["id"] for one in lake_home.search.scan(Collection.PROCESSES)} == ocids


def test_every_stage_run_twice_changes_nothing(lake_home: Parts) -> None:
    job_id = submit(lake_home, "a.jsonl", lines(release(f"ocds-test01-{number}", tender=TENDER) for number in range(5)))
    queue = messages(lake_home)
    while queue.waiting:
        message = queue.waiting.popleft()
        queue.handle(lake_home, message)
        once = list(queue.waiting)
        queue.handle(lake_home, message)
        assert list(queue.waiting) == once
    assert job_of(lake_home, job_id).counts == JobCounts(received=5, accepted=5, processes=5)
    before = gold(lake_home), documents(lake_home)
    for message in (("land", job_id), ("refine",), ("publish",), ("index",)):
        queue.handle(lake_home, message)
        drain(lake_home)
    assert (gold(lake_home), documents(lake_home)) == before
    assert bronze(lake_home).height == 5


def bronze(parts: Parts) -> pl.DataFrame:
    """The bronze rows that count."""
    with parts.warehouse.read() as work:
        return parts.lake.read_bronze("releases", sorted(work.batches.sequence()), ["record_id", "version", "ocid"])


def compiled(date: str, *awards: dict[str, object], **fields: object) -> bytes:
    """A record package that has nothing but the compiled release, as a publisher makes one a day."""
    made = release("ocds-test01-1", f"ocds-test01-1-{date}", date=date, tag=["compiled"], awards=list(awards), **fields)
    return json.dumps({"records": [{"ocid": "ocds-test01-1", "compiledRelease": made}]}).encode()


CHAIRS: dict[str, object] = {
    "title": "Chairs",
    "status": "active",
    "value": {"amount": 100, "currency": "EUR"},
}  # without an id
DESKS: dict[str, object] = {
    "id": "desks",
    "title": "Desks",
    "status": "active",
    "value": {"amount": 7, "currency": "EUR"},
}


def awards(parts: Parts) -> list[tuple[str | None, float]]:
    return sorted(((row["title"], float(row["amount"])) for row in rows(parts, "fact_award")), key=str)


def test_a_compiled_release_stands_for_what_is_not_newer_and_is_merged_with_none_of_it(
    lake_home: Parts, tmp_path: Path
) -> None:
    load(lake_home, "1.json", compiled("2024-01-01T00:00:00Z", CHAIRS, DESKS))
    load(
        lake_home,
        "2.json",
        compiled("2024-01-02T00:00:00Z", CHAIRS, tender=TENDER | {"items": [{"description": "chairs"}]}),
    )
    assert awards(lake_home) == [("Chairs", 100.0)], "neither twice, nor with what was withdrawn"
    assert len(rows(lake_home, "fact_item")) == 1
    (process,) = rows(lake_home, "fact_process")
    assert (process["releases"], str(process["first_published"])[:10], str(process["last_published"])[:10]) == (
        1,
        "2024-01-01",
        "2024-01-02",
    )
    old, new = (
        release(release_id="r0", date="2024-01-01T09:00:00Z", awards=[CHAIRS]),
        release(release_id="r1", date="2024-01-03T00:00:00Z", awards=[DESKS]),
    )
    load(lake_home, "parts.json", package([old, new]))
    assert awards(lake_home) == [("Chairs", 100.0), ("Desks", 7.0)], (
        "what is newer is merged, what was compiled already is not"
    )
    load(lake_home, "3.json", compiled("2024-01-04T00:00:00Z", DESKS))
    assert awards(lake_home) == [("Desks", 7.0)]
    assert verified(lake_home, tmp_path / "home") == []
