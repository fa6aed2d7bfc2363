"""Reference records reach silver, star and search, override the data of processes, and can be deleted."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from domain.raw_records.record import Kind
from domain.search.queries import Collection, SearchQuery
from services.maintenance.rebuild import rebuild_gold, rebuild_silver
from services.ports.parts import Parts
from tests.support import documents, gold, lines, load, release, rows, verified

BUYER = {"id": "GB-LAC-E01", "name": "Northshire CC"}
KNOWN = {
    "id": "GB-LAC-E01",
    "name": "Northshire County Council",
    "country": "GB",
    "region": "North",
    "parent": "GB-GOV-1",
}
CODE = {"scheme": "CPV", "code": "45233142", "description": "Road-repair works", "parent": "45233140"}


def put(parts: Parts, kind: Kind, records: Sequence[dict[str, Any]]) -> None:
    table = [",".join(records[0]), *(",".join(str(value) for value in one.values()) for one in records)]
    job = load(parts, f"{kind}.csv", "\n".join(table).encode())
    assert (job.status, job.counts.accepted, job.counts.quarantined) == ("succeeded", len(records), 0)


def versions(parts: Parts) -> list[tuple[Any, ...]]:
    """(name, current, reference) of the buyer's versions."""
    found = [row for row in rows(parts, "dim_organization") if row["organization_id"] == BUYER["id"]]
    return sorted((row["name"], row["is_current"], row["reference"]) for row in found)


@pytest.mark.parametrize("first", ["reference", "process"])
def test_what_a_reference_table_says_of_an_organisation_is_current_whatever_came_first(
    lake_home: Parts, tmp_path: Path, first: str
) -> None:
    for what in ("reference", "process") if first == "reference" else ("process", "reference"):
        if what == "reference":
            put(lake_home, Kind.ORGANIZATIONS, [KNOWN])
        else:
            load(lake_home, "a.jsonl", lines([release(buyer=BUYER)]))
    assert versions(lake_home) == [("Northshire CC", False, False), ("Northshire County Council", True, True)]
    (found,) = lake_home.search.search(SearchQuery(collection=Collection.ORGANIZATIONS, text="county council")).hits
    assert (found.document["name"], found.document["region"], found.document["processes"]) == (
        "Northshire County Council",
        ["North"],
        1.0,
    )
    assert verified(lake_home, tmp_path / "home") == []


def test_a_corrected_reference_keeps_its_key_and_its_old_name_leaves(lake_home: Parts, tmp_path: Path) -> None:
    put(lake_home, Kind.ORGANIZATIONS, [KNOWN])
    (before,) = [row["organization_key"] for row in rows(lake_home, "dim_organization") if row["reference"]]
    put(lake_home, Kind.ORGANIZATIONS, [KNOWN | {"name": "Northshire Council"}])
    assert [
        (row["organization_key"], row["name"]) for row in rows(lake_home, "dim_organization") if row["reference"]
    ] == [(before, "Northshire Council")]
    assert [one["name"] for one in documents(lake_home)["organizations"]] == ["Northshire Council"]
    assert verified(lake_home, tmp_path / "home") == []


def test_a_classification_has_its_levels_and_the_code_above_it(lake_home: Parts, tmp_path: Path) -> None:
    put(lake_home, Kind.CLASSIFICATIONS, [CODE])
    load(lake_home, "a.jsonl", lines([release(tender={"classification": {"scheme": "CPV", "id": "45233142"}})]))
    codes = [row for row in rows(lake_home, "dim_classification") if row["code"]]
    assert sorted((row["division"], row["parent"], row["reference"]) for row in codes if row["reference"]) == [
        ("45", "45233140", True)
    ]
    assert len(codes) == 2
    assert verified(lake_home, tmp_path / "home") == []


@pytest.mark.slow
def test_a_rebuild_makes_the_same_star_with_references(lake_home: Parts, tmp_path: Path) -> None:
    put(lake_home, Kind.ORGANIZATIONS, [KNOWN])
    put(lake_home, Kind.CLASSIFICATIONS, [CODE])
    load(
        lake_home,
        "a.jsonl",
        lines([release(buyer=BUYER, tender={"classification": {"scheme": "CPV", "id": "45233142"}})]),
    )
    before = gold(lake_home), documents(lake_home)
    rebuild_silver(lake_home)
    rebuild_gold(lake_home)
    assert (gold(lake_home), documents(lake_home)) == before
    assert verified(lake_home, tmp_path / "home") == []
