"""Workbooks: sheets are tables, and those of flat OCDS are parts of the same releases; cells without a value are refused, never blank."""

import datetime
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest

from domain.errors import InvalidError, TooLargeError
from domain.job import Counts, JobStatus
from domain.record import Kind
from services.ports import Parts
from tests.formats.support import LONGEST, Home
from tests.support import load, rows, verified

Table = list[list[Any]]
Sheets = dict[str, Table]
RELEASES: Table = [
    ["ocid", "id", "date", "tag", "tender/title", "tender/value/amount", "tender/value/currency"],
    ["ocds-1", 1, datetime.datetime(2024, 1, 2, 3, 4, 5), "award;tender", "Roads", 1234.56, "EUR"],
    ["ocds-2", 1, datetime.date(2024, 1, 2), "award", "Bridges", 0.00006123456789, "EUR"],
]
AWARDS: Table = [
    ["ocid", "id", "awards/0/id", "awards/0/title"],
    ["ocds-1", "1", "a1", "First"],
    ["ocds-2", "1", "a1", "Only"],
    ["ocds-1", "1", "a2", "Second"],
]
SUPPLIERS: Table = [["ocid", "awards/0/id", "awards/0/suppliers/0/id"], ["ocds-1", "a2", "s1"], ["ocds-1", "a2", "s2"]]
ORGANISATIONS: Table = [["id", "name", "country"], [7, "Ministry", "GB"]]


def workbook(sheets: Sheets, change: Callable[[Any], None] | None = None) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, table in sheets.items():
        sheet = book.create_sheet(name)
        for row in table:
            sheet.append(row)
    if change:
        change(book)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def rewritten(content: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    """The workbook with other parts."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            part = change(name, source.read(name))
            if part is not None:
                target.writestr(name, part)
    return out.getvalue()


def records(home: Home, content: bytes, limits: tuple[int, ...] = ()) -> list[dict[str, Any]]:
    elements, refused = home.read(content, limits, "book.xlsx")
    assert refused == []
    return [json.loads(one.raw) for one in elements]


@pytest.mark.parametrize("limits", [(), (1,) * 20])
def test_sheets_of_arrays_are_parts_of_their_releases(home: Home, limits: tuple[int, ...]) -> None:
    content = workbook({"awards": AWARDS, "releases": RELEASES, "awards_suppliers": SUPPLIERS})
    found = {one["ocid"]: one for one in records(home, content, limits)}
    assert found["ocds-1"] == {
        "ocid": "ocds-1",
        "id": "1",
        "date": "2024-01-02T03:04:05",
        "tag": ["award", "tender"],
        "tender": {"title": "Roads", "value": {"amount": 1234.56, "currency": "EUR"}},
        "awards": [{"id": "a1", "title": "First"}, {"id": "a2", "title": "Second", "suppliers": [{"id": "s1"}, {"id": "s2"}]}],
    }
    assert found["ocds-2"]["tender"]["value"]["amount"] == 0.00006123456789
    assert found["ocds-2"]["date"] == "2024-01-02"


def test_elements_know_their_sheet_and_row(home: Home) -> None:
    elements, _ = home.read(workbook({"orgs": [[], [], *ORGANISATIONS]}), name="book.xlsx")
    assert [(one.place.file, one.place.line, one.kind) for one in elements] == [("book.xlsx/orgs", 4, Kind.ORGANIZATIONS)]


def test_a_workbook_may_hold_tables_of_several_kinds_and_says_what_it_can_not_read(home: Home) -> None:
    rates: Table = [["Date", "USD"], [datetime.date(2024, 1, 31), 1.0837]]
    codes: Table = [["scheme", "code", "description"], ["CPV", 45000000, "Works"]]
    elements, refused = home.read(workbook({"About": [["hello"]], "o": ORGANISATIONS, "r": rates, "c": codes, "empty": []}), name="book.xlsx")
    assert {one.kind: json.loads(one.raw) for one in elements} == {
        Kind.ORGANIZATIONS: {"id": "7", "name": "Ministry", "country": "GB"},
        Kind.EXCHANGE_RATES: {"date": "2024-01-31", "base": "EUR", "currency": "USD", "rate": 1.0837},
        Kind.CLASSIFICATIONS: {"scheme": "CPV", "code": "45000000", "description": "Works"},
    }
    assert [(one.code, one.place.file) for one in refused] == [("unknown_sheet", "book.xlsx/About")]


def test_a_row_whose_release_can_not_be_told_is_refused(home: Home) -> None:
    twice = [*RELEASES, ["ocds-1", 2, "2024-02-01", "tender", "Roads", 1, "EUR"]]
    elements, refused = home.read(workbook({"releases": twice, "awards_suppliers": SUPPLIERS}), name="book.xlsx")
    assert len(elements) == 3
    assert [(one.code, one.place.line, one.ocid) for one in refused] == [("ambiguous_row", 2, "ocds-1")]


def test_a_bad_row_of_one_sheet_refuses_its_release_in_all(home: Home) -> None:
    bad = [[*AWARDS[0], "awards/0/value/amount"], ["ocds-1", "1", "a1", "First", "much"]]
    elements, refused = home.read(workbook({"releases": RELEASES, "awards": bad}), name="book.xlsx")
    assert [json.loads(one.raw)["ocid"] for one in elements] == ["ocds-2"]
    assert [(one.code, one.place.file, one.place.line, one.path, one.excerpt) for one in refused] == [
        ("wrong_type", "book.xlsx/awards", 2, "awards/0/value/amount", "much")
    ]


@pytest.mark.parametrize(
    ("cell", "said"),
    [(("#N/A", "e"), "error #N/A"), (("=1+1", "f"), "formula whose value is not stored"), (("1e999x", "n"), "no value")],
)
def test_a_cell_without_a_value_is_refused(home: Home, cell: tuple[str, str], said: str) -> None:
    def change(book: Any) -> None:
        target = book["releases"]["F2"]
        target.value, target.data_type = cell

    elements, (refused,) = home.read(workbook({"releases": RELEASES}, change), name="book.xlsx")
    assert len(elements) == 1
    assert (refused.code, refused.place.line, refused.path) == ("wrong_type", 2, "tender/value/amount")
    assert said in refused.reason


def test_shared_texts_formatted_ones_and_stored_formulas_are_read(home: Home) -> None:
    texts = b"<sst><si><t>ocid</t></si><si><r><t>i</t></r><r><t>d</t></r><rPh><t>zzz</t></rPh></si><si><t>date</t></si></sst>"
    sheet = (
        b'<x:worksheet xmlns:x="m"><x:sheetData><x:row><x:c t="s"><x:v>0</x:v></x:c><x:c t="s"><x:v>1</x:v></x:c><x:c t="s"><x:v>2</x:v></x:c></x:row>'
        b'<x:row><x:c t="inlineStr"><x:is><x:r><x:t>ocds</x:t></x:r><x:r><x:t>-1</x:t></x:r></x:is></x:c><x:c><x:f>1+1</x:f><x:v>2</x:v></x:c>'
        b'<x:c t="str"><x:f>A</x:f><x:v>2024-01-01</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    )

    def change(name: str, part: bytes) -> bytes:
        return sheet if name.endswith("sheet1.xml") else part

    content = io.BytesIO(rewritten(workbook({"releases": RELEASES}), change))
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("xl/sharedStrings.xml", texts)
    assert records(home, content.getvalue()) == [{"ocid": "ocds-1", "id": "2", "date": "2024-01-01"}]


def test_days_are_counted_from_1904_where_the_workbook_says_so(home: Home) -> None:
    def change(book: Any) -> None:
        book.epoch = openpyxl.utils.datetime.CALENDAR_MAC_1904

    assert records(home, workbook({"releases": RELEASES}, change))[0]["date"] == "2024-01-02T03:04:05"


@pytest.mark.parametrize(
    ("member", "said"),
    [("xl/vbaProject.bin", "with macros"), ("xl/workbook.bin", "binary workbook"), ("content.xml", "OpenDocument"), ("word/document.xml", "Word document")],
)
def test_other_kinds_of_office_files_are_named(home: Home, member: str, said: str) -> None:
    content = io.BytesIO(workbook({"releases": RELEASES}))
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr(member, b"x")
    with pytest.raises(InvalidError, match=said):
        home.read(content.getvalue(), name="book.xlsm")


def test_old_and_locked_workbooks_are_named(home: Home) -> None:
    with pytest.raises(InvalidError, match="password"):
        home.read(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 600, name="book.xls")
    assert list(home.spool.glob("*")) == []


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels", "xl/styles.xml"])
@pytest.mark.parametrize("damage", ["missing", "cut", "doctype"])
def test_a_damaged_workbook_is_refused(home: Home, part: str, damage: str) -> None:
    def change(name: str, content: bytes) -> bytes | None:
        if name != part:
            return content
        bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><x>&b;</x>'
        return {"missing": None, "cut": content[: len(content) // 2], "doctype": bomb}[damage]

    content = rewritten(workbook({"releases": RELEASES}), change)
    if (part, damage) == ("xl/styles.xml", "missing"):  # days are numbers without it, and no number is a date
        elements, refused = home.read(content, name="book.xlsx")
        assert json.loads(elements[0].raw)["date"][:2] == "45"
        assert refused == []
        return
    with pytest.raises(InvalidError):
        home.read(content, name="book.xlsx")


def test_a_workbook_that_is_a_bomb_is_refused(tmp_path: Path) -> None:
    home = Home(tmp_path, most=1 << 40)
    filler = b"<row><c><v>1</v></c></row>" * (3 << 20)
    content = rewritten(workbook({"releases": RELEASES}), lambda name, part: filler if name.endswith("sheet1.xml") else part)
    big = rewritten(content, lambda name, part: b"<worksheet>" + part + b"</worksheet>" if name.endswith("sheet1.xml") else part)
    with pytest.raises((TooLargeError, InvalidError)):
        home.read(big, name="book.xlsx")


def test_a_cell_far_away_takes_no_room(home: Home) -> None:
    def change(book: Any) -> None:
        book["o"]["XFD1048576"] = "far"

    elements, refused = home.read(workbook({"o": ORGANISATIONS}, change), name="book.xlsx")
    assert len(elements) == 1
    assert [(one.code, one.place.line) for one in refused] == [("unreadable_row", 1_048_576)]


def test_a_release_over_sheets_that_is_too_large_is_refused(home: Home) -> None:
    many = [AWARDS[0], *(["ocds-1", "1", f"a{number}", "x" * 90] for number in range(LONGEST // 90))]
    elements, refused = home.read(workbook({"releases": RELEASES, "awards": many}), name="book.xlsx")
    assert [json.loads(one.raw)["ocid"] for one in elements] == ["ocds-2"]
    assert [one.code for one in refused] == ["too_large"]


def test_a_sheet_that_means_nothing_alone_is_refused_with_guesses(home: Home) -> None:
    with pytest.raises(InvalidError, match=r"book\.xlsx/x is a table"):
        home.read(workbook({"x": [["ocdi", "titel"]]}), name="book.xlsx")


def test_a_workbook_ends_in_the_star(lake_home: Parts, tmp_path: Path) -> None:
    job = load(lake_home, "book.xlsx", workbook({"releases": RELEASES, "awards": AWARDS, "awards_suppliers": SUPPLIERS}))
    assert job.status is JobStatus.SUCCEEDED
    assert job.counts == Counts(received=2, accepted=2, processes=2)
    assert len(rows(lake_home, "fact_award")) == 4
    assert verified(lake_home, tmp_path / "home") == []
