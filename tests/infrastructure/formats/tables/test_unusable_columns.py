"""A heading that can't be used costs its column, and the column is refused with how many cells it has; a sheet costs
itself.
"""

import json
from typing import Any

import pytest

from domain.jobs.job import JobCounts, JobStatus
from domain.raw_records.record import RefusedElement
from services.ports.parts import Parts
from tests.infrastructure.formats.archives.test_recogniser import zipped
from tests.infrastructure.formats.support import Home
from tests.infrastructure.formats.tables.test_xlsx import RELEASES, Table, rewritten, workbook
from tests.support import load, quarantined


def told(refused: list[RefusedElement]) -> list[tuple[str, str, int | None, str]]:
    return [(one.code, one.path, one.place.line, one.excerpt) for one in refused]


@pytest.mark.parametrize(
    ("headings", "cells", "kept", "left", "said"),
    [
        (
            "ocid,Tender/Title,tender/title",
            "o,A,B",
            {"tender": {"title": "A"}},
            ("tender/title", "B"),
            "two headings map to tender/title",
        ),
        (
            "ocid,tender,tender/title",
            "o,A,B",
            {"tender": {"title": "B"}},
            ("tender", "A"),
            "tender can't be both object and value",
        ),
        ("ocid,tender/title,2024", "o,A,B", {"tender": {"title": "A"}}, ("2024", "B"), "'2024' is no path"),
        (
            "ocid,tender/title,a/0/1",
            "o,A,B",
            {"tender": {"title": "A"}},
            ("a/0/1", "B"),
            "OCDS has no arrays in arrays",
        ),
        (
            "ocid,awards/0/id,awards/0/value,awards/0/value/amount",
            "o,a,5,6",
            {"awards": [{"id": "a", "value": {"amount": 6}}]},
            ("awards/0/value", "5"),
            "both object and value",
        ),
        (
            "ocid,tender/value/amount,tender/value/amount/$numberLong",
            "o,5,6",
            {"tender": {"value": {"amount": 5}}},
            ("tender/value/amount/$numberLong", "6"),
            "both value and object",
        ),
        ("ocid,tag,tag/0", "o,award,B", {"tag": ["award"]}, ("tag/0", "B"), "both value and list"),
    ],
)
def test_a_bad_heading_costs_its_column(
    home: Home, headings: str, cells: str, kept: dict[str, Any], left: tuple[str, str], said: str
) -> None:
    blank = ",".join([cells.split(",")[0] + "2", *[""] * headings.count(",")])
    elements, refused = home.read(f"{headings}\n{cells}\n{blank}\n".encode(), name="a.csv")
    assert [json.loads(one.raw) for one in elements] == [{"ocid": "o", **kept}, {"ocid": "o2"}]
    assert told(refused) == [("column_left_out", left[0], 2, left[1])]
    assert said in refused[0].reason
    assert "1 of its cells is not blank" in refused[0].reason


def test_cells_of_a_column_that_is_left_out_are_counted_and_blank_ones_are_no_loss(home: Home) -> None:
    rows = "".join(f"o{number},T,{cell}\n" for number, cell in enumerate(["", "x", " ", "y"]))
    _, refused = home.read(f"ocid,tender/title,2024\n{rows}".encode(), name="a.csv")
    assert told(refused) == [("column_left_out", "2024", 3, "x")]
    assert "2 of its cells" in refused[0].reason
    assert home.read(b"ocid,tender/title,2024\no,T,\n", name="a.csv")[1] == []


def test_a_bad_sheet_costs_itself(home: Home) -> None:
    numbers: Table = [["ocid", 2024, 2025], ["ocds-1", 1, 2]]
    twice: Table = [["id", "organisation_id", "name"], [1, 2, "N"]]
    elements, refused = home.read(workbook({"releases": RELEASES, "numbers": numbers, "twice": twice}), name="b.xlsx")
    assert len(elements) == 2
    assert [(one.code, one.place.file, one.place.line) for one in refused] == [
        ("unknown_sheet", f"b.xlsx/{name}", 1) for name in ("numbers", "twice")
    ]
    assert "'2024' is no path" in refused[0].reason
    assert "both map to id" in refused[1].reason


def test_a_sheet_whose_part_is_missing_in_the_links_costs_itself(home: Home) -> None:
    content = workbook({"releases": RELEASES, "lost": RELEASES})
    lost = rewritten(
        content, lambda name, part: part.replace(b"rId2", b"rId99") if name.endswith("workbook.xml.rels") else part
    )
    elements, refused = home.read(lost, name="b.xlsx")
    assert len(elements) == 2
    assert [(one.code, one.place.file) for one in refused] == [("unknown_sheet", "b.xlsx/lost")]


def test_a_table_of_bad_headings_in_an_archive_costs_itself(home: Home) -> None:
    elements, refused = home.read(
        zipped([("bad.csv", b"ocid,2024\no,1\n"), ("good.csv", b"ocid,id\no,1\n")]), name="a.zip"
    )
    assert [one.place.file for one in elements] == ["a.zip/good.csv"]
    assert [(one.code, one.place.file) for one in refused] == [("unreadable_member", "a.zip/bad.csv")]


def test_a_left_out_column_is_in_the_errors_of_a_job_that_succeeds(lake_home: Parts) -> None:
    job = load(lake_home, "a.csv", b"ocid,id,date,tag,tender/title,2024\no-1,1,2024-01-01,tender,T,x\n")
    assert job.status is JobStatus.SUCCEEDED
    assert job.counts == JobCounts(received=2, accepted=1, quarantined=1, processes=1)
    assert [one.code for one in quarantined(lake_home, job.id)] == ["column_left_out"]


def test_a_heading_that_holds_an_error_costs_its_sheet(home: Home) -> None:
    def change(book: Any) -> None:
        book["bad"]["B1"].value, book["bad"]["B1"].data_type = "#REF!", "e"

    elements, refused = home.read(
        workbook({"releases": RELEASES, "bad": [["ocid", "x", "tender/title"], ["o", "1", "T"]]}, change), name="b.xlsx"
    )
    assert len(elements) == 2
    assert [(one.code, one.place.file) for one in refused] == [("unknown_sheet", "b.xlsx/bad")]
    assert "the cell holds the error #REF!" in refused[0].reason
