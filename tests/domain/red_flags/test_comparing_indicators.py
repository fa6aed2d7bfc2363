"""Worked examples of the indicators that compare all data, and their quartiles."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.red_flags.quartiles import quantile
from tests.domain.red_flags.cases import award, bid, organizations, outcome, outcomes, process


def lacking(names: str) -> tuple[str, str]:
    return "not_computable", names


def priced(name: str, win: float, second: float, **more: Any) -> Any:
    """A process that W won, with L second."""
    return process(name, bids=[bid("W", amount=win), bid("L", amount=second)], awards=[award("W")], **more)


def differing(*seconds: float) -> list[Any]:
    """Processes whose winning bid is 100."""
    return [priced(str(second), 100, second) for second in seconds]


@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=30), st.sampled_from([0.1, 0.25, 0.5, 0.75, 0.9]))
def test_quantiles_are_those_of_hyndman_and_fans_definition_8(values: list[float], share: float) -> None:
    expected = np.quantile(values, share, method="median_unbiased")
    assert quantile(pl.Series(values), share) == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_a_price_on_the_lower_fence_is_close_to_the_winning_bid() -> None:
    # 0.11, 0.2, 0.2, 0.22, 0.24, 0.24, 0.24, 0.26: with 8 values Q1 is at (8 + 1/3) / 4 + 1/3 = 2.416…: 0.2,
    # Q3 at 6.583…: 0.24. IQR 0.04, lower fence 0.14, upper fence 0.3.
    low = [process("low", bids=[bid("W", amount=100), bid("C", amount=111)], awards=[award("W")])]
    middle = [priced(f"m{at}", 100, second) for at, second in enumerate([120, 120, 122, 124, 124, 124, 126])]
    found = outcomes("R024", low + middle)
    assert found["low"] == ("flagged", 0.11)
    assert {result for name, (result, _) in found.items() if name != "low"} == {"not_flagged"}
    assert organizations("R024", low + middle) == {"W": ("flagged", 0.0), "C": ("flagged", 0.0)}
    on_fence = [process("low", bids=[bid("W", amount=100), bid("C", amount=114)], awards=[award("W")])]
    assert outcomes("R024", on_fence + middle)["low"] == ("flagged", 0.14)
    above = [process("low", bids=[bid("W", amount=10_000), bid("C", amount=11_401)], awards=[award("W")])]
    assert outcomes("R024", above + middle)["low"] == ("not_flagged", 0.1401)
    high = [process("low", bids=[bid("W", amount=100), bid("C", amount=130)], awards=[award("W")])]
    # 0.2, 0.2, 0.22, 0.24, 0.24, 0.24, 0.26, 0.3: Q1 = 0.2 + 0.416…·0.02 = 0.20833…, Q3 = 0.24 + 0.583…·0.02 = 0.25166…
    # IQR 0.04333…, upper fence 0.31666…
    assert outcomes("R058", high + middle)["low"] == ("not_flagged", 0.3)
    higher = [process("low", bids=[bid("W", amount=100), bid("C", amount=132)], awards=[award("W")])]
    assert outcomes("R058", higher + middle)["low"] == ("flagged", 0.32)
    assert organizations("R058", higher + middle) == {"W": ("flagged", 0.0)}


def test_without_an_interquartile_range_the_fence_is_the_quartile() -> None:
    assert set(outcomes("R024", differing(110)).values()) == {("flagged", 0.1)}
    same = [priced(str(at), 100, 110) for at in range(5)]
    assert set(outcomes("R024", same).values()) == {("flagged", 0.1)}
    assert set(outcomes("R058", same).values()) == {("flagged", 0.1)}


def test_fences_at_or_below_zero_are_not_used() -> None:
    ties = [priced(str(at), 100, 100) for at in range(5)]
    for code in ("R024", "R058"):
        assert {result for result, _ in outcomes(code, ties).values()} == {"not_computable"}
    spread = differing(101, 150, 200, 300)  # Q1 - 1.5·IQR is below 0
    assert {result for result, _ in outcomes("R024", spread).values()} == {"not_computable"}
    assert {result for result, _ in outcomes("R058", spread).values()} == {"not_flagged"}


@pytest.mark.parametrize(
    ("bids", "awards", "missing"),
    [
        ([bid("W", amount=100), bid("L", amount=110)], [award("W", status="pending")], "awards.status (not final)"),
        ([bid("W", amount=100), bid("L", amount=110)], [award("W"), award("X")], "awards (several active awards)"),
        ([bid("W", amount=100), bid("L", amount=110)], [award("W", status="cancelled")], "awards (no active award)"),
        ([bid("W", amount=100), bid("L", amount=110)], [award("W", "X")], "awards.suppliers (several suppliers)"),
        ([bid("W", amount=100), bid("L", amount=110)], [award()], "awards.suppliers.id"),
        ([bid("W", amount=100), bid("L", amount=90)], [award("W")], "awards (the winning bid is not the lowest)"),
        (
            [bid("W", amount=100), bid("L", amount=110, currency="EUR")],
            [award("W")],
            "bids.details.value.currency (several currencies)",
        ),
        (
            [bid("W", amount=100), bid("L", "M", amount=110)],
            [award("W")],
            "bids.details (no second valid bid of one tenderer with a price)",
        ),
        (
            [bid("W"), bid("L", amount=110)],
            [award("W")],
            "bids.details (no valid bid of the supplier alone with a price)",
        ),
        ([], [award("W")], "bids.details"),
    ],
)
@pytest.mark.parametrize("code", ["R024", "R058"])
def test_a_price_difference_needs_one_winner_and_comparable_bids(
    code: str, bids: Any, awards: Any, missing: str
) -> None:
    assert outcome(code, process(bids=bids, awards=awards)) == lacking(missing)


def test_the_winner_counts_with_its_lowest_bid_and_awards_without_effect_are_left_out() -> None:
    bids = [bid("W", amount=120), bid("W", amount=100), bid("L", amount=150), bid("M", amount=125)]
    case = process(bids=bids, awards=[award("X", status="cancelled"), award("W"), award("Y", status="unsuccessful")])
    assert outcome("R058", case) == ("flagged", 0.25)


def test_a_fixed_fence_of_a_source_takes_precedence() -> None:
    cases = [priced("x", 100, 110), priced("y", 100, 110, source="ocds-bbbbbb")]
    found = outcomes("R058", cases, R058={"threshold": 0.5}, sources={"ocds-bbbbbb": {"R058": {"threshold": 0.1}}})
    assert found == {"x": ("not_flagged", 0.1), "y": ("flagged", 0.1)}


def tendering(*rows: tuple[str, int, int]) -> list[Any]:
    """For each (tenderer, bids, wins), a process per bid, which somebody who bids only once wins otherwise."""
    cases = []
    for name, bids, wins in rows:
        for at in range(bids):
            awards = [award(name if at < wins else f"other {name} {at}")]
            cases.append(process(f"{name}{at}", bids=[bid(name)], awards=awards))
    return cases


def test_a_top_tenderer_that_wins_few_bids_is_flagged() -> None:
    # Ratios 0.5, 0.5, 0.5, 0.5, 0.1 and numbers of bids 2, 2, 2, 4, 10. With 5 values Q1 is at 5/3 + 1/3 - … = 1.6667:
    # sorted 0.1, 0.5 …: Q1 = 0.1 + 0.6667·0.4 = 0.36667, Q3 = 0.5: lower fence 0.36667 - 0.2 = 0.16667. P75 of the
    # numbers is at 5.3333·0.75 + 0.3333 = 4.3333: 4 + 0.3333·6 = 6.
    cases = tendering(("A", 2, 1), ("B", 2, 1), ("C", 2, 1), ("D", 4, 2), ("E", 10, 1))
    found = organizations("R025", cases)
    assert found == {"A": ("not_flagged", 0.5)} | dict.fromkeys("BCD", ("not_flagged", 0.5)) | {"E": ("flagged", 0.1)}
    assert organizations("R025", cases, R025={"percentile": 99})["E"] == ("flagged", 0.1)
    assert organizations("R025", cases, R025={"threshold": 0.05})["E"] == ("not_flagged", 0.1)


def test_a_tenderer_counts_once_per_process_and_only_where_the_winner_is_clear() -> None:
    twice = process("1", bids=[bid("A"), bid("A")], awards=[award("A")])
    open_case = process("2", bids=[bid("A"), bid("B")], awards=[award("C", status="pending")])
    joint = process("3", bids=[bid("A", "B")], awards=[award("A")])
    found = organizations("R025", [twice, open_case, joint])
    assert found["A"] == ("flagged", 1.0)  # alone, it is on every fence
    assert found["B"][0] == "not_computable"


def test_tenderers_that_win_nothing_leave_the_fence_unused() -> None:
    found = organizations("R025", tendering(("A", 2, 0), ("B", 3, 0), ("C", 2, 1)))
    assert {result for result, _ in found.values()} == {"not_computable"}


def submitted(name: str, buyer: str, valid: int, disqualified: int, **more: Any) -> Any:
    bids = [bid(f"T{name}{at}") for at in range(valid)]
    bids += [bid(f"T{name}{valid + at}", status="disqualified") for at in range(disqualified)]
    return process(name, bids=bids, buyer_id=buyer, procuring_entity_id=f"P{buyer}", **more)


def test_a_buyer_that_disqualifies_many_bids_is_flagged_and_its_procuring_entity_too() -> None:
    # Ratios 0, 0.1, 0.1, 0.2, 0.6: Q1 at 1.6667 = 0.06667, Q3 at 4.3333 = 0.2 + 0.3333·0.4 = 0.33333; fence 0.73333.
    cases = [
        submitted("a", "A", 10, 0),
        submitted("b", "B", 9, 1),
        submitted("c", "C", 9, 1),
        submitted("d", "D", 8, 2),
    ]
    assert organizations("R038", [*cases, submitted("e", "E", 4, 6)], "buyer")["E"] == ("not_flagged", 0.6)
    # Two more of 0.1 make seven: Q1 at 2.1667 = 0.1, Q3 at 5.8333 = 0.1 + 0.8333·0.1 = 0.18333; fence 0.30833.
    more = [submitted("f", "F", 9, 1), submitted("g", "G", 9, 1)]
    for role, name in (("buyer", "E"), ("procuring_entity", "PE")):
        found = organizations("R038", [*cases, *more, submitted("e", "E", 4, 6)], role)
        assert found[name] == ("flagged", 0.6)
        assert [one for one, (result, _) in found.items() if result == "flagged"] == [name]


def test_only_submitted_bids_count_and_two_are_needed() -> None:
    single = process("1", bids=[bid("A", status="disqualified")], buyer_id="X")
    invited = process("2", bids=[bid("B"), bid("B", status="invited"), bid("B", status="disqualified")], buyer_id="Y")
    found = organizations("R038", [single, invited])
    assert found == {"A": lacking("bids.details (too few submitted bids)"), "B": ("flagged", 0.5)}
    assert organizations("R038", [single], R038={"minimum_submitted_bids": 1}) == {"A": ("flagged", 1.0)}


def test_a_fence_of_zero_flags_nobody() -> None:
    cases = [submitted(str(at), f"B{at}", 3, 0) for at in range(5)]
    found = organizations("R038", cases, "buyer")
    assert {result for result, _ in found.values()} == {"not_computable"}


def test_every_tenderer_of_a_joint_bid_counts() -> None:
    case = process(bids=[bid("A", "B", status="disqualified"), bid("A")])
    found = organizations("R038", [case])
    assert found["A"] == ("flagged", 0.5)
    assert found["B"] == lacking("bids.details (too few submitted bids)")


def supplying(name: str, processes: int, codes: Sequence[str]) -> list[Any]:
    return [process(f"{name}{at}", awards=[award(name, codes=[codes[at % len(codes)]])]) for at in range(processes)]


def test_a_supplier_of_many_kinds_of_things_is_flagged() -> None:
    # Varieties 1, 1, 2, 2, 9 among suppliers with 20 processes: Q1 = 1, Q3 = 2 + 0.3333·7 = 4.3333, fence 9.3333.
    kinds = [f"{at}000000" for at in range(10, 40)]
    cases = supplying("A", 20, ["45000000"]) + supplying("B", 20, ["45000000"]) + supplying("C", 20, kinds[:2])
    cases += supplying("D", 20, ["45100000", "45200000", "44000000"])  # 45 and 44
    assert organizations("R048", cases + supplying("E", 20, kinds[:9]))["E"] == ("not_flagged", 9.0)
    # With a sixth of 2, six values: Q3 at 6.3333·0.75 + 0.3333 = 5.0833: 2 + 0.0833·(x - 2); x = 9: 2.5833; Q1 at
    # 1.9167 = 1; fence 4.9583.
    cases += supplying("F", 20, kinds[:2])
    found = organizations("R048", cases + supplying("E", 20, kinds[:9]) + supplying("G", 19, kinds[:19]))
    assert found["E"] == ("flagged", 9.0)
    assert found["D"] == ("not_flagged", 2.0)
    assert found["G"] == lacking("awards.items (too few processes)")


def test_a_number_of_kinds_on_the_fence_is_flagged() -> None:
    cases = [one for name in "ABCD" for one in supplying(name, 20, ["45000000", "44000000"])]
    assert set(organizations("R048", cases).values()) == {("flagged", 2.0)}  # no interquartile range: fence 2


def test_items_count_for_single_suppliers_of_active_awards_in_processes_that_are_not_cancelled() -> None:
    cases = [
        process("1", awards=[award("A", codes=["45000000"])]),
        process("2", awards=[award("A", "B", codes=["44000000"])]),
        process("3", awards=[award("A", codes=["43000000"], status="pending")]),
        process("4", awards=[award("A", codes=["42000000"])], status="cancelled"),
        process("5", awards=[award("A", codes=["n/a", None])]),
        process("6", awards=[award("C", codes=[])]),
    ]
    found = organizations("R048", cases, R048={"minimum_contracting_processes": 1})
    assert found == {"A": ("flagged", 1.0), "C": lacking("awards.items.classification")}
