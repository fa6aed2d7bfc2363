"""Proposed facts have a position; ambiguous values are not guessed."""

from typing import Any

import pytest

from domain.document_files.proposed_facts import TextLine, distinct_facts, propose_facts
from domain.document_files.proposed_values import parse_date, parse_money


def lines(*texts: str, size: float = 11.0) -> list[TextLine]:
    return [
        TextLine(text, (50.0, 20.0 * number, 300.0, 20.0 * number + 12), size) for number, text in enumerate(texts, 1)
    ]


def proposed(*texts: str) -> list[tuple[str, Any]]:
    return [(fact["name"], fact["value"]) for fact in propose_facts(2, lines(*texts))]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("EUR 1,250,000.00", {"value": 1_250_000.0, "currency": "EUR"}),
        ("£1.2 million", {"value": 1_200_000.0, "currency": "GBP"}),
        ("1.250.000,00 EUR", {"value": 1_250_000.0, "currency": "EUR"}),
        ("12 345,50 €", {"value": 12_345.5, "currency": "EUR"}),
        ("$5m", {"value": 5_000_000.0}),
        ("800", {"value": 800.0}),
        ("about 500000 GBP (VAT 20%)", {"value": 500_000.0, "currency": "GBP"}),
        ("between £1 and £2", None),
        ("1.234,567", None),
        ("to be agreed", None),
    ],
)
def test_amounts_are_read_where_they_are_clear(text: str, value: dict[str, Any] | None) -> None:
    assert parse_money(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-03-12", "2026-03-12"),
        ("12 March 2026 at 12:00", "2026-03-12T12:00"),
        ("March 1st, 2026 5:30 pm", "2026-03-01T17:30"),
        ("25/03/2026 14:00", "2026-03-25T14:00"),
        ("03.04.2026 10.30", "2026-04-03T10:30"),
        ("03/04/2026", "03/04/2026"),
        ("31/02/2026", None),
        ("soon", None),
    ],
)
def test_deadlines_are_iso_dates_or_the_text_where_day_and_month_can_not_be_told_apart(
    text: str, value: str | None
) -> None:
    assert parse_date(text) == value


def test_a_value_stands_behind_its_label_or_in_the_next_line() -> None:
    assert proposed("Contracting authority", "City of Bar", "Deadline: 1 May 2026", "Title", "Value: EUR 5") == [
        ("buyer", "City of Bar"),
        ("deadline", "2026-05-01"),
        ("value", 5.0),
    ]


def test_cpv_codes_need_a_check_digit_or_the_letters_cpv_nearby() -> None:
    assert proposed("CPV: 45233142 and 03311000-2", "phone 12345678", "a", "b", "c", "71000000-8", "99999999") == [
        ("cpv", "45233142"),
        ("cpv", "03311000"),
        ("cpv", "12345678"),
        ("cpv", "71000000"),
    ]


def test_the_largest_line_of_the_first_page_is_the_title_where_none_is_labelled() -> None:
    page = [*lines("a header"), *lines("Supply of", "tanks", size=20.0), *lines("text")]
    assert [(fact["name"], fact["value"]) for fact in propose_facts(1, page)] == [("title", "Supply of tanks")]
    assert propose_facts(2, page) == []


def test_a_fact_names_its_page_its_box_and_the_line_it_stands_in() -> None:
    (fact,) = propose_facts(3, lines("Buyer:  City  of Bar"))
    assert fact == {
        "name": "buyer",
        "page": 3,
        "bbox": [50.0, 20.0, 300.0, 32.0],
        "text": "Buyer: City of Bar",
        "value": "City of Bar",
    }


def test_of_a_file_each_fact_counts_once_and_one_title() -> None:
    found = [*propose_facts(2, lines("Title: A", "Buyer: X")), *propose_facts(3, lines("Title: B", "Buyer: X"))]
    assert [(fact["name"], fact["value"], fact["page"]) for fact in distinct_facts(found)] == [
        ("title", "A", 2),
        ("buyer", "X", 2),
    ]
