"""The marts of worked examples, derived by hand, and what changes of their facts do to them."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from services.maintenance.rebuild import rebuild_gold
from services.marts.queries import list_mart_rows, list_marts
from services.ports.parts import Parts
from services.star.rows import RowRequest
from tests.services.exchange_rates.support import put, rate
from tests.support import lines, load, release, rows, verified

BUYER, FIRST, SECOND, THIRD = "GB-COH-B", "GB-COH-1", "GB-COH-2", "GB-COH-3"
UNKNOWN = "unknown"


def organization(organization_id: str) -> dict[str, Any]:
    scheme, number = organization_id.rsplit("-", 1)
    identifier = {"scheme": scheme, "id": number}
    return {"id": organization_id, "name": f"Organisation {number}", "identifier": identifier}


def award(day: str | None, amount: float | None, *suppliers: str, **fields: Any) -> dict[str, Any]:
    value = {} if amount is None else {"value": {"amount": amount, "currency": "EUR"}}
    dated = {} if day is None else {"date": day}
    named = [organization(supplier) for supplier in suppliers]
    return {"id": "a", "status": "active", "suppliers": named} | value | dated | fields


def process(number: int, *awards: dict[str, Any], buyer: str | None = BUYER, **tender: Any) -> dict[str, Any]:
    """A release with these awards, of works in Leeds."""
    item = {
        "id": "1",
        "classification": {"scheme": "CPV", "id": "45233142"},
        "deliveryAddresses": [{"region": "Leeds", "countryName": "GB"}],
    }
    named = [{**one, "id": f"a{position}"} for position, one in enumerate(awards)]
    said: dict[str, Any] = {"tender": {"items": [item]} | tender, "awards": named}
    if buyer is not None:
        said["buyer"] = organization(buyer)
    return release(f"ocds-marts1-{number}", **said)


PROCESSES = [
    # 23:30 an hour west of UTC is the next day, month and year.
    process(1, award("2023-12-31T23:30:00-01:00", 100, FIRST)),
    process(2, award("2024-01-15T00:00:00Z", 300, FIRST, SECOND)),
    process(
        3,
        award("2024-01-16T00:00:00Z", 1000, THIRD, status="pending"),
        award("2024-01-16T00:00:00Z", 1000, THIRD, status="cancelled"),
        award("2024-01-16T00:00:00Z", 1000, THIRD, status="unsuccessful"),
    ),
    process(4, award("2023-05-01T00:00:00Z", None, SECOND)),
    process(5, award("2024-02-01T00:00:00Z", 50), buyer=None),
]


def mart(parts: Parts, name: str, *columns: str) -> list[tuple[Any, ...]]:
    """These columns of all rows of a mart, in its order."""
    (items, following), _ = list_mart_rows(parts.warehouse, name, RowRequest(fields=columns), None, 1_000)
    assert following is None
    return [tuple(row[column] for column in columns) for row in items]


WORTH = ("awards", "awards_without_amount", "amount_base")
SHARES = ("suppliers", "new_entrants", "top_supplier_id", "top_share", "top_share_of_awards", "hhi", "hhi_of_awards")


def test_spend_is_of_counted_awards_by_buyer_and_month(lake_home: Parts) -> None:
    load(lake_home, "a.jsonl", lines(PROCESSES))
    assert mart(lake_home, "spend", "buyer_id", "month", "processes", *WORTH) == [
        (BUYER, "2023-05", 1, 1, 1, None),
        (BUYER, "2024-01", 2, 2, 0, 400.0),
        (UNKNOWN, "2024-02", 1, 1, 0, 50.0),
    ]


def test_relations_have_shares_of_amounts_and_the_days_of_the_first_and_last_award(lake_home: Parts) -> None:
    load(lake_home, "a.jsonl", lines(PROCESSES))
    assert mart(lake_home, "relations", "buyer_id", "supplier_id", *WORTH, "first_award", "last_award") == [
        (BUYER, FIRST, 2, 0, 250.0, date(2024, 1, 1), date(2024, 1, 15)),
        (BUYER, SECOND, 2, 1, 150.0, date(2023, 5, 1), date(2024, 1, 15)),
        (UNKNOWN, UNKNOWN, 1, 0, 50.0, date(2024, 2, 1), date(2024, 2, 1)),
    ]


def test_concentration_has_shares_the_index_and_new_entrants(lake_home: Parts) -> None:
    load(lake_home, "a.jsonl", lines(PROCESSES))
    assert mart(lake_home, "concentration", "buyer_id", "year", *WORTH, *SHARES) == [
        (BUYER, 2023, 1, 1, None, 1, 1, SECOND, None, 1.0, None, 1.0),
        # 250 and 150 of 400; two and one of three awards; the second supplier had an award in 2023.
        (BUYER, 2024, 3, 0, 400.0, 2, 1, FIRST, 0.625, 0.666667, 0.53125, 0.555556),
    ]


def test_a_deleted_award_makes_its_supplier_a_new_entrant_of_a_later_year(lake_home: Parts, tmp_path: Path) -> None:
    load(lake_home, "a.jsonl", lines(PROCESSES))
    without = process(4) | {"id": "2", "date": "2024-06-01T00:00:00Z", "awards": [award(None, 0, status="cancelled")]}
    without["awards"][0] |= {"id": "a0", "date": None, "suppliers": []}
    load(lake_home, "b.jsonl", lines([without]))
    assert mart(lake_home, "concentration", "year", "suppliers", "new_entrants") == [(2024, 2, 2)]
    assert (SECOND, date(2024, 1, 15)) in mart(lake_home, "relations", "supplier_id", "first_award")
    assert verified(lake_home, tmp_path / "home") == []


def test_markets_count_their_buyers_and_suppliers_once(lake_home: Parts) -> None:
    more = process(6, award("2024-03-01T00:00:00Z", 7, FIRST), award("2024-03-01T00:00:00Z", 8, SECOND))
    load(lake_home, "a.jsonl", lines([*PROCESSES, more]))
    place = ("division", "country", "region", "year")
    assert mart(lake_home, "market", *place, *WORTH, "buyers", "suppliers") == [
        ("45", "GB", "Leeds", 2023, 1, 1, None, 1, 1),
        ("45", "GB", "Leeds", 2024, 5, 0, 465.0, 1, 2),
    ]


def test_competition_leaves_out_what_is_not_known_and_what_was_cancelled(lake_home: Parts) -> None:
    period = {"startDate": "2024-01-01T00:00:00Z", "endDate": "2024-01-11T12:00:00Z"}
    backwards = {"startDate": "2024-01-11T00:00:00Z", "endDate": "2024-01-01T00:00:00Z"}
    tenders: list[dict[str, Any]] = [
        {"numberOfTenderers": 1, "tenderPeriod": period},
        {"numberOfTenderers": 4, "tenderPeriod": backwards},
        {"tenderPeriod": {"startDate": "2024-01-01T00:00:00Z"}},
        {"numberOfTenderers": 1, "tenderPeriod": period, "status": "cancelled"},
    ]
    made = [process(n, procurementMethod="open", **tender) for n, tender in enumerate(tenders)]
    load(lake_home, "a.jsonl", lines([*made, process(9, procurementMethod="limited")]))
    columns = ("tenders", "cancelled_tenders", "tenders_with_bidders", "bidders", "bidders_per_tender")
    more = ("single_bid_tenders", "single_bid_rate", "tenders_with_period", "days_open")
    assert mart(lake_home, "competition", "buyer_id", "method", "year", *columns, *more) == [
        (BUYER, "limited", 2024, 1, 0, 0, 0, None, 0, None, 0, None),
        (BUYER, "open", 2024, 4, 1, 2, 5, 2.5, 1, 0.5, 1, 10.5),
    ]


def test_shares_that_do_not_divide_add_up_to_the_award(lake_home: Parts) -> None:
    load(lake_home, "a.jsonl", lines([process(1, award("2024-01-01T00:00:00Z", 100, FIRST, SECOND, THIRD))]))
    assert mart(lake_home, "spend", "amount_base") == [(100.0,)]
    assert mart(lake_home, "market", "amount_base") == [(100.0,)]
    assert mart(lake_home, "relations", "amount_base") == [(33.33,), (33.33,), (33.33,)]


def test_a_placeholder_is_an_award_without_an_amount(lake_home: Parts) -> None:
    load(lake_home, "a.jsonl", lines([process(1, award("2024-01-01T00:00:00Z", 1e12, FIRST))]))
    assert mart(lake_home, "spend", *WORTH) == [(1, 1, None)]


def test_an_exchange_rate_changes_the_sums(lake_home: Parts, tmp_path: Path) -> None:
    made = process(1, award("2024-01-03T00:00:00Z", None, FIRST, SECOND, value={"amount": 100, "currency": "USD"}))
    load(lake_home, "a.jsonl", lines([made]))
    assert mart(lake_home, "spend", *WORTH) == [(1, 1, None)]
    put(lake_home, rate("2024-01-02", "USD", 1.25))
    assert mart(lake_home, "spend", *WORTH) == [(1, 0, 80.0)]
    assert mart(lake_home, "relations", "supplier_id", "amount_base") == [(FIRST, 40.0), (SECOND, 40.0)]
    assert mart(lake_home, "concentration", "top_share", "hhi") == [(0.5, 0.5)]
    assert verified(lake_home, tmp_path / "home") == []


def test_a_rebuild_of_gold_repairs_the_marts(lake_home: Parts, tmp_path: Path) -> None:
    load(lake_home, "a.jsonl", lines(PROCESSES))
    with lake_home.warehouse.read() as work:
        views = work.marts.views  # which PostgreSQL itself keeps equal to their definition
    tables = [f"mart_{name}" for name in ("spend", "relation", "concentration", "market", "competition")]
    before = {table: rows(lake_home, table) for table in tables}
    with lake_home.warehouse.write() as work:
        connection = work.connection  # type: ignore[attr-defined]
        connection.exec_driver_sql("DELETE FROM mart_relation_day")
        connection.exec_driver_sql("DELETE FROM mart_market_member")
        for table in set(tables).difference(views):
            connection.exec_driver_sql(
                f"UPDATE {table} SET buyer_id = 'x'" if table != "mart_market" else f"DELETE FROM {table}"
            )
        work.commit()
    assert verified(lake_home, tmp_path / "home") != []
    rebuild_gold(lake_home)
    assert {table: rows(lake_home, table) for table in tables} == before
    assert verified(lake_home, tmp_path / "home") == []


def test_each_mart_says_as_of_when_it_is(lake_home: Parts) -> None:
    assert {state.as_of for state in list_marts(lake_home.warehouse)} == {None}
    load(lake_home, "a.jsonl", lines(PROCESSES))
    first = {state.mart.name: state.as_of for state in list_marts(lake_home.warehouse)}
    load(lake_home, "b.jsonl", lines([process(7, award("2024-02-01T00:00:00Z", 1, FIRST))]))
    for state in list_marts(lake_home.warehouse):
        earlier = first[state.mart.name]
        assert earlier is not None
        assert state.as_of is not None
        assert state.as_of > earlier


@pytest.mark.parametrize(
    "filters", [[("buyer", BUYER)], [("buyer", "organisation b")], [("buyer.name", "Organisation B")]]
)
def test_marts_are_filtered_by_organisations(lake_home: Parts, filters: list[tuple[str, str]]) -> None:
    load(lake_home, "a.jsonl", lines(PROCESSES))
    (items, _), _ = list_mart_rows(lake_home.warehouse, "spend", RowRequest(filters), None, 10)
    assert {(row["buyer_id"], row["buyer"]["name"]) for row in items} == {(BUYER, "Organisation B")}
    assert len(items) == 2
