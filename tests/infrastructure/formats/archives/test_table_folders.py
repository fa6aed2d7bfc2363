"""Tables of flat OCDS in one folder of an archive are sheets of the same releases, as flatten-tool writes them: none is
read as half a release.
"""

import gzip
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from domain.jobs.job import JobCounts, JobStatus
from domain.raw_records.record import RefusedElement
from infrastructure.formats.archives import table_folders
from services.ports.parts import Parts
from services.ports.sources import Element
from tests.infrastructure.formats.archives.test_recogniser import KINDS, LINES, tarred, zipped
from tests.infrastructure.formats.support import Home
from tests.support import load, rows, verified

RELEASES = (
    b"ocid,id,date,tag,tender/title\no-1,r1,2024-01-01T00:00:00Z,tender,One\no-2,r1,2024-01-01T00:00:00Z,tender,Two\n"
)
PARTIES = b"ocid,id,parties/0/id,parties/0/name,parties/0/roles\no-1,r1,P1,Org One,buyer\no-2,r1,P2,Org Two,buyer\n"
DATED = (
    b"ocid,id,date,parties/0/id,parties/0/name\no-1,r1,2024-01-01T00:00:00Z,P1,Org "
    b"One\no-2,r1,2024-01-01T00:00:00Z,P2,Org Two\n"
)
AWARDS = b"ocid;awards/0/id;awards/0/value/amount\no-2;a;1,5\no-2;b;2,5\n"
META = b"version,1.1\npublisher/name,Office of Roads\nlicense,https://example.org/l\n"


def read(
    home: Home, content: bytes, limits: Iterable[int] = ()
) -> tuple[list[dict[str, Any]], list[Element], list[RefusedElement]]:
    elements, refused = home.read(content, limits, "a.zip")
    home.sources.remove_copies(home.add(content))
    assert list(home.spool.glob("*")) == []
    return sorted((json.loads(one.raw) for one in elements), key=lambda one: str(one["ocid"])), elements, refused


@pytest.mark.parametrize("limits", [(), (1,) * 20])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("parties", [PARTIES, DATED], ids=["undated", "dated"])
def test_sheets_of_a_folder_are_joined(home: Home, kind: str, parties: bytes, limits: tuple[int, ...]) -> None:
    members = [
        ("x/parties.csv", parties),
        ("x/data.json", LINES),
        ("x/releases.csv", RELEASES),
        ("x/awards.csv", AWARDS),
        ("other.json", LINES),
    ]
    found, elements, refused = read(home, KINDS[kind](members), limits)
    assert refused == []
    flat = [one for one in found if one["ocid"].startswith("o-")]
    assert [(one["tender"]["title"], one["parties"][0]["name"]) for one in flat] == [
        ("One", "Org One"),
        ("Two", "Org Two"),
    ]
    assert [award["value"]["amount"] for award in flat[1]["awards"]] == [1.5, 2.5]
    assert len(found) == 8
    assert {one.place.file for one in elements} == {"a.zip/x/parties.csv", "a.zip/x/data.json", "a.zip/other.json"}


def test_sheets_of_any_encoding_and_packing_are_joined(home: Home) -> None:
    title = RELEASES.replace(b"One", "Škola".encode())
    found, _, refused = read(
        home, tarred([("releases.csv.gz", gzip.compress(title)), ("parties.csv", PARTIES.decode().encode("utf-16"))])
    )
    assert refused == []
    assert [(one["tender"]["title"], one["parties"][0]["id"]) for one in found] == [("Škola", "P1"), ("Two", "P2")]


def test_folders_are_apart(home: Home) -> None:
    found, _, refused = read(
        home,
        zipped(
            [
                ("a/releases.csv", RELEASES),
                ("b/parties.csv", PARTIES),
                ("releases.csv", RELEASES),
                ("a/b/p.csv", PARTIES),
            ]
        ),
    )
    assert refused == []
    assert len(found) == 8
    assert not [one for one in found if "parties" in one and "tender" in one]


def test_sheets_of_an_archive_in_an_archive_are_joined(home: Home) -> None:
    inner = zipped([("releases.csv", RELEASES), ("parties.csv", PARTIES)])
    for limits in ((), (1,) * 9):
        found, _, refused = read(home, zipped([("in.zip", inner), ("z.json", LINES)]), limits)
        assert refused == []
        assert [one["parties"][0]["id"] for one in found if "parties" in one] == ["P1", "P2"]


def test_a_meta_table_beside_them_speaks_for_all(home: Home) -> None:
    for name in ("a_meta.csv", "z_meta.csv"):
        _, elements, refused = read(home, zipped([("m/" + name, META), ("m/releases.csv", RELEASES)]))
        assert refused == []
        said = {"version": "1.1", "publisher": {"name": "Office of Roads"}, "license": "https://example.org/l"}
        assert [one.package for one in elements] == [said, said]


def test_a_meta_table_beside_no_releases_is_refused(home: Home) -> None:
    _, elements, refused = read(home, zipped([("meta.csv", META), ("orgs/o.json", LINES)]))
    assert len(elements) == 3
    assert [(one.code, one.place.file) for one in refused] == [("unreadable_member", "a.zip/meta.csv")]


def test_a_bad_row_of_one_sheet_refuses_its_release_in_all(home: Home) -> None:
    found, _, refused = read(
        home, zipped([("releases.csv", RELEASES), ("awards.csv", AWARDS.replace(b"2,5", b"much"))])
    )
    assert [one["ocid"] for one in found] == ["o-1"]
    assert [(one.code, one.place.file, one.place.line) for one in refused] == [("wrong_type", "a.zip/awards.csv", 3)]


def test_tables_of_the_same_columns_are_versions_where_they_contradict_each_other(home: Home) -> None:
    later = RELEASES.replace(b"One", b"Changed").replace(b"o-2", b"o-3")
    _, elements, refused = read(home, zipped([("1.csv", RELEASES), ("2.csv", later)]))
    assert refused == []
    found = sorted(
        (one.place.file, json.loads(one.raw)["ocid"], json.loads(one.raw)["tender"]["title"]) for one in elements
    )
    first, second = "a.zip/1.csv", "a.zip/2.csv"
    assert found == [(first, "o-1", "One"), (first, "o-2", "Two"), (second, "o-1", "Changed"), (second, "o-3", "Two")]


def test_a_release_over_the_end_of_a_table_goes_on_in_the_next(home: Home) -> None:
    head = b"ocid,id,date,awards/0/id\n"
    parts = [
        ("1.csv", head + b"o-1,1,2024-01-01,a\no-2,1,2024-01-01,a\n"),
        ("2.csv", head + b"o-2,1,2024-01-01,b\no-3,1,2024-01-01,a\n"),
    ]
    found, _, refused = read(home, zipped(parts))
    assert refused == []
    assert [[award["id"] for award in one["awards"]] for one in found] == [["a"], ["a", "b"], ["a"]]


def test_sheets_with_other_columns_that_contradict_each_other_are_refused(home: Home) -> None:
    other = b"ocid,id,tender/title,tender/id\no-1,r1,Else,t\n"
    found, _, refused = read(home, zipped([("releases.csv", RELEASES), ("tender.csv", other)]))
    assert [one["ocid"] for one in found] == ["o-2"]
    assert [one.code for one in refused] == ["contradicting_rows"]


def test_a_damaged_sheet_costs_itself_and_is_said(home: Home) -> None:
    content = zipped([("releases.csv", RELEASES), ("parties.csv", PARTIES), ("awards.csv", AWARDS)], 0)
    found, _, refused = read(home, content.replace(b"Org One", b"Org Zne", 1))
    assert [len(one.get("awards", [])) for one in found] == [0, 2]
    assert [(one.code, one.place.file) for one in refused] == [("unreadable_member", "a.zip/parties.csv")]


def test_sheets_are_read_on_where_the_copies_were_removed(home: Home) -> None:
    content = zipped(
        [("a.json", LINES), ("releases.csv", RELEASES), ("b.json", LINES), ("parties.csv", PARTIES), ("c.json", LINES)]
    )
    sha256 = home.add(content)
    position: dict[str, Any] | None = None
    found: list[str] = []
    while True:
        piece = home.sources.read(sha256, "a.zip", position, 1)
        found += [json.loads(one.raw)["ocid"] + str("parties" in json.loads(one.raw)) for one in piece.elements]
        assert piece.refused == []
        home.sources.remove_copies(sha256)
        assert list(home.spool.glob("*")) == []
        if piece.position is None:
            break
        position = json.loads(json.dumps(piece.position))
    assert [one for one in found if one.startswith("o-")] == ["o-1True", "o-2True"]
    assert len(found) == 11


def test_a_folder_of_more_members_than_sheets_is_read_table_by_table(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table_folders, "MAX_FOLDER_MEMBERS", 2)
    found, _, _ = read(home, zipped([("1.csv", RELEASES), ("2.csv", DATED), ("3.json", LINES)]))
    assert len(found) == 7


def test_other_tables_beside_sheets_are_read_as_what_they_are(home: Home) -> None:
    orgs = b"id,name\n1,N\n"
    elements, refused = home.read(
        zipped(
            [
                ("orgs.csv", orgs),
                ("parties.csv", PARTIES),
                ("releases.csv", RELEASES),
                ("x.csv", b"colour,shape\n1,2\n"),
            ]
        )
    )
    assert sorted(str(one.kind) for one in elements) == ["organizations", "releases", "releases"]
    assert [one.code for one in refused] == ["unreadable_member"]


def test_a_folder_of_sheets_ends_in_the_star(lake_home: Parts, tmp_path: Path) -> None:
    job = load(
        lake_home,
        "flat.zip",
        zipped([("flat/meta.csv", META), ("flat/parties.csv", DATED), ("flat/releases.csv", RELEASES)]),
    )
    assert job.status is JobStatus.SUCCEEDED
    assert job.counts == JobCounts(received=2, accepted=2, processes=2)
    assert {one["title"] for one in rows(lake_home, "fact_process")} == {"One", "Two"}
    assert {"Org One", "Org Two"} <= {one["name"] for one in rows(lake_home, "dim_organization")}
    assert "Office of Roads" in {one["publisher"] for one in rows(lake_home, "dim_source")}
    assert verified(lake_home, tmp_path / "home") == []
