"""Uploaded PDFs reach gold and search, are linked to their process in any order, and are removed with their source."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from domain.jobs.job import JobStatus
from domain.raw_records.operations import Op, Operation, Operations
from domain.raw_records.record import Kind
from domain.search.queries import Collection, SearchQuery
from services.maintenance.rebuild import rebuild_gold, rebuild_search, rebuild_silver
from services.ports.parts import Parts
from services.raw_records.changes import submit_operations
from tests.infrastructure.pdf import pdfs
from tests.support import documents, drain, job_of, lines, load, quarantined, release, rows, submit, verified

OCID = "ocds-test01-1"
OTHER = "ocds-test01-2"
NOTICE = pdfs.pdf(f"Axolotl breeding tanks, a notice for {OCID}.", "The second page speaks of tender documents.")


def files(parts: Parts) -> list[dict[str, Any]]:
    return rows(parts, "fact_document")


def links(parts: Parts) -> list[tuple[str, str | None, str | None, bool]]:
    return [(row["filename"], row["link"], row["ocid"], row["process_key"] is not None) for row in files(parts)]


def found(parts: Parts, text: str) -> list[dict[str, Any]]:
    return [hit.document for hit in parts.search.search(SearchQuery(collection=Collection.DOCUMENTS, text=text)).hits]


def process(
    ocid: str = OCID, release_id: str = "1", *, url: str | None = None, title: str = "Tanks", **fields: Any
) -> bytes:
    tender: dict[str, Any] = {"id": "t", "title": title}
    if url:
        tender["documents"] = [{"id": "d", "url": url}]
    return lines(
        [
            release(
                ocid,
                release_id,
                f"2024-01-0{release_id}T00:00:00Z",
                tender=tender,
                buyer={"id": "b", "name": "City of Bar"},
                **fields,
            )
        ]
    )


def operate(parts: Parts, *operations: Operation) -> None:
    submit_operations(
        parts.warehouse,
        parts.messages,
        parts.files,
        Operations(items=operations),
        actor="tester",
        filename="operations",
    )
    drain(parts)


def record_id(parts: Parts) -> str:
    (row,) = files(parts)
    return str(row["record_id"])


def test_a_pdf_is_in_gold_and_found_by_its_words_with_the_page(lake_home: Parts) -> None:
    job = load(lake_home, "notice.pdf", NOTICE)
    assert (job.status, job.counts.accepted, job.counts.quarantined) == (JobStatus.SUCCEEDED, 1, 0)
    (row,) = files(lake_home)
    assert (row["filename"], row["state"], row["pages"], row["words"], row["media_type"]) == (
        "notice.pdf",
        "text",
        2,
        14,
        "application/pdf",
    )
    assert row["record_id"] == row["sha256"][:32]
    (passage,) = found(lake_home, "tender")
    assert (passage["page"], passage["document_id"], passage["filename"]) == (2.0, row["record_id"], "notice.pdf")
    assert [one["page"] for one in found(lake_home, "axolotl")] == [1]


@pytest.mark.parametrize("first", ["file", "process"])
def test_an_ocid_in_the_text_links_whichever_came_first(lake_home: Parts, tmp_path: Path, first: str) -> None:
    steps = [("notice.pdf", NOTICE), ("a.jsonl", process())]
    for name, content in steps if first == "file" else reversed(steps):
        load(lake_home, name, content)
    assert links(lake_home) == [("notice.pdf", "text", OCID, True)]
    passage = found(lake_home, "axolotl")[0]
    assert (passage["ocid"], passage["process_title"], passage["buyer"]) == (OCID, "Tanks", "City of Bar")
    assert verified(lake_home, tmp_path / "home") == []


def test_until_its_process_arrives_a_file_says_which_one_it_waits_for(lake_home: Parts) -> None:
    load(lake_home, "notice.pdf", NOTICE)
    assert links(lake_home) == [("notice.pdf", None, OCID, False)]
    assert "process_title" not in found(lake_home, "axolotl")[0]


def test_an_ocid_in_the_name_links_and_stands_above_the_text(lake_home: Parts) -> None:
    load(lake_home, "a.jsonl", process() + process(OTHER))
    load(lake_home, f"{OTHER}.pdf", NOTICE)
    assert links(lake_home) == [(f"{OTHER}.pdf", "name", OTHER, True)]


def test_the_upload_s_ocid_stands_above_all_and_is_waited_for(lake_home: Parts) -> None:
    load(lake_home, "a.jsonl", process())
    submit(lake_home, "notice.pdf", NOTICE, ocid=OTHER)
    drain(lake_home)
    assert links(lake_home) == [("notice.pdf", None, OTHER, False)]
    load(lake_home, "b.jsonl", process(OTHER))
    assert links(lake_home) == [("notice.pdf", "parameter", OTHER, True)]


def test_a_document_url_that_ends_in_the_files_name_links_while_only_one_process_has_it(
    lake_home: Parts, tmp_path: Path
) -> None:
    load(lake_home, "Lot 1.pdf", pdfs.pdf("no ocid in here"))
    assert links(lake_home) == [("Lot 1.pdf", None, None, False)]
    load(lake_home, "a.jsonl", process(url="https://example.org/files/Lot%201.pdf?download=1"))
    assert links(lake_home) == [("Lot 1.pdf", "url", OCID, True)]
    load(lake_home, "b.jsonl", process(OTHER, url="https://example.com/Lot%201.pdf"))
    assert links(lake_home) == [("Lot 1.pdf", None, None, False)]
    load(lake_home, "c.jsonl", process(OTHER, "2", url="https://example.com/other.pdf"))
    assert links(lake_home) == [("Lot 1.pdf", "url", OCID, True)]
    assert verified(lake_home, tmp_path / "home") == []


def test_a_process_that_changes_has_its_passages_written_anew(lake_home: Parts, tmp_path: Path) -> None:
    load(lake_home, "notice.pdf", NOTICE)
    load(lake_home, "a.jsonl", process())
    load(lake_home, "b.jsonl", process(release_id="2", title="Larger tanks"))
    assert {one["process_title"] for one in found(lake_home, "axolotl")} == {"Larger tanks"}
    assert verified(lake_home, tmp_path / "home") == []


def test_several_ocids_in_a_text_link_to_none(lake_home: Parts) -> None:
    load(lake_home, "a.jsonl", process() + process(OTHER))
    load(lake_home, "report.pdf", pdfs.pdf(f"All of {OCID}, {OTHER} and {OCID} again."))
    assert links(lake_home) == [("report.pdf", None, None, False)]


def test_an_encrypted_file_fails_its_job_and_its_record_is_kept(lake_home: Parts, tmp_path: Path) -> None:
    load(lake_home, "a.jsonl", process())
    job = load(lake_home, f"{OCID}.pdf", pdfs.encrypted("secret", user="user"))
    assert (job.status, job.counts.received, job.counts.accepted, job.counts.quarantined) == (JobStatus.FAILED, 1, 0, 1)
    assert [(one.code, one.reason) for one in quarantined(lake_home, job.id)] == [
        ("pdf_encrypted", "it opens with a password only; its record is kept with this reason")
    ]
    assert [(row["state"], row["reason"], row["link"]) for row in files(lake_home)] == [
        ("encrypted", "it opens with a password only", "name")
    ]
    assert verified(lake_home, tmp_path / "home") == []


@pytest.mark.parametrize(
    ("content", "state", "status"),
    [
        (pdfs.pdf("a page", "another")[:200], "damaged", JobStatus.FAILED),
        (pdfs.pdf("a page", "another")[:-200], "repaired", JobStatus.SUCCEEDED),
        (pdfs.without_pages(), "empty", JobStatus.SUCCEEDED),
        (pdfs.scanned(), "scanned", JobStatus.SUCCEEDED),
        (pdfs.encrypted("owner's"), "text", JobStatus.SUCCEEDED),
        (b"some mail around it\n" + pdfs.pdf("late magic"), "text", JobStatus.SUCCEEDED),
    ],
    ids=["damaged", "repaired", "empty", "scanned", "owner's password", "junk before it"],
)
def test_every_file_ends_in_a_state_that_says_what_it_is(
    lake_home: Parts, monkeypatch: pytest.MonkeyPatch, content: bytes, state: str, status: JobStatus
) -> None:
    monkeypatch.setenv("PATH", "")  # no tesseract
    job = load(lake_home, "file.pdf", content)
    assert [(row["state"], job.status) for row in files(lake_home)] == [(state, status)]


def test_a_page_that_takes_hours_harms_no_other_job(lake_home: Parts) -> None:
    slow, good = submit(lake_home, "slow.pdf", pdfs.slow()), submit(lake_home, "good.pdf", NOTICE)
    drain(lake_home)
    assert slow != good
    assert {row["filename"]: (row["state"], (row["reason"] or "")[:17]) for row in files(lake_home)} == {
        "good.pdf": ("text", ""),
        "slow.pdf": ("text", "page 1 is missing"),
    }


def test_a_web_page_named_as_a_pdf_is_refused_clearly(lake_home: Parts) -> None:
    job = load(lake_home, "notice.pdf", b"<!DOCTYPE html><html><body>Please log in</body></html>")
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert "is a web page" in job.error.detail
    assert files(lake_home) == []


def test_names_with_slashes_and_emoji_are_kept_to_their_last_part(lake_home: Parts) -> None:
    load(lake_home, "../../a/b\\🐙 notice ½.pdf", NOTICE)
    assert [row["filename"] for row in files(lake_home)] == ["🐙 notice ½.pdf"]


def test_a_file_sent_again_changes_nothing_and_with_another_ocid_it_is_linked_anew(lake_home: Parts) -> None:
    load(lake_home, "a.jsonl", process() + process(OTHER))
    load(lake_home, "notice.pdf", NOTICE)
    assert load(lake_home, "notice.pdf", NOTICE).counts.unchanged == 1
    submit(lake_home, "notice.pdf", NOTICE, ocid=OTHER)
    drain(lake_home)
    assert links(lake_home) == [("notice.pdf", "parameter", OTHER, True)]


def test_facts_are_proposed_and_never_published(lake_home: Parts) -> None:
    load(lake_home, "a.jsonl", process())
    load(lake_home, "notice.pdf", pdfs.pdf(f"Title: Other tanks\nValue: EUR 900\n{OCID}"))
    (row,) = files(lake_home)
    assert [(fact["name"], fact["value"]) for fact in row["facts"]] == [("title", "Other tanks"), ("value", 900.0)]
    (published,) = rows(lake_home, "fact_process")
    assert (published["title"], published["amount"]) == ("Tanks", None)


def test_rebuilding_silver_gold_or_search_makes_the_same(lake_home: Parts, tmp_path: Path) -> None:
    load(lake_home, "notice.pdf", NOTICE)
    load(lake_home, "Lot.pdf", pdfs.pdf("words " * 700))
    load(lake_home, "a.jsonl", process(url="https://example.org/Lot.pdf"))
    before = (files(lake_home), documents(lake_home))
    assert {row["link"] for row in before[0]} == {"text", "url"}
    for rebuild in (rebuild_silver, rebuild_gold, rebuild_search):
        rebuild(lake_home)
        drain(lake_home)
        assert (files(lake_home), documents(lake_home)) == before
    lake_home.search.clear(Collection.DOCUMENTS)
    rebuild_search(lake_home)
    assert documents(lake_home) == before[1]
    assert verified(lake_home, tmp_path / "home") == []


def test_a_deleted_process_unlinks_its_files_and_a_deleted_file_leaves_everything(
    lake_home: Parts, tmp_path: Path
) -> None:
    load(lake_home, "notice.pdf", NOTICE)
    load(lake_home, "a.jsonl", process())
    operate(lake_home, Operation(op=Op.DELETE, kind=Kind.RELEASES, id=f"{OCID}:1"))
    assert links(lake_home) == [("notice.pdf", None, OCID, False)]
    assert "process_title" not in found(lake_home, "axolotl")[0]
    assert verified(lake_home, tmp_path / "home") == []
    operate(lake_home, Operation(op=Op.DELETE, kind=Kind.DOCUMENTS, id=record_id(lake_home)))
    assert (files(lake_home), documents(lake_home)["documents"]) == ([], [])
    assert verified(lake_home, tmp_path / "home") == []


def test_a_document_can_be_corrected_and_written_as_a_record(lake_home: Parts, tmp_path: Path) -> None:
    load(lake_home, "a.jsonl", process() + process(OTHER))
    load(lake_home, "long.pdf", pdfs.pdf(*["many words " * 150] * 4))
    before = len(documents(lake_home)["documents"])
    pages = [{"page": 1, "text": "one corrected page"}]
    operate(
        lake_home,
        Operation(op=Op.PATCH, kind=Kind.DOCUMENTS, id=record_id(lake_home), payload={"ocid": OTHER, "pages": pages}),
    )
    assert before > 1
    assert [one["text"] for one in documents(lake_home)["documents"]] == ["one corrected page"]
    assert links(lake_home) == [("long.pdf", "parameter", OTHER, True)]
    operate(
        lake_home,
        Operation(
            op=Op.PUT,
            kind=Kind.DOCUMENTS,
            payload={"id": "mine", "filename": "m.pdf", "pages": [{"page": 7, "text": f"see {OCID}"}]},
        ),
    )
    assert [(row["state"], row["link"]) for row in files(lake_home) if row["record_id"] == "mine"] == [("text", "text")]
    assert verified(lake_home, tmp_path / "home") == []


def test_waiting_files_are_read_at_once_and_each_lands_as_its_own(lake_home: Parts) -> None:
    contents = {f"{number}.pdf": pdfs.pdf(f"file number {number}") for number in range(12)} | {
        "a.jsonl": process(),
        "locked.pdf": pdfs.encrypted("x", user="u"),
    }
    jobs = {name: submit(lake_home, name, content) for name, content in contents.items()}
    drain(lake_home)
    assert {row["filename"]: row["state"] for row in files(lake_home)} == {
        f"{number}.pdf": "text" for number in range(12)
    } | {"locked.pdf": "encrypted"}
    statuses = {name: job_of(lake_home, job_id).status for name, job_id in jobs.items()}
    assert [name for name, status in statuses.items() if status is not JobStatus.SUCCEEDED] == ["locked.pdf"]
    assert [one["filename"] for one in found(lake_home, '"number 7"')] == ["7.pdf"]


def test_members_of_archives_are_documents_like_any_other(lake_home: Parts) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a/one.pdf", pdfs.pdf("one"))
        archive.writestr("locked.pdf", pdfs.encrypted("x", user="u"))
        archive.writestr("page.pdf", b"<html>not here</html>")
        archive.writestr("a.jsonl", process())
    job = load(lake_home, "all.zip", packed.getvalue())
    assert (job.status, job.counts.received, job.counts.accepted, job.counts.quarantined) == (
        JobStatus.SUCCEEDED,
        4,
        2,
        2,
    )
    assert {row["filename"]: row["state"] for row in files(lake_home)} == {"one.pdf": "text", "locked.pdf": "encrypted"}
    assert {(one.file, one.code) for one in quarantined(lake_home, job.id)} == {
        ("all.zip/locked.pdf", "pdf_encrypted"),
        ("all.zip/page.pdf", "unreadable_member"),
    }
