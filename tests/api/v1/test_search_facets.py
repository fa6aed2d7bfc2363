"""A facet value used as a filter finds as many hits as counted; names that differ in whitespace are one value."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain.search.queries import Collection
from domain.search.search_documents import SPECS
from infrastructure.search.typesense.engine import TypesenseSearch
from services.ports.parts import Parts
from services.search.searching import SearchRequest, search
from services.star.processes import ProcessFilters, list_processes
from services.star.rows import RowRequest, list_rows
from tests.infrastructure.search.typesense.stand_in.server import Typesense
from tests.infrastructure.search.typesense.transport import Recording
from tests.support import lines, load, release, verified

NAMES = [
    "  Padded  Name  ",
    "Padded Name",
    "Acme",
    "Acme,Ltd",
    "Acme, S.A. de C.V.",
    "Acme,",
    ',"Quoted" `back`',
    "<b>",
    "BON SANTE SAS\u00a0",
    "a:=b && c",
]
COUNTED = {
    collection: [field.name for spec in SPECS if spec.name == collection for field in spec.fields if field.facet]
    for collection in Collection
}


def notices() -> list[dict[str, Any]]:
    """A process per name: its buyer, supplier, region, method and publisher's code."""
    made = []
    for number, name in enumerate(NAMES):
        address = {"region": name, "countryName": f" {name}"}
        party = {
            "id": f"p{number}",
            "name": name,
            "roles": ["buyer", " x, y "],
            "address": address,
            "identifier": {"scheme": f"A B{number % 2} ", "id": f"{number}"},
        }
        item = {
            "id": "1",
            "classification": {"scheme": "CPV", "id": f"4523{number % 3}000 "},
            "deliveryAddress": address,
        }
        tender: dict[str, Any] = {
            "status": f" active {number % 2}",
            "procurementMethod": f"open\t{number % 3}",
            "mainProcurementCategory": "goods ",
            "items": [item],
        }
        tender["value"] = {"amount": 5, "currency": " EUR"}
        award = {"id": "a", "status": " active", "suppliers": [{"name": name}]}
        who = {"id": f"p{number}", "name": name}
        made.append(
            release(f"ocds-test0{number % 2}-{number}", parties=[party], buyer=who, tender=tender, awards=[award])
        )
    return made


@pytest.fixture(params=["embedded", "typesense"])
def lake(lake_home: Parts, request: pytest.FixtureRequest) -> Parts:
    """A lake with either engine."""
    if request.param == "embedded":
        return lake_home
    return replace(
        lake_home, search=TypesenseSearch("http://typesense", "k", SPECS, transport=Recording(Typesense("30.1")))
    )


def test_every_value_of_every_facet_finds_what_it_counted(lake: Parts, tmp_path: Path) -> None:
    load(lake, "a.jsonl", lines(notices()))
    asked = 0
    for collection in (Collection.PROCESSES, Collection.ORGANIZATIONS):
        for name in COUNTED[collection]:
            for value in search(lake, SearchRequest(collection, facet_by=[name])).facets[name]:
                found = search(lake, SearchRequest(collection, values={name: [value.value]}))
                more = (
                    1
                    if value.value in {"Acme,", "Acme,Ltd"} and name in {"buyer", "supplier", "region", "country"}
                    else 0
                )  # Acme's own
                assert found.found == value.count + more, (collection, name, value)
                assert value.value == " ".join(value.value.split())
                asked += 1
    assert asked > 60
    assert verified(lake, tmp_path / "home") == []


@pytest.mark.parametrize("given", ["Padded Name", "  Padded  Name  ", "\tPadded\u00a0Name"])
def test_a_name_is_found_with_and_without_its_blanks_in_search_and_in_gold(lake_home: Parts, given: str) -> None:
    load(lake_home, "a.jsonl", lines(notices()))
    warehouse = lake_home.warehouse
    assert {value.value: value.count for value in search(lake_home, SearchRequest(facet_by=["buyer"])).facets["buyer"]}[
        "Padded Name"
    ] == 2
    for name in ("buyer", "supplier", "region"):
        assert search(lake_home, SearchRequest(values={name: [given]})).found == 2
    for parameter in ("buyer.name", "buyer", "supplier.name", "supplier"):
        rows, _ = list_rows(warehouse, "fact", "award", RowRequest([(parameter, given)]), None, 10)
        assert {row["ocid"] for row in rows} == {"ocds-test00-0", "ocds-test01-1"}, parameter
    for filters in (ProcessFilters(buyer=[given]), ProcessFilters(region=[given]), ProcessFilters(supplier=[given])):
        found, _ = list_processes(warehouse, filters, None, None, 10)
        assert len(found) == 2


def test_padded_reference_rows_are_found_by_their_facets_with_a_note(lake_home: Parts) -> None:
    row = {
        "id": " GB-COH-7 ",
        "name": "Padded  Ltd ",
        "country": " United  Kingdom",
        "region": " ",
        "scheme": "GB-COH ",
    }
    load(
        lake_home,
        "a.csv",
        ("id,name,country,region,scheme\n" + ",".join(f'"{text}"' for text in row.values()) + "\n").encode(),
    )
    facets = search(lake_home, SearchRequest(Collection.ORGANIZATIONS, facet_by=["country", "region", "scheme"])).facets
    assert {name: [value.value for value in values] for name, values in facets.items()} == {
        "country": ["United Kingdom"],
        "region": [],
        "scheme": ["GB-COH"],
    }
    (hit,) = search(lake_home, SearchRequest(Collection.ORGANIZATIONS, values={"country": [" United  Kingdom"]})).hits
    assert (hit.id, hit.document["name"]) == ("GB-COH-7", "Padded Ltd")
