"""Which elements of a release a row of a fact is made of."""

from typing import Any

import pytest

from domain.lineage.elements import PATHS, element_pointers
from domain.lineage.links import facts_link
from domain.star.queries import FACTS

RELEASE = {
    "tender": {"items": [{"id": "1"}, {"id": 2}]},
    "awards": [{"id": "a/1", "items": [{"id": "1"}]}, {"id": "a2"}, {}, {"id": "a2"}],
    "contracts": [{"id": "c", "implementation": {"transactions": [{"id": "t0"}, {"id": "t1"}]}}],
}


@pytest.mark.parametrize(
    ("fact", "row", "expected"),
    [
        ("process", {}, [""]),
        ("award", {"award_id": "a/1"}, ["/awards/0"]),
        ("award", {"award_id": "a2"}, ["/awards/1", "/awards/3"]),
        ("award", {"award_id": None}, ["/awards/2"]),
        ("award", {"award_id": "other"}, []),
        ("contract", {"contract_id": "c"}, ["/contracts/0"]),
        ("item", {"level": "tender", "parent_id": "t", "item_id": "2"}, ["/tender/items/1"]),
        ("item", {"level": "award", "parent_id": "a/1", "item_id": "1"}, ["/awards/0/items/0"]),
        ("transaction", {"contract_id": "c", "transaction_id": "t1"}, ["/contracts/0/implementation/transactions/1"]),
        ("document", {}, []),
    ],
)
def test_elements_are_found_by_the_ids_on_their_path(fact: str, row: dict[str, Any], expected: list[str]) -> None:
    assert element_pointers(fact, row, RELEASE) == expected


def test_a_release_of_another_shape_has_no_such_element() -> None:
    assert element_pointers("award", {"award_id": "1"}, {"awards": "none"}) == []
    assert element_pointers("award", {"award_id": "1"}, {"awards": [None, "1"]}) == []


def test_every_fact_of_ocds_elements_has_a_path() -> None:
    assert set(FACTS) - PATHS.keys() <= {"document", "red_flag", "note"}


def test_a_link_to_facts_repeats_a_filter_for_several_values() -> None:
    link = facts_link("award", {"buyer": ["A&B", "ü"], "date.year": 2024})
    assert link == "/v1/gold/facts/award?buyer=A%26B&buyer=%C3%BC&date.year=2024"
