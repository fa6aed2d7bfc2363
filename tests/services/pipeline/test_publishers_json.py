"""Real-world JSON variants: OCDS records with links, OCDS 1.0 data, integer ids, files that are not OCDS."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import ocdsmerge
import pytest

from domain.jobs.job import JobCounts, JobStatus
from domain.ocds.merging.compiled_release import OMITTED
from domain.ocds.merging.rules import OCDS_1_0, OCDS_1_1
from services.ports.parts import Parts
from tests.parameters import combined
from tests.support import gold, lines, load, package, quarantined, release, rows, verified

OCID = "ocds-test01-1"
LINK = {"url": "https://example.org/1.json", "date": "2024-01-01T00:00:00Z", "tag": ["tender"]}


def awarded(number: int, *suppliers: dict[str, Any], **more: Any) -> dict[str, Any]:
    """An OCDS 1.0 release with embedded organisations."""
    award = {"id": 1, "value": {"amount": 1000, "currency": "PYG"}, "suppliers": list(suppliers)}
    return (
        release(
            OCID,
            str(number),
            f"2016-0{number}-01T00:00:00Z",
            tender={"id": 5, "tenderers": [{"name": "A"}, {"name": "B"}]},
            awards=[award],
        )
        | more
    )


def compiled(parts: Parts) -> dict[str, Any]:
    with parts.warehouse.read() as work:
        batches = [one.id for one in work.batches.silver_after(0)]
    made: dict[str, Any] = json.loads(parts.lake.read_silver("process", batches[-1:], ["compiled"])["compiled"][0])
    return made


def reference(releases: list[dict[str, Any]], rules: Any) -> dict[str, Any]:
    made = dict.fromkeys(rules.replaced, "wholeListMerge") | {(name,): "omitWhenMerged" for name in OMITTED}
    found: dict[str, Any] = ocdsmerge.Merger(merge_rules=made).create_compiled_release(releases)
    return found


def test_a_record_of_which_some_releases_are_links_stands_by_its_compiled_release(
    lake_home: Parts, tmp_path: Path
) -> None:
    whole = release(
        OCID, "c", "2024-01-03T00:00:00Z", tag=["compiled"], tender={"title": "Whole"}, awards=[{"id": "a"}]
    )
    there = release(OCID, "2", "2024-01-03T00:00:00Z", awards=[{"id": "a"}, {"title": "withdrawn"}])
    job = load(
        lake_home,
        "r.json",
        json.dumps({"records": [{"ocid": OCID, "releases": [LINK, there], "compiledRelease": whole}]}).encode(),
    )
    assert job.counts == JobCounts(received=2, accepted=2, processes=1)
    (process,) = rows(lake_home, "fact_process")
    assert (process["title"], process["releases"]) == ("Whole", 1)
    assert [row["award_id"] for row in rows(lake_home, "fact_award")] == ["a"]
    codes = sorted(lake_home.lake.read_silver("note", [1], ["code"])["code"])
    assert codes == ["compiled_only", "compiled_supersedes"]
    assert verified(lake_home, tmp_path / "home") == []


def test_a_compiled_release_that_is_refused_takes_no_good_release_with_it(lake_home: Parts) -> None:
    broken = release(OCID, "c", "soon", tag=["compiled"])
    record = {"ocid": OCID, "releases": [LINK, release(OCID, "2", tender={"title": "Part"})], "compiledRelease": broken}
    job = load(lake_home, "r.json", json.dumps({"records": [record]}).encode())
    assert job.counts == JobCounts(received=2, accepted=1, quarantined=1, processes=1)
    assert [row["title"] for row in rows(lake_home, "fact_process")] == ["Part"]


@pytest.mark.parametrize("version", [None, "1.0", 1.0])
def test_data_of_1_0_merges_whole_lists_of_organisations(lake_home: Parts, tmp_path: Path, version: Any) -> None:
    releases = [awarded(1, {"name": "Aceros del Zur"}), awarded(2, {"name": "Aceros del Sur"})]
    about = {} if version is None else {"version": version}
    for one in releases:  # one upload each, while `verified` builds them together
        load(lake_home, "p.json", json.dumps(about | {"releases": [one]}).encode())
    expected = reference(releases, OCDS_1_0)
    made = compiled(lake_home)
    assert {name: made[name] for name in ("tender", "awards")} == {
        name: expected[name] for name in ("tender", "awards")
    }
    assert [float(row["amount"]) for row in rows(lake_home, "fact_award")] == [1000.0]
    assert made["tender"]["id"] == 5, "a whole number stays one"
    assert made["awards"][0]["id"] == 1
    assert verified(lake_home, tmp_path / "home") == []


@pytest.mark.parametrize("about", [{"version": "1.1"}, {"version": "1.1.5"}, {}])
def test_data_of_1_1_merges_by_id(lake_home: Parts, about: dict[str, Any]) -> None:
    parties = {} if about else {"parties": [{"id": "z", "name": "Zur"}]}
    releases = [awarded(1, {"name": "Zur"}, **parties), awarded(2, {"name": "Sur"}, **parties)]
    load(lake_home, "p.json", json.dumps(about | {"releases": releases}).encode())
    expected = reference(releases, OCDS_1_1)
    assert compiled(lake_home)["awards"] == expected["awards"]
    assert len(expected["awards"][0]["suppliers"]) == 2


def test_organisations_with_ids_and_no_version_are_of_1_1(lake_home: Parts) -> None:
    load(
        lake_home,
        "p.json",
        lines([awarded(n, {"id": name}, tender={"tenderers": [{"id": name}]}) for n, name in ((1, "x"), (2, "y"))]),
    )
    assert [one["id"] for one in compiled(lake_home)["awards"][0]["suppliers"]] == ["x", "y"]


def test_ids_that_are_numbers_here_and_texts_there_are_the_same(lake_home: Parts, tmp_path: Path) -> None:
    contract = {"id": 3, "awardID": "1"}
    load(
        lake_home,
        "a.jsonl",
        lines(
            [
                release(OCID, "1", awards=[{"id": 1, "title": "a"}]),
                release(OCID, "2", awards=[{"id": "1", "status": "active"}]),
            ]
        ),
    )
    load(lake_home, "b.jsonl", lines([release(OCID, "3", "2024-01-02T00:00:00Z", contracts=[contract])]))
    assert compiled(lake_home)["awards"] == [{"id": 1, "title": "a", "status": "active"}]
    assert [row["award_id"] for row in rows(lake_home, "fact_award")] == ["1"]
    (found,) = rows(lake_home, "fact_contract")
    assert (found["contract_id"], found["award_id"]) == ("3", "1")
    notes = [code for code in lake_home.lake.read_silver("note", [1, 2], ["code"])["code"] if code == "award_not_found"]
    assert notes == []
    before = gold(lake_home)
    job = load(lake_home, "c.jsonl", lines([release(OCID, 1, awards=[{"id": 1, "title": "a"}])]))  # type: ignore[arg-type]
    assert job.counts == JobCounts(received=1, accepted=1, processes=1), "the id 1 is that of the release '1'"
    assert gold(lake_home) == before
    assert verified(lake_home, tmp_path / "home") == []


@pytest.mark.parametrize(
    "content", [b"[]", b'{"releases": []}', b'{"records": []}', b'[{"releases": []}]', b"ocid,id,date,tender/title\n"]
)
def test_an_empty_file_is_told_that_nothing_is_in_it(lake_home: Parts, content: bytes) -> None:
    job = load(lake_home, "empty.json", content)
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert "it contains no records" in job.error.detail
    assert "errors" not in job.error.detail
    assert job.counts == JobCounts()


def test_a_file_that_is_no_ocds_is_told_so_once(lake_home: Parts) -> None:
    suppliers = [{"id": number, "name": f"Firm {number}", "city": "Leeds"} for number in range(500)]
    job = load(lake_home, "suppliers.json", json.dumps(suppliers).encode())
    assert job.status is JobStatus.FAILED
    assert job.counts == JobCounts(received=500, quarantined=500)
    (entry,) = quarantined(lake_home, job.id)
    assert entry.code == "not_ocds"
    assert "id, name, city" in entry.reason
    assert "the 499 elements after it are no OCDS either" in entry.reason
    assert job.error is not None
    assert entry.reason in job.error.detail


def test_where_releases_lie_in_another_file_is_said(lake_home: Parts) -> None:
    job = load(
        lake_home, "page.json", json.dumps({"success": True, "result": json.loads(package([release()]))}).encode()
    )
    assert job.error is not None
    assert "/result/releases" in job.error.detail


def test_packages_without_releases_cost_themselves_only(lake_home: Parts) -> None:
    about = {"uri": "https://example.org/1", "publishedDate": "2024-01-01", "publisher": {"name": "Town"}}
    job = load(lake_home, "a.jsonl", lines([about, about, about | {"releases": [release()]}, about]))
    assert job.counts == JobCounts(received=4, accepted=1, quarantined=3, processes=1)
    assert [(one.line, one.code) for one in quarantined(lake_home, job.id)] == [
        (1, "not_ocds"),
        (2, "not_ocds"),
        (4, "not_ocds"),
    ]
    assert all("without releases" in one.reason for one in quarantined(lake_home, job.id))


def test_a_damaged_head_is_one_entry_beside_its_releases(lake_home: Parts) -> None:
    content = package([release("ocds-test01-1"), release("ocds-test01-2")], publishedDate=0).replace(
        b'"publishedDate": 0', b'"publishedDate": '
    )
    job = load(lake_home, "a.json", content)
    assert job.status is JobStatus.SUCCEEDED
    assert job.counts == JobCounts(received=3, accepted=2, quarantined=1, processes=2)
    (entry,) = quarantined(lake_home, job.id)
    assert "publishedDate: its value is missing" in entry.reason


AMBIGUOUS = release("ocds-test01-1", "1", "02/03/2024", tender={"tenderPeriod": {"endDate": "04/05/2024"}})
DAY_FIRST, MONTH_FIRST = ("25/12/2023", "2024-03-02"), ("12/25/2023 10:30", "2024-02-03")


@pytest.mark.parametrize(
    ("form", "size", "dates"),
    combined(
        [lines, package],
        [1, 4_000],
        [DAY_FIRST, MONTH_FIRST],
        in_each_run=[(lines, 1, DAY_FIRST), (lines, 4_000, MONTH_FIRST), (package, 1, MONTH_FIRST)],
    ),
)
def test_another_date_of_the_file_decides_a_date_with_two_readings(
    lake_home: Parts, form: Any, size: int, dates: tuple[str, str]
) -> None:
    other, day = dates
    parts = Parts(**(vars(lake_home) | {"batch_records": size}))
    job = load(parts, "a.json", form([AMBIGUOUS, release("ocds-test01-2", "2", other)]))
    assert job.counts == JobCounts(received=2, accepted=2, processes=2)
    (process,) = [row for row in rows(parts, "fact_process") if row["ocid"] == "ocds-test01-1"]
    assert str(process["last_published"])[:10] == day
    assert str(process["tender_end"])[:10] == ("2024-05-04" if day == "2024-03-02" else "2024-04-05")
    assert load(parts, "a.json", form([AMBIGUOUS, release("ocds-test01-2", "2", other)])).counts.unchanged == 2


def test_dates_of_a_file_that_contradict_each_other_decide_nothing(lake_home: Parts) -> None:
    job = load(
        lake_home,
        "a.json",
        lines([AMBIGUOUS, *(release("ocds-test01-2", text, text) for text in ("25/12/2023", "12/25/2023"))]),
    )
    assert job.counts == JobCounts(received=3, accepted=2, quarantined=1, processes=1)
    (entry,) = quarantined(lake_home, job.id)
    assert (entry.code, "2024-03-02 or 2024-02-03" in entry.reason) == ("ambiguous_date", True)


def test_a_date_with_two_readings_inside_a_release_is_null_and_noted(lake_home: Parts) -> None:
    load(lake_home, "a.json", lines([AMBIGUOUS | {"date": "2024-03-01T00:00:00Z"}]))
    assert [row["tender_end"] for row in rows(lake_home, "fact_process")] == [None]
    (message,) = lake_home.lake.read_silver("note", [1], ["message"])["message"]
    assert "'04/05/2024' is 2024-05-04 or 2024-04-05" in message


@pytest.mark.parametrize(
    ("nested", "slash"), combined([False, True], [b"/", b"\\/"], in_each_run=[(False, b"\\/"), (True, b"/")])
)
def test_each_file_of_an_archive_decides_by_its_own_dates(lake_home: Parts, nested: bool, slash: bytes) -> None:
    packed = BytesIO()
    with ZipFile(packed, "w") as archive:
        for number, other in ((1, "25/12/2023"), (2, "12/25/2023")):
            one = release(f"ocds-test01-{number}", "1", "02/03/2024")
            archive.writestr(
                f"{number}.jsonl", lines([one, release(f"ocds-test01-{number}", "2", other)]).replace(b"/", slash)
            )
    if nested:
        inner = packed.getvalue()
        packed = BytesIO()
        with ZipFile(packed, "w") as archive:
            archive.writestr("inner.zip", inner)
    job = load(lake_home, "a.zip", packed.getvalue())
    assert job.counts == JobCounts(received=4, accepted=4, processes=2)
    assert sorted(str(row["last_published"])[:10] for row in rows(lake_home, "fact_process")) == [
        "2024-02-03",
        "2024-03-02",
    ]
