"""Reference records reach silver, the star and search, stand above what processes say, and leave again."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from domain.record import Kind, Place
from domain.search import Collection, SearchQuery
from services.ports import Element, Parts, Slice
from services.upkeep.rebuild import rebuild_gold, rebuild_silver
from tests.support import documents, gold, lines, load, release, rows, verified

BUYER = {"id": "GB-LAC-E01", "name": "Northshire CC"}
KNOWN = {"id": "GB-LAC-E01", "name": "Northshire County Council", "country": "GB", "region": "North", "parent_id": "GB-GOV-1"}
CODE = {"scheme": "CPV", "code": "45233142", "description": "Road-repair works", "parent": "45233140"}


class Lines:
    """A source of records of one kind, one a line."""

    name = "records"
    kind = "records, one a line"

    def recognise(self, text: Path, filename: str) -> dict[str, Any] | None:
        return {} if filename.startswith(tuple(Kind)) else None

    def read(self, text: Path, filename: str, position: dict[str, Any], limit: int) -> Slice:
        kind = Kind(filename.rsplit(".", 1)[0])
        elements = [Element(line, Place(file=filename, line=n), None, kind) for n, line in enumerate(text.read_bytes().splitlines(), 1)]
        return Slice(elements, [], None)


@pytest.fixture
def lake(lake_home: Parts) -> Parts:
    chain: Any = lake_home.sources
    chain.chain = [Lines(), *chain.chain]
    return lake_home


def put(parts: Parts, kind: Kind, records: Sequence[dict[str, Any]]) -> None:
    job = load(parts, f"{kind}.jsonl", b"".join(json.dumps(one).encode() + b"\n" for one in records))
    assert (job.status, job.counts.quarantined) == ("succeeded", 0)


def versions(parts: Parts) -> list[tuple[Any, ...]]:
    """(name, current, reference) of the buyer's versions."""
    found = [row for row in rows(parts, "dim_organization") if row["organization_id"] == BUYER["id"]]
    return sorted((row["name"], row["is_current"], row["reference"]) for row in found)


@pytest.mark.parametrize("first", ["reference", "process"])
def test_what_a_reference_table_says_of_an_organisation_is_current_whatever_came_first(lake: Parts, tmp_path: Path, first: str) -> None:
    for what in ("reference", "process") if first == "reference" else ("process", "reference"):
        if what == "reference":
            put(lake, Kind.ORGANIZATIONS, [KNOWN])
        else:
            load(lake, "a.jsonl", lines([release(buyer=BUYER)]))
    assert versions(lake) == [("Northshire CC", False, False), ("Northshire County Council", True, True)]
    (found,) = lake.search.search(SearchQuery(collection=Collection.ORGANIZATIONS, text="county council")).hits
    assert (found.document["name"], found.document["region"], found.document["processes"]) == ("Northshire County Council", ["North"], 1.0)
    assert verified(lake, tmp_path / "home") == []


def test_a_corrected_reference_keeps_its_key_and_its_old_name_leaves(lake: Parts, tmp_path: Path) -> None:
    put(lake, Kind.ORGANIZATIONS, [KNOWN])
    (before,) = [row["organization_key"] for row in rows(lake, "dim_organization") if row["reference"]]
    put(lake, Kind.ORGANIZATIONS, [KNOWN | {"name": "Northshire Council"}])
    assert [(row["organization_key"], row["name"]) for row in rows(lake, "dim_organization") if row["reference"]] == [(before, "Northshire Council")]
    assert [one["name"] for one in documents(lake)["organizations"]] == ["Northshire Council"]
    assert verified(lake, tmp_path / "home") == []


def test_a_classification_has_its_levels_and_the_code_above_it(lake: Parts, tmp_path: Path) -> None:
    put(lake, Kind.CLASSIFICATIONS, [CODE])
    load(lake, "a.jsonl", lines([release(tender={"classification": {"scheme": "CPV", "id": "45233142"}})]))
    codes = [row for row in rows(lake, "dim_classification") if row["code"]]
    assert sorted((row["division"], row["parent"], row["reference"]) for row in codes if row["reference"]) == [("45", "45233140", True)]
    assert len(codes) == 2
    assert verified(lake, tmp_path / "home") == []


def test_a_rebuild_makes_the_same_star_with_references(lake: Parts, tmp_path: Path) -> None:
    put(lake, Kind.ORGANIZATIONS, [KNOWN])
    put(lake, Kind.CLASSIFICATIONS, [CODE])
    load(lake, "a.jsonl", lines([release(buyer=BUYER, tender={"classification": {"scheme": "CPV", "id": "45233142"}})]))
    before = gold(lake), documents(lake)
    rebuild_silver(lake)
    rebuild_gold(lake)
    assert (gold(lake), documents(lake)) == before
    assert verified(lake, tmp_path / "home") == []
