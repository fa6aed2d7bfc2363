"""From releases to search documents: golden files through the whole lake."""

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from domain.search.queries import SearchDocument
from domain.search.search_documents import FIELD_MAX_CHARACTERS, SPECS
from services.ports.parts import Parts
from tests.infrastructure.pdf.pdfs import pdf
from tests.support import documents, lines, load, package, release

GOLDEN = Path(__file__).parents[3] / "golden" / "documents"
CASES = sorted(path.stem for path in GOLDEN.glob("*.json") if not path.stem.endswith("-documents"))
TYPES: dict[str, type | tuple[type, ...]] = {"text": str, "keyword": str, "number": (int, float), "date": datetime}


@pytest.mark.parametrize("case", CASES)
def test_the_golden_releases_become_the_documents_recorded(lake_home: Parts, case: str) -> None:
    load(lake_home, "golden.json", (GOLDEN / f"{case}.json").read_bytes())
    found = json.loads(json.dumps(documents(lake_home), default=lambda moment: moment.isoformat()))
    assert found == json.loads((GOLDEN / f"{case}-documents.json").read_text("utf-8"))


def one(parts: Parts, **fields: Any) -> SearchDocument:
    load(parts, "a.json", package([release(**fields)]))
    (document,) = documents(parts)["processes"]
    return document


def test_what_is_not_known_is_absent_and_not_empty(lake_home: Parts) -> None:
    assert set(one(lake_home)) == {"id", "source", "published", "first_published"}


def test_long_texts_are_cut_for_search_only(lake_home: Parts) -> None:
    document = one(lake_home, tender={"description": "x" * (FIELD_MAX_CHARACTERS + 5)})
    assert len(document["description"]) == FIELD_MAX_CHARACTERS


def test_documents_keep_to_their_specs(lake_home: Parts) -> None:
    for case in CASES:
        load(lake_home, "golden.json", (GOLDEN / f"{case}.json").read_bytes())
    load(lake_home, "notice.pdf", pdf("a notice for ocds-213czf-1"))
    made = documents(lake_home)
    for spec in SPECS:
        fields = {field.name: field for field in spec.fields}
        assert made[spec.name]
        for document in made[spec.name]:
            for name, value in document.items():
                assert isinstance(value, list) == fields[name].many, name
                assert all(
                    isinstance(each, TYPES[fields[name].type]) for each in (value if fields[name].many else [value])
                ), name


def test_an_organisation_is_found_under_all_names_that_stand(lake_home: Parts) -> None:
    who = {"id": "b", "identifier": {"scheme": "GB-COH", "id": "1"}, "roles": ["supplier"]}
    told = [("1", "2024-01-01T00:00:00Z", "Old Ltd"), ("2", "2024-03-01T00:00:00Z", "New Ltd")]
    load(
        lake_home,
        "a.jsonl",
        lines(
            release(f"ocds-test01-{number}", date=date, parties=[who | {"name": name}]) for number, date, name in told
        ),
    )
    (document,) = documents(lake_home)["organizations"]
    assert (document["name"], document["names"], document["processes"]) == ("New Ltd", ["New Ltd", "Old Ltd"], 2.0)
