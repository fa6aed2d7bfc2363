"""Worked examples of the indicators that follow from the data of one process."""

from typing import Any

import pytest

from tests.domain.red_flags.cases import award, bid, instant, organizations, outcome, outcomes, process

FLAGGED, CLEAR = ("flagged", 1.0), ("not_flagged", None)
CANCELLED = ("not_computable", "tender.status (cancelled processes are skipped)")
START = "2024-03-01T12:00:00+00:00"


def lacking(names: str) -> tuple[str, str]:
    return "not_computable", names


def period(end: str, start: str = START, method: str | None = "open", **more: Any) -> dict[str, Any]:
    return process(tender_start=instant(start), tender_end=instant(end), method=method, **more)


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        ("2024-03-15T12:00:00+00:00", FLAGGED),  # 14 days
        ("2024-03-16T11:59:59+00:00", FLAGGED),  # a second less than 15 whole days
        ("2024-03-16T12:00:00+00:00", CLEAR),  # exactly 15 days
        ("2024-03-16T13:00:00+02:00", FLAGGED),  # 11:00 UTC
        ("2024-03-16T11:00:00-02:00", CLEAR),  # 13:00 UTC
        ("2024-02-20T12:00:00+00:00", FLAGGED),  # it ends before it starts
    ],
)
def test_a_submission_period_is_measured_in_whole_days_between_instants(end: str, expected: tuple[str, float]) -> None:
    assert outcome("R003", period(end)) == expected


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (process(method="open"), lacking("tender.tenderPeriod.startDate, tender.tenderPeriod.endDate")),
        (process(method="open", tender_start=instant(START)), lacking("tender.tenderPeriod.endDate")),
        (period("2024-03-02T12:00:00Z", method=None), lacking("tender.procurementMethod")),
        (period("2024-04-02T12:00:00Z", method=None), CLEAR),  # long enough for any method
        (period("2024-03-02T12:00:00Z", method="direct"), CLEAR),
        (period("2024-03-02T12:00:00Z", method=" Open "), FLAGGED),
        (period("2024-03-02T12:00:00Z", status="Cancelled"), CANCELLED),
        (period("2024-03-16T12:00:00Z", start="0001-01-01T00:00:00+00:00"), lacking("tender.tenderPeriod.startDate")),
    ],
)
def test_a_short_submission_period_needs_dates_and_an_open_method(case: Any, expected: tuple[str, Any]) -> None:
    assert outcome("R003", case) == expected


def test_the_shortest_submission_period_is_set_for_all_by_method_by_details_and_by_source() -> None:
    day = "2024-03-11T12:00:00Z"  # 10 days
    cases = [
        period(day, name="open"),
        period(day, name="selective", method="selective"),
        period(day, name="quote", method_details="Quotation"),
        period(day, name="other", source="ocds-bbbbbb"),
    ]
    settings = {
        "R003": {
            "threshold": 10,
            "method_thresholds": {"selective": 12},
            "procurement_method_details": {"Quotation": 11},
        },
        "sources": {"ocds-bbbbbb": {"R003": {"threshold": 20}}},
    }
    found = outcomes("R003", cases, **settings)
    assert found == {"open": CLEAR, "selective": FLAGGED, "quote": FLAGGED, "other": FLAGGED}


@pytest.mark.parametrize(
    ("method", "tenderers", "expected"),
    [
        ("open", 1, FLAGGED),
        ("selective", 1, FLAGGED),
        ("limited", 1, CLEAR),
        ("direct", None, CLEAR),
        ("open", 2, CLEAR),
        ("open", 0, CLEAR),
        (None, 2, CLEAR),
        ("open", None, lacking("tender.numberOfTenderers")),
        (None, 1, lacking("tender.procurementMethod")),
        (None, None, lacking("tender.procurementMethod, tender.numberOfTenderers")),
    ],
)
def test_a_single_bid_is_one_tenderer_of_a_competitive_procedure(
    method: str | None, tenderers: int | None, expected: tuple[str, Any]
) -> None:
    assert outcome("R018", process(method=method, number_of_tenderers=tenderers)) == expected


def test_a_cancelled_process_is_skipped() -> None:
    assert outcome("R018", process(method="open", number_of_tenderers=1, status="cancelled")) == CANCELLED


@pytest.mark.parametrize(
    ("bids", "expected"),
    [
        ([bid("A", amount=10), bid("B", amount=10)], FLAGGED),
        ([bid("A", amount=10), bid("B", amount=10, status="pending")], FLAGGED),
        ([bid("A", amount=10), bid("B", amount=10, status="disqualified")], FLAGGED),
        ([bid("A", amount=10), bid("B", amount=10, status="withdrawn")], CLEAR),
        ([bid("A", amount=10), bid("B", amount=10, status="invited")], CLEAR),
        ([bid("A", amount=10), bid("A", amount=10)], CLEAR),  # a tenderer may bid twice
        ([bid("A", amount=10), bid("A", "B", amount=10)], FLAGGED),  # another set of tenderers
        ([bid("A", "B", amount=10), bid("B", "A", amount=10)], CLEAR),
        ([bid("A", amount=10), bid("B", amount=10, currency="EUR")], CLEAR),
        ([bid("A", amount=10), bid("B", amount=10.01)], CLEAR),
        ([bid("A", amount=10)], CLEAR),
        ([bid("A", amount=0), bid("B", amount=0)], lacking("bids.details.value")),  # 0 is a placeholder
        ([bid("A", amount=10), bid("B")], lacking("bids.details.value")),
        ([bid("A", amount=10), bid(amount=10)], lacking("bids.details.tenderers")),
        ([bid("A", amount=10), bid("B", amount=10, currency=None)], lacking("bids.details.value")),
        ([bid("A", amount=10, status=None), bid("B", amount=10, status=None)], lacking("bids.details.status")),
        ([bid("A", amount=10, status="withdrawn")], lacking("bids.details (no submitted bid)")),
        ([], lacking("bids.details")),
    ],
)
def test_identical_prices_are_of_submitted_bids_of_different_tenderers(bids: Any, expected: tuple[str, Any]) -> None:
    assert outcome("R028", process(bids=bids)) == expected


def test_the_tenderers_of_identical_bids_are_flagged_too() -> None:
    bids = [bid("A", amount=10), bid("B", amount=10), bid("C", amount=11), bid("D", "E", amount=10)]
    assert organizations("R028", [process(bids=bids)]) == dict.fromkeys("ABDE", FLAGGED)


DEADLINE = "2024-03-15T17:00:00+00:00"


def late(*bids: Any, awards: Any = (award("A"),), end: str | None = DEADLINE) -> Any:
    return process(bids=bids, awards=awards, tender_end=instant(end) if end else None)


def at(tenderer: str, date: str | None, status: str = "valid") -> Any:
    return bid(tenderer, status=status, date=instant(date) if date else None)


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        (late(at("A", "2024-03-15T17:00:01+00:00")), FLAGGED),
        (late(at("A", DEADLINE)), CLEAR),  # at the deadline
        (late(at("A", "2024-03-15T18:30:00+02:00")), CLEAR),  # 16:30 UTC, although 18:30 reads later
        (late(at("A", "2024-03-15T16:30:00-02:00")), FLAGGED),  # 18:30 UTC, although 16:30 reads earlier
        (late(at("A", "2024-03-16T00:00:00+00:00", "pending"), at("A", DEADLINE)), CLEAR),
        (late(at("B", "2024-03-16T00:00:00+00:00"), at("A", DEADLINE)), CLEAR),  # the loser was late
        (late(at("A", "2024-03-16T00:00:00+00:00"), awards=[award("B", "A")]), FLAGGED),
        (late(at("A", "2024-03-16T00:00:00+00:00"), awards=[award("A", status="cancelled")]), CLEAR),
        (
            late(at("A", "2024-03-16T00:00:00Z"), awards=[award("A", status="pending")]),
            lacking("awards.status (not final)"),
        ),
        (late(at("A", None)), lacking("bids.details.date")),
        (late(at("B", DEADLINE)), lacking("bids.details (no valid bid of a supplier)")),
        (late(at("A", DEADLINE), awards=[award()]), lacking("awards.suppliers")),
        (late(at("A", DEADLINE), end=None), lacking("tender.tenderPeriod.endDate")),
        (late(awards=[]), lacking("bids.details, awards")),
    ],
)
def test_a_late_bid_is_compared_with_the_deadline_as_an_instant(case: Any, expected: tuple[str, Any]) -> None:
    assert outcome("R030", case) == expected


def test_the_tenderers_of_a_late_winning_bid_are_flagged_too() -> None:
    case = late(bid("A", "B", date=instant("2024-03-16T00:00:00+00:00")), awards=[award("A")])
    assert organizations("R030", [case]) == {"A": FLAGGED}


def disqualified(*tenderers: str) -> Any:
    return [bid(name, status="disqualified") for name in tenderers]


@pytest.mark.parametrize(
    ("bids", "awards", "expected"),
    [
        ([bid("A"), *disqualified("B", "C")], [award("A")], ("flagged", 2.0)),
        ([bid("A"), bid("A"), *disqualified("B", "B")], [award("A"), award("A")], FLAGGED),
        ([bid("A"), *disqualified("A", "B")], [award("A")], FLAGGED),
        ([bid("A"), *disqualified("A")], [award("A")], CLEAR),
        ([bid("A"), bid("B"), *disqualified("C")], [award("A")], CLEAR),
        ([bid("A"), *disqualified("B")], [award("B")], CLEAR),
        ([bid("A"), *disqualified("B")], [award("A"), award("C")], CLEAR),
        ([bid("A"), *disqualified("B")], [award("A"), award("C", status="unsuccessful")], FLAGGED),
        ([bid("A"), *disqualified("B")], [award("A"), award("C", status=None)], FLAGGED),  # without a status: left out
        ([bid("A"), bid("C", status="withdrawn")], [award("A")], CLEAR),
        (
            [bid("A"), *disqualified("B")],
            [award("A"), award("C", status="pending")],
            lacking("awards.status (not final)"),
        ),
        ([bid("A"), *disqualified("B")], [award("A", status=None)], lacking("awards.status")),
        ([bid("A"), *disqualified("B")], [], lacking("awards")),
        ([], [], lacking("bids.details, awards")),
    ],
)
def test_all_but_the_winner_are_disqualified(bids: Any, awards: Any, expected: tuple[str, Any]) -> None:
    assert outcome("R035", process(bids=bids, awards=awards)) == expected


def test_the_number_of_disqualified_tenderers_is_set_by_source() -> None:
    bids, awards = [bid("A"), *disqualified("B")], [award("A")]
    cases = [process("x", bids=bids, awards=awards), process("y", bids=bids, awards=awards, source="ocds-bbbbbb")]
    sources = {"ocds-bbbbbb": {"R035": {"threshold": 2}}}
    assert outcomes("R035", cases, sources=sources) == {"x": FLAGGED, "y": CLEAR}
    assert organizations("R035", cases, sources=sources) == {"A": ("flagged", 0.0)}


def out(amount: float | None, currency: str | None = "GBP") -> Any:
    return bid("D", amount=amount, status="disqualified", currency=currency)


@pytest.mark.parametrize(
    ("bids", "awards", "expected"),
    [
        ([out(9), bid("A", amount=10)], [award("A")], FLAGGED),
        ([out(8), out(8), bid("A", amount=10)], [award("A")], FLAGGED),
        ([out(10), bid("A", amount=10)], [award("A")], CLEAR),  # a tie is not strictly lowest
        ([bid("A", amount=10), out(10)], [award("A")], CLEAR),
        ([out(11), bid("A", amount=10)], [award("A")], CLEAR),
        ([out(9), bid("B", amount=8, status="pending"), bid("A", amount=10)], [award("A")], CLEAR),
        ([out(9), bid("B", amount=8, status="withdrawn"), bid("A", amount=10)], [award("A")], FLAGGED),
        ([out(0), bid("A", amount=10)], [award("A")], CLEAR),  # 0 is a placeholder
        ([out(9), bid("A", amount=10)], [award("A", status="unsuccessful")], CLEAR),
        ([out(9)], [award("A")], CLEAR),  # no valid bid
        ([out(9), bid("A", amount=10)], [award("A"), award("B", status="pending")], FLAGGED),
        ([out(9), bid("A", amount=10)], [award("A", status="pending")], lacking("awards.status (not final)")),
        ([out(9), bid("A")], [award("A")], lacking("bids.details.value")),
        (
            [out(9, "EUR"), bid("A", amount=10)],
            [award("A")],
            lacking("bids.details.value.currency (several currencies)"),
        ),
        ([out(9), bid("A", amount=10)], [], lacking("awards")),
    ],
)
def test_the_lowest_bid_is_disqualified(bids: Any, awards: Any, expected: tuple[str, Any]) -> None:
    assert outcome("R036", process(bids=bids, awards=awards)) == expected


@pytest.mark.parametrize("code", ["R024", "R028", "R036", "R058"])
def test_prices_of_procedures_with_fixed_prices_are_not_compared(code: str) -> None:
    case = process(
        bids=[out(9), bid("A", amount=10), bid("B", amount=10)], awards=[award("A")], method_details="Lottery"
    )
    reason = "tender.procurementMethodDetails (prices are not compared)"
    assert outcome(code, case, no_price_comparison_procurement_methods=["Lottery"]) == lacking(reason)
