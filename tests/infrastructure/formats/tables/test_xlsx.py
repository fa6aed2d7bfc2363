"""Workbooks: sheets are tables, and those of flat OCDS are parts of the same releases; cells without a value are
refused, never blank.
"""

import datetime
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from domain.jobs.job import JobCounts, JobStatus
from domain.raw_records.record import Kind
from domain.shared.errors import InvalidError, TooLargeError
from services.ports.parts import Parts
from tests.infrastructure.formats.support import LONGEST, Home
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
        "awards": [
            {"id": "a1", "title": "First"},
            {"id": "a2", "title": "Second", "suppliers": [{"id": "s1"}, {"id": "s2"}]},
        ],
    }
    assert found["ocds-2"]["tender"]["value"]["amount"] == 0.00006123456789
    assert found["ocds-2"]["date"] == "2024-01-02"


def test_elements_know_their_sheet_and_row(home: Home) -> None:
    elements, _ = home.read(workbook({"orgs": [[], [], *ORGANISATIONS]}), name="book.xlsx")
    assert [(one.place.file, one.place.line, one.kind) for one in elements] == [
        ("book.xlsx/orgs", 4, Kind.ORGANIZATIONS)
    ]


def test_a_workbook_may_hold_tables_of_several_kinds_and_says_what_it_can_not_read(home: Home) -> None:
    rates: Table = [["Date", "USD"], [datetime.date(2024, 1, 31), 1.0837]]
    codes: Table = [["scheme", "code", "description"], ["CPV", 45000000, "Works"]]
    elements, refused = home.read(
        workbook({"About": [["hello"]], "o": ORGANISATIONS, "r": rates, "c": codes, "empty": []}), name="book.xlsx"
    )
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
    [
        (("#N/A", "e"), "error #N/A"),
        (("=1+1", "f"), "formula is not stored"),
        (("1e999x", "n"), "not valid for its type"),
    ],
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
    texts = (
        b"<sst><si><t>ocid</t></si><si><r><t>i</t></r><r><t>d</t></r><rPh><t>zzz</t></rPh></si>"
        b"<si><t>date</t></si></sst>"
    )
    sheet = (
        b'<x:worksheet xmlns:x="m"><x:sheetData><x:row><x:c t="s"><x:v>0</x:v></x:c><x:c t="s"><x:v>1</x:v></x:c><x:c '
        b't="s"><x:v>2</x:v></x:c></x:row>'
        b'<x:row><x:c t="inlineStr"><x:is><x:r><x:t>ocds</x:t></x:r><x:r><x:t>-1</x:t></x:r></x:is></x:c>'
        b"<x:c><x:f>1+1</x:f><x:v>2</x:v></x:c>"
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
    [
        ("xl/vbaProject.bin", "with macros"),
        ("xl/workbook.bin", "binary workbook"),
        ("content.xml", "OpenDocument"),
        ("word/document.xml", "Word document"),
    ],
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
    content = rewritten(
        workbook({"releases": RELEASES}), lambda name, part: filler if name.endswith("sheet1.xml") else part
    )
    big = rewritten(
        content, lambda name, part: b"<worksheet>" + part + b"</worksheet>" if name.endswith("sheet1.xml") else part
    )
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
    job = load(
        lake_home, "book.xlsx", workbook({"releases": RELEASES, "awards": AWARDS, "awards_suppliers": SUPPLIERS})
    )
    assert job.status is JobStatus.SUCCEEDED
    assert job.counts == JobCounts(received=2, accepted=2, processes=2)
    assert len(rows(lake_home, "fact_award")) == 4
    assert verified(lake_home, tmp_path / "home") == []


ONE: Sheets = {
    "rel": [["ocid", "id", "date", "tag"], ["ocds-1", "r1", "2024-01-01T00:00:00Z", "tender"]],
    "Parties": [
        ["ocid", "id", "parties/0/id", "parties/0/name", "parties/0/roles"],
        ["ocds-1", "r1", "P1", "Org", "buyer"],
    ],
    "Tender": [["ocid", "id", "tender/id", "tender/title"], ["ocds-1", "r1", "t", "Title"]],
}


def dated(sheets: Sheets, *, ids: bool = True) -> Sheets:
    """The same, with the release's date in every sheet, and without its id."""
    with_dates = {
        name: [[*head, "date"], *([*row, "2024-01-01T00:00:00Z"] for row in more)]
        for name, (head, *more) in sheets.items()
        if name != "rel"
    }
    whole = {"rel": sheets["rel"]} | with_dates
    return (
        whole
        if ids
        else {
            name: [[cell for at, cell in enumerate(row) if at != 1] for row in table] for name, table in whole.items()
        }
    )


@pytest.mark.parametrize("limits", [(), (1,) * 9])
@pytest.mark.parametrize(
    "order", [("rel", "Parties", "Tender"), ("Tender", "Parties", "rel"), ("Parties", "rel", "Tender")]
)
@pytest.mark.parametrize("sheets", [ONE, dated(ONE), dated(ONE, ids=False)], ids=["ids", "dates too", "dates alone"])
def test_sheets_of_one_process_are_one_release_whatever_their_order(
    home: Home, sheets: Sheets, order: tuple[str, ...], limits: tuple[int, ...]
) -> None:
    (found,) = records(home, workbook({name: sheets[name] for name in order}), limits)
    assert (found["tender"]["title"], found["parties"][0]["roles"], found["date"]) == (
        "Title",
        ["buyer"],
        "2024-01-01T00:00:00Z",
    )


@pytest.mark.parametrize("only", ["A", "B", "C"])
def test_one_release_of_several_is_joined_whichever_row_it_is(home: Home, only: str) -> None:
    releases: Table = [["ocid", "id", "date"], *([name, "1", "2024-01-01"] for name in "ABC")]
    found = records(home, workbook({"rel": releases, "Parties": [["ocid", "id", "parties/0/id"], [only, "1", "P"]]}))
    assert [one["ocid"] for one in found if "parties" in one] == [only]
    assert len(found) == 3


@pytest.mark.parametrize(
    ("stored", "text", "amount"),
    [
        ("12345678901234567", "12345678901234567", 12345678901234567),
        ("20240131000123456", "20240131000123456", 20240131000123456),
        ("10000000000000000", "10000000000000000", 10000000000000000),
        ("1E+16", "10000000000000000", 10000000000000000),
        ("1.2345678901234567E+16", "12345678901234567", 12345678901234567),
        ("9223372036854775807", "9223372036854775807", 9223372036854775807),
        ("5.0", "5", 5),
        ("007", "7", 7),
        ("-3", "-3", -3),
        ("0.1", "0.1", 0.1),
        ("1234.5599999999999", "1234.56", 1234.56),
        ("1.0000000000000001E-5", "0.00001", 0.00001),
    ],
)
def test_numbers_keep_all_their_digits(home: Home, stored: str, text: str, amount: float) -> None:
    def change(name: str, part: bytes) -> bytes:
        return part.replace(b"<v>424242</v>", f"<v>{stored}</v>".encode()) if name.endswith("sheet1.xml") else part

    content = workbook({"r": [["ocid", "id", "buyer/id", "tender/value/amount"], ["o", "1", 424242, 424242]]})
    elements, refused = home.read(rewritten(content, change), name="a.xlsx")
    found = json.loads(elements[0].raw)
    assert (found["buyer"]["id"], found["tender"]["value"]["amount"]) == (text, amount)
    assert isinstance(found["tender"]["value"]["amount"], type(amount))
    assert (refused, elements[0].notes) == ([], ())


@pytest.mark.parametrize("stored", ["12345678901234567.89", "18446744073709551616"])
def test_numbers_that_no_float_keeps_are_noted_and_are_whole_in_texts(home: Home, stored: str) -> None:
    def change(name: str, part: bytes) -> bytes:
        return part.replace(b"<v>424242</v>", f"<v>{stored}</v>".encode()) if name.endswith("sheet1.xml") else part

    content = workbook({"r": [["ocid", "id", "buyer/id", "tender/value/amount"], ["o", "1", 424242, 424242]]})
    for elements, _ in (
        home.read(rewritten(content, change), name="a.xlsx"),
        home.read(f"ocid,id,buyer/id,tender/value/amount\no,1,{stored},{stored}\n".encode(), name="a.csv"),
    ):
        assert json.loads(elements[0].raw)["buyer"]["id"] == stored
        assert [(note.code, note.path, stored in note.message) for note in elements[0].notes] == [
            ("digits_lost", "/tender/value/amount", True)
        ]


def test_ids_that_differ_in_their_seventeenth_digit_are_two(home: Home) -> None:
    content = rewritten(
        workbook({"r": [["ocid", "id"], ["o", 424241], ["o", 424242]]}),
        lambda name, part: part.replace(b"42424", b"1234567890123456") if name.endswith("sheet1.xml") else part,
    )
    assert [one["id"] for one in records(home, content)] == ["12345678901234561", "12345678901234562"]


@pytest.mark.parametrize("stored", ["shared", "inline", "formula"])
def test_escaped_characters_are_read(home: Home, stored: str) -> None:
    escaped = "One_x000D_\nTwo _x005F_x000D_ _x000b_ _xD83D__xDE00_ _xD83D_ _x41_"
    cell = {
        "shared": b'<c r="C2" t="s"><v>0</v></c>',
        "inline": f'<c r="C2" t="inlineStr"><is><t>{escaped}</t></is></c>'.encode(),
        "formula": f'<c r="C2" t="str"><f>A1</f><v>{escaped}</v></c>'.encode(),
    }[stored]

    def change(name: str, part: bytes) -> bytes:
        return part.replace(b'<c r="C2" t="n"><v>424242</v></c>', cell) if name.endswith("sheet1.xml") else part

    content = io.BytesIO(rewritten(workbook({"r": [["ocid", "id", "tender/title"], ["o", 1, 424242]]}), change))
    if stored == "shared":
        shared = io.BytesIO(
            rewritten(content.getvalue(), lambda name, part: None if name == "xl/sharedStrings.xml" else part)
        )
        with zipfile.ZipFile(shared, "a") as archive:
            names = "".join(f"<si><t>{name}</t></si>" for name in (escaped, "ocid", "id", "tender/title", "o"))
            archive.writestr("xl/sharedStrings.xml", f"<sst>{names}</sst>")
        by_index = {
            b'"A1" t="s"><v>0': b'"A1" t="s"><v>1',
            b'"B1" t="s"><v>1': b'"B1" t="s"><v>2',
            b'"C1" t="s"><v>2': b'"C1" t="s"><v>3',
        }
        by_index[b'"A2" t="s"><v>3'] = b'"A2" t="s"><v>4'

        def renumber(name: str, part: bytes) -> bytes:
            for old, new in by_index.items() if name.endswith("sheet1.xml") else ():
                part = part.replace(old, new)
            return part

        content = io.BytesIO(rewritten(shared.getvalue(), renumber))
    (found,) = records(home, content.getvalue())
    assert found["tender"]["title"] == "One\r\nTwo _x000D_ \x0b \U0001f600 \ufffd _x41_"


def test_long_whole_amounts_end_in_the_star(lake_home: Parts, tmp_path: Path) -> None:
    amount = "12345678901234567"
    job = load(
        lake_home,
        "a.csv",
        f"ocid,id,date,tag,tender/value/amount,tender/value/currency\no-1,1,2024-01-01,tender,{amount},EUR\n".encode(),
    )
    assert job.status is JobStatus.SUCCEEDED
    assert [float(one["amount"]) for one in rows(lake_home, "fact_process")] == [float(amount)]
    assert verified(lake_home, tmp_path / "home") == []
