"""Day and month of numeric dates are decided by the column, else by the file; else the date is refused or left."""

import json
from pathlib import Path
from typing import Any

import pytest

from domain.jobs.job import JobStatus
from domain.raw_records.record import RefusedElement
from domain.tables.numeric_dates import numeric_date
from services.ports.parts import Parts
from services.ports.sources import Element
from tests.infrastructure.formats.support import Home
from tests.infrastructure.formats.tables.test_csv import text
from tests.infrastructure.formats.tables.test_xlsx import workbook
from tests.support import load, rows, verified

HEADINGS = ["ocid", "id", "date", "tag", "tender/tenderPeriod/endDate", "awards/0/id", "awards/0/date"]


def table(*dates: tuple[str, str, str]) -> list[list[str]]:
    return [HEADINGS, *([f"o{n}", "1", date, "award", end, "a", award] for n, (date, end, award) in enumerate(dates))]


def read(home: Home, *dates: tuple[str, str, str]) -> tuple[list[dict[str, Any]], list[Element], list[RefusedElement]]:
    elements, refused = home.read(text(table(*dates)), name="a.csv")
    return [json.loads(one.raw) for one in elements], elements, refused


@pytest.mark.parametrize("separator", ["/", "-", "."])
@pytest.mark.parametrize(("witness", "expected"), [("12/25/2023", "2024-02-03"), ("25/12/2023", "2024-03-02")])
def test_a_column_decides_where_another_row_of_it_does(home: Home, separator: str, witness: str, expected: str) -> None:
    first, second = "02/03/2024".replace("/", separator), witness.replace("/", separator)
    found, elements, refused = read(home, (first, first, first), (second, second, second))
    assert refused == []
    assert [(one["date"], one["tender"]["tenderPeriod"]["endDate"], one["awards"][0]["date"]) for one in found] == [
        (expected,) * 3,
        ("2023-12-25",) * 3,
    ]
    (note,) = elements[0].notes
    assert (note.code, note.path) == ("numeric_date", "/date")
    order = "month first" if witness.startswith("12") else "day first"
    assert (
        f"row 2, date: {first!r} read as {expected}: {order}, as {second!r} in row 3 of its column is" in note.message
    )


def test_days_and_months_of_one_digit_are_read_as_others_are(home: Home) -> None:
    found, _, refused = read(home, ("12-3-2024", "3-12-2024", ""), ("12-25-2023", "", ""))
    assert refused == []
    assert (found[0]["date"], found[0]["tender"]["tenderPeriod"]["endDate"]) == ("2024-12-03", "2024-03-12")


def test_the_file_decides_where_the_column_does_not(home: Home) -> None:
    found, elements, refused = read(home, ("02/03/2024", "12/25/2023", ""), ("2024-01-01", "", ""))
    assert refused == []
    assert found[0]["date"] == "2024-02-03"
    assert "in row 2 of its file" in elements[0].notes[0].message


def test_a_release_date_that_nothing_decides_is_refused_with_its_readings(home: Home) -> None:
    found, _, (refused,) = read(home, ("02/03/2024", "", ""), ("2024-01-01", "", ""))
    assert [one["ocid"] for one in found] == ["o1"]
    assert (refused.code, refused.path, refused.excerpt, refused.ocid) == ("ambiguous_date", "date", "02/03/2024", "o0")
    assert "2024-03-02 (day first) or 2024-02-03 (month first)" in refused.reason


def test_dates_of_a_column_that_contradict_each_other_decide_nothing(home: Home) -> None:
    found, _, (refused,) = read(home, ("02/03/2024", "", ""), ("25/12/2023", "", ""), ("12/26/2023", "", ""))
    assert [one["date"] for one in found] == ["2023-12-25", "2023-12-26"]
    assert "'25/12/2023' in row 3, '12/26/2023' in row 4" in refused.reason


def test_other_separators_decide_nothing(home: Home) -> None:
    assert [one.code for one in read(home, ("02/03/2024", "", ""), ("25.12.2023", "", ""))[2]] == ["ambiguous_date"]


def test_another_date_that_nothing_decides_stays_as_it_stands_for_the_judge(home: Home) -> None:
    found, elements, refused = read(home, ("2024-01-01", "02/03/2024", "03/03/2024"))
    assert refused == []
    assert found[0]["tender"]["tenderPeriod"]["endDate"] == "02/03/2024"
    assert found[0]["awards"][0]["date"] == "2024-03-03"
    assert [note.code for note in elements[0].notes] == ["numeric_date"]


def test_sheets_of_a_workbook_decide_for_each_other(home: Home) -> None:
    sheets: Any = {
        "r": [["ocid", "id", "date"], ["o", "1", "02/03/2024"]],
        "a": [["ocid", "id", "date", "tender/title"], ["p", "1", "12/25/2023", "T"]],
    }
    elements, refused = home.read(workbook(sheets), name="b.xlsx")
    assert refused == []
    assert [json.loads(one.raw)["date"] for one in elements] == ["2024-02-03", "2023-12-25"]


def test_notes_of_many_rows_are_one_note_that_counts(home: Home) -> None:
    rows = [["o0", "1", "2024-01-01", "award", "", f"a{n}", "12/25/2023"] for n in range(9)]
    elements, _ = home.read(
        text([HEADINGS, *rows[:5], ["o1", "1", "2024-01-01", "award", "", "", ""], *rows[5:]]), name="a.csv"
    )
    (note,) = elements[0].notes
    assert note.message.count("read as 2023-12-25") == 3
    assert note.message.endswith("and 6 more")


@pytest.mark.parametrize("dates", ["", 'dates: ["%d/%m/%Y"]', 'as: date, dates: ["%d/%m/%Y"]'])
def test_a_profile_decides_where_it_says_how_dates_are_written(tmp_path: Path, dates: str) -> None:
    path = f"path: date, {dates}" if dates else "path: date"
    profile = (
        f'name: town\ntitle: T\nheadings: [Nr, Day]\ntemplates: {{ocid: "o-{{Nr}}"}}\ncolumns:\n  Day: [{{{path}}}]\n'
    )
    (tmp_path / "town.yaml").write_text(profile, encoding="utf-8")
    home = Home(tmp_path / "home", profiles=tmp_path)
    elements, refused = home.read(b"Nr,Day\n1,02/03/2024\n2,12/12/2024\n", name="a.csv")
    dated = [json.loads(one.raw)["date"][:10] for one in elements]
    assert (dated, [one.code for one in refused]) == (
        (["2024-03-02", "2024-12-12"], []) if dates else (["2024-12-12"], ["ambiguous_date"])
    )


@pytest.mark.parametrize(
    ("written", "readings"),
    [
        ("2/3/2024 4:05 PM", ["2024-03-02T16:05:00", "2024-02-03T16:05:00"]),
        ("1/31/2024 12:00:01 a.m.", ["2024-01-31T00:00:01"]),
        ("31.1.2024 23:59", ["2024-01-31T23:59:00"]),
        ("3/3/2024", ["2024-03-03", "2024-03-03"]),
        ("2. 3. 2024", ["2024-03-02", "2024-02-03"]),
    ],
)
def test_times_and_single_digits_are_read(written: str, readings: list[str]) -> None:
    found = numeric_date(written)
    assert found is not None
    assert list(found.readings.values()) == readings


@pytest.mark.parametrize(
    "written", ["13/13/2024", "2024-01-31", "1/2/24", "1/2-2024", "1/2/2024 25:00", "1/2/2024 13:00 PM", "31/02/2024"]
)
def test_what_has_no_reading_is_no_such_date(written: str) -> None:
    assert numeric_date(written) is None


def test_a_file_of_months_first_ends_in_gold(lake_home: Parts, tmp_path: Path) -> None:
    job = load(
        lake_home,
        "a.csv",
        text(table(("1/31/2024", "02/03/2024", "2/4/2024"), ("02/03/2024", "12/25/2023", "1/31/2024"))),
    )
    assert job.status is JobStatus.SUCCEEDED
    assert (job.counts.accepted, job.counts.quarantined) == (2, 0)
    days = {
        one["ocid"]: (str(one["last_published"])[:10], str(one["tender_end"])[:10])
        for one in rows(lake_home, "fact_process")
    }
    assert days == {"o0": ("2024-01-31", "2024-02-03"), "o1": ("2024-02-03", "2023-12-25")}
    assert {one["notes"] for one in rows(lake_home, "fact_process")} == {
        3
    }  # one for the column's order, two for the missing zone
    assert verified(lake_home, tmp_path / "home") == []
