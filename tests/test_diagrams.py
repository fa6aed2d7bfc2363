"""The diagrams of docs/warehouse.md show the real tables."""

from domain.star.aggregates import ADDITIVE, UNIT_OF
from domain.star.queries import DIMENSIONS, FACTS
from infrastructure.warehouse.star.readable_fields import readable_table
from script.diagrams import DIAGRAMS, PAGE, page_with_diagrams


def test_the_diagrams_are_those_of_the_schemas() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"<!-- diagram: {name} -->" in text for name in DIAGRAMS)
    assert page_with_diagrams(text) == text, "run `python -m script.diagrams`"


def test_the_page_names_each_fact_and_dimension() -> None:
    rows = [
        line.split("|")[1].strip() for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")
    ]
    assert {f"`{name}`" for name in (*FACTS, *DIMENSIONS)} <= set(rows)


def test_measures_and_their_units_are_fields_of_their_fact() -> None:
    for fact in FACTS:
        fields = readable_table(fact).fields()
        assert set(fields) >= ADDITIVE[fact]
        assert all({measure, unit} <= set(fields) for (of, measure), unit in UNIT_OF.items() if of == fact)
