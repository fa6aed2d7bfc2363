"""Counts of marts: what facts add, and that neither order nor batches of changes matter."""

from dataclasses import replace
from datetime import UTC, datetime

import hypothesis.strategies as st
import polars as pl
import pytest
from hypothesis import given, settings

from domain.marts.additive import ADDITIVE_TABLES, RED_FLAG, SPEND, add_up, differences, process_counts, with_amount
from domain.marts.facts import AWARDS, NO_FACTS, RED_FLAGS, TENDERS, MartFacts

DAYS = [
    None,
    datetime(2023, 12, 31, 23, tzinfo=UTC),
    datetime(2024, 1, 1, tzinfo=UTC),
    datetime(1900, 1, 1, tzinfo=UTC),
]
organizations = st.sampled_from(["a", "b", "unknown"])
days = st.sampled_from(DAYS)
awards = st.fixed_dictionaries(
    {
        "process_key": st.integers(1, 4),
        "position": st.integers(0, 1),
        "buyer_id": st.just("buyer"),
        "supplier_id": organizations,
        "status": st.sampled_from([None, "active", "Active", "pending", "cancelled"]),
        "award_date": days,
        "amount_base": st.sampled_from([None, 0.0, 33.333333, 1e12, -5.5]),
        "division": st.sampled_from([None, "45"]),
    }
)
tenders = st.fixed_dictionaries(
    {
        "process_key": st.integers(1, 4),
        "buyer_id": organizations,
        "method": st.sampled_from([None, "open"]),
        "status": st.sampled_from([None, "complete", "cancelled"]),
        "first_published": days,
        "tender_start": days,
        "tender_end": days,
        "number_of_tenderers": st.sampled_from([None, 0, 1, 3]),
    }
)


def facts(tender_rows: list[dict[str, object]], award_rows: list[dict[str, object]]) -> MartFacts:
    """Facts with one tender of a process, and one share of an award and supplier."""
    unique = list({row["process_key"]: row for row in tender_rows}.values())
    shares = list({(row["process_key"], row["position"], row["supplier_id"]): row for row in award_rows}.values())
    return replace(NO_FACTS, tenders=pl.DataFrame(unique, schema=TENDERS), awards=pl.DataFrame(shares, schema=AWARDS))


def of_process(found: MartFacts, key: int) -> MartFacts:
    chosen = pl.col("process_key") == key
    return replace(found, tenders=found.tenders.filter(chosen), awards=found.awards.filter(chosen))


def sorted_rows(table: str, frame: pl.DataFrame) -> list[tuple[object, ...]]:
    return frame.sort(list(ADDITIVE_TABLES[table].by)).rows()


@settings(max_examples=15)
@given(st.lists(tenders, max_size=4), st.lists(awards, max_size=8), st.permutations([1, 2, 3, 4]))
def test_processes_add_up_in_any_order_and_batches(
    tender_rows: list[dict[str, object]], award_rows: list[dict[str, object]], order: list[int]
) -> None:
    found = facts(tender_rows, award_rows)
    whole = process_counts(found)
    for name, table in ADDITIVE_TABLES.items():
        parts = [process_counts(of_process(found, key))[name] for key in order]
        assert sorted_rows(name, add_up(table, parts)) == sorted_rows(name, add_up(table, [whole[name]]))


@given(st.lists(awards, max_size=5), st.lists(awards, max_size=5), st.lists(tenders, max_size=3))
def test_a_difference_leads_from_before_to_after(
    first: list[dict[str, object]], second: list[dict[str, object]], tender_rows: list[dict[str, object]]
) -> None:
    before, after = process_counts(facts([], first)), process_counts(facts(tender_rows, second))
    moved = differences(before, after)
    assert differences(after, after) == {}
    for name, table in ADDITIVE_TABLES.items():
        reached = add_up(table, [before[name], *([moved[name]] if name in moved else [])])
        assert sorted_rows(name, reached) == sorted_rows(name, add_up(table, [after[name]]))


@pytest.mark.parametrize("cents", [1, 7, 29, 113, 22_877_480, 7_099_190, 183_513_316, 655_720_660, 10**15 + 1])
def test_an_amount_is_the_nearest_number_to_its_cents(cents: int) -> None:
    row = {"awards": 1, "awards_without_amount": 0, "cents": cents}
    assert with_amount(pl.DataFrame([row]))["amount_base"].to_list() == [cents / 100]


def test_an_amount_of_no_known_award_is_null_and_one_of_zero_is_zero() -> None:
    none, zero = {"awards_without_amount": 1}, {"awards_without_amount": 0}
    frame = pl.DataFrame([{"awards": 1, "cents": 0, **row} for row in (none, zero)])
    assert with_amount(frame)["amount_base"].to_list() == [None, 0.0]


def test_results_of_red_flags_are_counted_by_indicator_buyer_source_and_year() -> None:
    results = ["flagged", "not_flagged", "not_flagged", "not_computable"]
    rows = [("R018", "b", 5, 20240131, result) for result in results] + [("R038", None, None, None, "flagged")]
    flags = pl.DataFrame(rows, schema=RED_FLAGS, orient="row")
    found = process_counts(replace(NO_FACTS, red_flags=flags))
    assert sorted_rows(RED_FLAG.name, found[RED_FLAG.name]) == [
        ("R018", "b", 5, 2024, 1, 2, 1),
        ("R038", None, None, None, 1, 0, 0),
    ]
    assert not found[SPEND.name].height
