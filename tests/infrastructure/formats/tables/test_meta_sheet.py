"""The Meta sheet of the OCDS template gives publisher and licence of the releases of all sheets."""

from pathlib import Path

import pytest

from domain.jobs.job import JobCounts, JobStatus
from services.ports.parts import Parts
from tests.infrastructure.formats.support import Home
from tests.infrastructure.formats.tables.test_xlsx import ORGANISATIONS, RELEASES, Table, workbook
from tests.support import load, rows, verified

META: Table = [
    ["version", "1.1"],
    ["uri", "https://example.org/x.json"],
    ["publisher/name", "Office of Roads"],
    ["publisher/uri", ""],
    ["license", "https://example.org/licence"],
    ["extensions", "https://example.org/a;https://example.org/b"],
]
SAID = {
    "version": "1.1",
    "uri": "https://example.org/x.json",
    "publisher": {"name": "Office of Roads"},
    "license": "https://example.org/licence",
    "extensions": ["https://example.org/a", "https://example.org/b"],
}


@pytest.mark.parametrize("meta", [META, [list(row) for row in zip(*META, strict=True)]], ids=["beside", "below"])
@pytest.mark.parametrize("first", [True, False])
def test_a_meta_sheet_speaks_for_the_releases_of_all_sheets(home: Home, meta: Table, first: bool) -> None:
    sheets = {"Meta": meta, "releases": RELEASES} if first else {"releases": RELEASES, "Meta": meta}
    elements, refused = home.read(workbook(sheets), name="b.xlsx")
    assert refused == []
    assert [one.package for one in elements] == [SAID, SAID]


def test_columns_of_the_package_stand_above_the_meta_sheet(home: Home) -> None:
    table: Table = [["publisher/name", "releases/0/ocid", "releases/0/id"], ["Other", "ocds-1", "1"]]
    ((element,), _) = home.read(workbook({"r": table, "Meta": META}), name="b.xlsx")
    assert element.package == SAID | {"publisher": {"name": "Other"}}


def test_what_is_no_field_of_a_package_is_refused_by_row(home: Home) -> None:
    meta: Table = [
        *META,
        ["contact", "x@example.org"],
        ["# a comment", "y"],
        ["note", ""],
        ["License", "other"],
        ["publisher", "P"],
        ["uri", "a", "b"],
    ]
    elements, refused = home.read(workbook({"Meta": meta, "releases": RELEASES}), name="b.xlsx")
    assert [one.package for one in elements] == [SAID, SAID]
    assert [(one.code, one.place.file, one.place.line) for one in refused] == [
        ("unknown_field", "b.xlsx/Meta", line) for line in (7, 10, 11, 12)
    ]
    assert "'contact' is no metadata of a package" in refused[0].reason


def test_a_meta_sheet_beside_no_releases_is_refused(home: Home) -> None:
    elements, refused = home.read(workbook({"Meta": META, "o": ORGANISATIONS}), name="b.xlsx")
    assert len(elements) == 1
    assert [one.code for one in refused] == ["unknown_sheet"]


def test_publisher_and_licence_end_in_the_star(lake_home: Parts, tmp_path: Path) -> None:
    job = load(lake_home, "book.xlsx", workbook({"releases": RELEASES, "Meta": META}))
    assert job.status is JobStatus.SUCCEEDED
    assert job.counts == JobCounts(received=2, accepted=2, processes=2)
    assert ("Office of Roads", "https://example.org/licence") in {
        (one["publisher"], one["license"]) for one in rows(lake_home, "dim_source")
    }
    assert verified(lake_home, tmp_path / "home") == []
