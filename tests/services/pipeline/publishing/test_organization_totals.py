"""What organisations did, in gold and in search: it follows every change, and equals what counting all of it over
gives.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from domain.search.queries import SearchDocument
from domain.star.organization_totals import AWARDS, add_totals, organization_totals, totals_difference
from infrastructure.warehouse.engine import SqlWarehouse
from services.maintenance.rebuild import rebuild_gold
from services.pipeline.landing.land import land
from services.pipeline.publishing.publish import publish
from services.pipeline.publishing.recount_uses import recount
from services.pipeline.refining.refine import refine
from services.ports.parts import Parts
from services.shared.clock import now
from tests.factories import ReleaseFactory
from tests.services.exchange_rates.support import put, rate
from tests.support import documents, drain, lines, load, release, rows, submit, verified

BUYER, FIRM = "GB-LAC-E01", "GB-COH-123"


def award(
    number: int, amount: float | None, currency: str = "EUR", date: str = "2024-01-03T00:00:00Z", **fields: Any
) -> dict[str, Any]:
    """A release of the council, that gave one award to the firm."""
    council = {"id": "b", "name": "Council", "identifier": {"scheme": "GB-LAC", "id": "E01"}, "roles": ["buyer"]}
    firm = {
        "id": "s",
        "name": "Firm",
        "identifier": {"scheme": "GB-COH", "id": "123"},
        "roles": ["supplier", "tenderer"],
    }
    given = {"id": "1", "date": date, "suppliers": [{"id": "s", "name": "Firm"}]} | (
        {"value": {"amount": amount, "currency": currency}} if amount else {}
    )
    return release(
        f"ocds-test01-{number}",
        date=date,
        buyer={"id": "b", "name": "Council"},
        parties=[council, firm],
        awards=[given],
        **fields,
    )


def said(parts: Parts, organization_id: str) -> SearchDocument:
    """The organisation's numbers in search."""
    (found,) = (one for one in documents(parts)["organizations"] if one["id"] == organization_id)
    return {name: found[name] for name in ("processes", "awards", "won", "spend") if name in found}


def test_spend_and_what_was_won_follow_every_change(lake_home: Parts, tmp_path: Path) -> None:
    load(lake_home, "a.jsonl", lines([award(1, 100.0), award(2, 50.55)]))
    assert said(lake_home, BUYER) == {"processes": 2.0, "spend": 150.55}
    assert said(lake_home, FIRM) == {"processes": 2, "awards": 2, "won": 150.55}
    load(lake_home, "b.jsonl", lines([award(1, 10.0, date="2024-02-03T00:00:00Z")]))
    assert said(lake_home, BUYER)["spend"] == 60.55
    load(
        lake_home,
        "c.jsonl",
        lines(
            [
                release(
                    "ocds-test01-2",
                    release_id="2",
                    date="2024-03-01T00:00:00Z",
                    awards=[{"id": "1", "value": {"amount": None}}],
                )
            ]
        ),
    )
    assert said(lake_home, FIRM) == {"processes": 2, "awards": 2, "won": 10.0}
    assert verified(lake_home, tmp_path / "home") == []


LOST = [("unsuccessful", 700), ("cancelled", 800), ("pending", 850), ("adjudicado", 875)]


def contest(statuses: Sequence[tuple[str | None, int]], won: str | None = "active", **fields: Any) -> dict[str, Any]:
    """A release whose awards of these statuses and amounts are the loser's; one of 900 is the winner's."""
    made = award(1, None, **fields)
    given = [(status, amount, "Sore Loser SRL") for status, amount in statuses] + [(won, 900, "Perfect Winner SRL")]
    return made | {
        "parties": made["parties"][:1],
        "awards": [
            {
                "id": str(number),
                "value": {"amount": amount, "currency": "EUR"},
                "suppliers": [{"name": name}],
                **({"status": status} if status else {}),
            }
            for number, (status, amount, name) in enumerate(given)
        ],
    }


@pytest.mark.parametrize("won", ["active", None])
def test_awards_that_nobody_won_count_in_no_total_and_stay_facts(
    lake_home: Parts, tmp_path: Path, won: str | None
) -> None:
    loser, winner = "ocds-test01:sore-loser-srl", "ocds-test01:perfect-winner-srl"
    load(lake_home, "a.jsonl", lines([contest(LOST, won)]))
    assert said(lake_home, loser) == {"processes": 1.0, "awards": 0.0}
    assert said(lake_home, winner) == {"processes": 1.0, "awards": 1.0, "won": 900.0}
    assert said(lake_home, BUYER) == {"processes": 1.0, "spend": 900.0}
    (process,) = documents(lake_home)["processes"]
    assert (process["supplier"], process["supplier_id"]) == (["Perfect Winner SRL"], [winner])
    assert "Sore Loser SRL" in process["parties"]
    assert sorted(row["amount"] for row in rows(lake_home, "fact_award")) == [700, 800, 850, 875, 900]
    assert {row["status"] for row in rows(lake_home, "dim_status") if row["of"] == "award"} == {
        won,
        *(status for status, _ in LOST),
    }
    assert verified(lake_home, tmp_path / "home") == []


def test_totals_follow_the_status_of_an_award_and_new_rates_leave_lost_ones_alone(
    lake_home: Parts, tmp_path: Path
) -> None:
    loser = "ocds-test01:sore-loser-srl"
    load(lake_home, "a.jsonl", lines([contest([("pending", 700)])]))
    assert said(lake_home, BUYER)["spend"] == 900.0
    load(
        lake_home,
        "b.jsonl",
        lines([contest([("active", 700)], "cancelled", release_id="2", date="2024-02-01T00:00:00Z")]),
    )
    assert (said(lake_home, BUYER)["spend"], said(lake_home, loser)["won"]) == (700.0, 700.0)
    dollars = [{"id": "0", "status": "unsuccessful", "value": {"amount": 100, "currency": "USD"}}]
    load(
        lake_home,
        "c.jsonl",
        lines([release("ocds-test01-1", release_id="3", date="2024-03-01T00:00:00Z", awards=dollars)]),
    )
    put(lake_home, rate("2024-01-02", "USD", 1.25))
    put(lake_home, rate("2024-03-01", "USD", 1.25))
    assert said(lake_home, BUYER) == {"processes": 1.0}
    assert said(lake_home, loser) == {"processes": 1.0, "awards": 0.0}
    assert verified(lake_home, tmp_path / "home") == []


def test_money_that_is_not_known_is_absent_and_not_zero(lake_home: Parts) -> None:
    load(lake_home, "a.jsonl", lines([award(1, None), award(2, 70.0, "GBP"), award(3, 1e12)]))
    assert said(lake_home, BUYER) == {"processes": 3.0}
    assert said(lake_home, FIRM) == {"processes": 3, "awards": 3}


def test_new_rates_change_what_was_spent_and_won(lake_home: Parts, tmp_path: Path) -> None:
    load(lake_home, "a.jsonl", lines([award(1, 100.0, "USD"), award(2, 50.0)]))
    assert said(lake_home, BUYER)["spend"] == 50.0
    put(lake_home, rate("2024-01-02", "USD", 1.25))
    assert (said(lake_home, BUYER)["spend"], said(lake_home, FIRM)["won"]) == (130.0, 130.0)
    put(lake_home, rate("2024-01-02", "USD", 2.0))
    assert (said(lake_home, BUYER)["spend"], said(lake_home, FIRM)["won"]) == (100.0, 100.0)
    assert verified(lake_home, tmp_path / "home") == []


@pytest.mark.slow
def test_totals_equal_those_counted_over_after_releases_in_any_number(lake_home: Parts, tmp_path: Path) -> None:
    for number in range(4):
        load(lake_home, f"{number}.jsonl", lines(ReleaseFactory.payload() for _ in range(12)))
    followed = rows(lake_home, "organization_total")
    assert followed
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    with lake_home.warehouse.write() as work:
        recount(work)
        work.commit()
    assert rows(lake_home, "organization_total") == followed
    assert verified(lake_home, tmp_path / "home") == []


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE organization_total SET cents = 7",
        pytest.param("DELETE FROM organization_total", marks=pytest.mark.slow),
        "UPDATE dim_organization SET uses = uses + 3",
    ],
)
def test_a_rebuild_mends_what_was_damaged(lake_home: Parts, tmp_path: Path, damage: str) -> None:
    load(lake_home, "a.jsonl", lines([award(1, 100.0), award(2, 50.0)]))
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    with lake_home.warehouse.engine.begin() as connection:
        connection.exec_driver_sql(damage)
    assert verified(lake_home, tmp_path / "home") != []
    rebuild_gold(lake_home)
    assert verified(lake_home, tmp_path / "home") == []


def bridge(*named: tuple[int, str, str]) -> pl.DataFrame:
    return pl.DataFrame(
        named, schema={"process_key": pl.Int64, "organization_id": pl.String, "role": pl.String}, orient="row"
    )


def awards(*given: tuple[str | None, str | None, float | None], status: str | None = "active") -> pl.DataFrame:
    return pl.DataFrame(
        [(supplier, buyer, status, amount) for supplier, buyer, amount in given], schema=AWARDS, orient="row"
    )


def found(frame: pl.DataFrame) -> Sequence[tuple[Any, ...]]:
    return frame.rows()


def test_a_process_counts_once_for_each_role_and_once_in_all() -> None:
    named = bridge((1, "a", "buyer"), (1, "a", "buyer"), (1, "a", "payer"), (2, "a", "buyer"))
    assert found(organization_totals(named, awards())) == [
        ("a", "", 2, 0, 0, 0),
        ("a", "buyer", 2, 0, 0, 0),
        ("a", "payer", 1, 0, 0, 0),
    ]


def test_awards_count_for_their_supplier_and_their_buyer_and_nobody_else() -> None:
    given = awards(("s", "b", 0.105), ("s", None, None), ("unknown", "b", None))
    assert found(organization_totals(bridge(), given)) == [("b", "buyer", 0, 2, 1, 11), ("s", "supplier", 0, 2, 1, 11)]


@pytest.mark.parametrize(
    ("status", "counts"),
    [
        ("active", True),
        ("Active", True),
        (None, True),
        ("pending", False),
        ("cancelled", False),
        ("unsuccessful", False),
        ("adjudicado", False),
    ],
)
def test_awards_count_where_they_are_active_or_say_nothing_of_it(status: str | None, counts: bool) -> None:
    assert organization_totals(bridge(), awards(("s", "b", 1.0), status=status)).height == (2 if counts else 0)


def test_a_change_is_what_was_added_less_what_was_there() -> None:
    before = organization_totals(bridge((1, "a", "buyer")), awards(("s", "a", 1.0)))
    after = organization_totals(bridge((1, "a", "buyer")), awards(("s", "a", 3.0)))
    assert found(totals_difference(before, after)) == [("a", "buyer", 0, 0, 0, 200), ("s", "supplier", 0, 0, 0, 200)]
    assert totals_difference(after, after).height == 0


class Overtaking:
    """A warehouse in which another publish run acts before the second write (the one of the first slice)."""

    def __init__(self, parts: Parts, other: Callable[[Parts], None]) -> None:
        self.parts, self.writings, self.other = parts, 0, other

    def write(self) -> Any:
        self.writings += 1
        if self.writings == 2:
            self.other(self.parts)
        return self.parts.warehouse.write()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.parts.warehouse, name)


def begin(parts: Parts) -> None:
    with parts.warehouse.write() as work:
        work.watermarks.start("publish", now())
        work.commit()


@pytest.mark.parametrize("other", [publish, begin])
def test_a_slice_that_was_planned_before_another_run_began_is_not_written(
    lake_home: Parts, tmp_path: Path, other: Callable[[Parts], None]
) -> None:
    load(lake_home, "a.jsonl", lines([award(1, 100.0)]))
    land(lake_home, submit(lake_home, "b.jsonl", lines([award(1, 10.0, date="2024-02-03T00:00:00Z"), award(2, 5.0)])))
    refine(lake_home)
    overtaken = Overtaking(lake_home, other)
    publish(replace(lake_home, warehouse=overtaken))
    assert overtaken.writings == 2, "the slice was tried once, and given up"
    publish(lake_home)
    drain(lake_home)
    assert said(lake_home, BUYER) == {"processes": 2.0, "spend": 15.0}
    assert verified(lake_home, tmp_path / "home") == []


def test_organizations_and_roles_without_processes_and_awards_have_no_totals() -> None:
    before = organization_totals(bridge((1, "a", "buyer"), (2, "b", "buyer")), awards(("s", "a", 1.0)))
    after = organization_totals(bridge((1, "a", "payer")), awards())
    assert found(add_totals(before, totals_difference(before, after))) == found(after)
