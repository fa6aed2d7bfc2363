"""The bundled set: what the generator makes now, small, and counted rightly."""

import gzip
from pathlib import Path
from typing import Any

import openpyxl
import orjson
import pymupdf
import pytest

from domain.ocds.validation import validate_release_element
from domain.raw_records.record import AcceptedRecord, SourceLocation, ValidationResult
from seeds.__main__ import main
from seeds.bundle import FILES, made, write
from seeds.files import DATA, EXPECTED, bundled

OCDS = [path for path in bundled() if ".json" in path.name]
EXPECTATIONS: dict[str, Any] = orjson.loads(EXPECTED.read_bytes())


def content(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def judged(path: Path) -> list[ValidationResult]:
    """What becomes of a file's elements: a package is one element, else each line."""
    text = content(path)
    elements = text.splitlines() if ".jsonl" in path.name else [text]
    return [one for element in elements for one in validate_release_element(element, SourceLocation(file=path.name))]


def test_the_bundled_files_are_what_the_generator_makes_now() -> None:
    for name, wanted in made().items():
        assert content(DATA / name) == wanted, f"{name} is out of date: run `python -m seeds make`"


def test_the_bundled_files_are_those_that_are_expected_and_small() -> None:
    assert sorted(EXPECTATIONS["files"]) == sorted(file.name for file in FILES)
    assert [path.name for path in bundled()] == sorted(
        [*EXPECTATIONS["files"], *EXPECTATIONS["references"], *EXPECTATIONS["documents"]]
    )
    assert sum(path.stat().st_size for path in DATA.iterdir()) <= 2_100_000


@pytest.mark.parametrize("path", OCDS, ids=lambda path: path.name)
def test_the_expected_counts_are_what_judging_the_file_gives(path: Path) -> None:
    found, wanted = judged(path), EXPECTATIONS["files"][path.name]
    good = [one for one in found if isinstance(one, AcceptedRecord)]
    assert (len(good), len(found) - len(good)) == (wanted["accepted"], wanted["quarantined"])
    assert len({one.ocid for one in good}) == wanted["processes"]
    assert sum(bool(one.notes) for one in good) == wanted["repaired"]


def test_no_process_is_in_two_files() -> None:
    ocids = [{one.ocid for one in judged(path) if isinstance(one, AcceptedRecord)} for path in OCDS]
    tables = sum(
        EXPECTATIONS["files"][name]["processes"] for name in ("united-kingdom-flat.csv", "united-kingdom-workbook.xlsx")
    )
    assert len(set().union(*ocids)) == sum(map(len, ocids)) == EXPECTATIONS["total"]["processes"] - tables


def test_the_package_of_ocds_1_0_says_its_version_and_has_no_parties() -> None:
    package = orjson.loads(content(DATA / "ocds-1.0-releases.json.gz"))
    assert package["version"] == "1.0"
    assert not any("parties" in release for release in package["releases"])
    assert all("id" not in release["buyer"] and release["buyer"]["identifier"]["id"] for release in package["releases"])


def test_the_workbook_has_one_release_in_the_sheets_of_the_template() -> None:
    book = openpyxl.load_workbook(DATA / "united-kingdom-workbook.xlsx")
    sheets = {sheet.title: list(sheet.values) for sheet in book.worksheets}
    assert list(sheets) == ["releases", "parties", "tender", "tender_items", "awards", "awards_suppliers", "Meta"]
    assert len({tuple(row[:2]) for name, rows in sheets.items() if name != "Meta" for row in rows[1:]}) == 1
    assert {row[0]: row[1] for row in sheets["Meta"]}["publisher/name"] == "United Kingdom Contracts Register"
    assert min(len(rows) for rows in sheets.values()) > 1
    assert len(sheets["awards"]) > 2


def test_every_notice_belongs_to_a_process_of_the_set_by_the_way_that_is_expected() -> None:
    published = content(DATA / "united-kingdom-releases.json")
    for name, wanted in EXPECTATIONS["documents"].items():
        assert wanted["ocid"].encode() in published
        with pymupdf.open(DATA / name) as notice:
            text = "".join(page.get_text() for page in notice)
        assert "Contracting authority" in text
        found = {
            "text": wanted["ocid"] in text,
            "name": wanted["ocid"] in name,
            "url": f"/{name}".encode() in published,
        }
        assert [way for way, there in found.items() if there] == [wanted["link"]]


def test_working_days_have_rates_and_no_two_days_have_the_same() -> None:
    headings, *rows = content(DATA / "exchange-rates.csv").decode().splitlines()
    assert headings == "Date,USD,GBP,CHF,CAD,KES"
    assert len(rows) * 5 == EXPECTATIONS["references"]["exchange-rates.csv"]
    assert len({row.split(",", 1)[1] for row in rows}) > len(rows) * 0.99
    assert all(0.8 < float(row.split(",")[2]) < 1.0 for row in rows)


def test_making_them_twice_gives_the_same_files(tmp_path: Path) -> None:
    once, again = write(tmp_path / "once"), write(tmp_path / "again")
    assert [path.read_bytes() for path in once] == [path.read_bytes() for path in again]


def test_the_command_writes_any_number_gzipped_or_not(tmp_path: Path) -> None:
    plain, packed = tmp_path / "feed.jsonl", tmp_path / "feed.jsonl.gz"
    arguments = ["releases", "--count", "50", "--seed", "7", "--broken", "0.2"]
    assert main([*arguments, "--out", str(plain)]) == 0
    assert main([*arguments, "--out", str(packed), "--gzip"]) == 0
    assert plain.read_bytes() == gzip.decompress(packed.read_bytes())
    assert plain.read_bytes().count(b"\n") == 50


def test_the_command_says_what_is_wrong_with_a_parameter(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["releases", "--count", "5", "--publishers", "0"])
    assert "publishers must be from 1" in capsys.readouterr().err
