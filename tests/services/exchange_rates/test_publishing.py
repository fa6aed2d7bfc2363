"""Rates and facts give the same gold in any order and after changes; only facts affected by a rate are written."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from sqlalchemy import event

from domain.jobs.job import JobStatus
from infrastructure.warehouse.engine import SqlWarehouse
from services.maintenance.rebuild import rebuild_gold, rebuild_silver
from services.pipeline.publishing import exchange_rates as publishing_rates
from services.pipeline.publishing import publish as publishing
from services.ports.parts import Parts
from tests.services.exchange_rates.support import bases, day, priced, put, rate, records
from tests.support import (
    STAGES,
    Killed,
    KillingWarehouse,
    connection_of,
    drain,
    gold,
    job_of,
    lake_in,
    lines,
    load,
    messages,
    rows,
    submit,
    verified,
)

NONE = (None, None, None, None)
FACTS = ("fact_process", "fact_award", "fact_contract", "fact_item", "fact_bid", "fact_transaction")
USD = rate("2024-01-02", "USD", 1.25)


@pytest.mark.parametrize("rates_first", [True, False])
def test_every_fact_is_converted_whatever_came_first(lake_home: Parts, tmp_path: Path, rates_first: bool) -> None:
    for step in (0, 1) if rates_first else (1, 0):
        if step == 0:
            put(lake_home, USD)
        else:
            load(lake_home, "a.jsonl", lines([priced("ocds-rates1-1", 100, "USD", "2024-01-03")]))
    for fact, amount in zip(FACTS, (80.0, 40.0, 80.0, 80.0, 40.0, 80.0), strict=True):
        assert bases(lake_home, fact) == {"ocds-rates1-1": (amount, "EUR", 0.8, day("2024-01-02"))}, fact
    (known,) = rows(lake_home, "dim_exchange_rate")
    assert (known["date"], known["base"], known["currency"], known["rate"]) == (day("2024-01-02"), "EUR", "USD", 1.25)
    assert verified(lake_home, tmp_path / "home") == []


def test_without_rates_the_base_currency_is_known_and_all_others_are_null(lake_home: Parts) -> None:
    load(
        lake_home,
        "a.jsonl",
        lines([priced("ocds-rates1-1", 100, "USD", "2024-01-03"), priced("ocds-rates1-2", 7, "EUR", "2024-01-03")]),
    )
    for fact in FACTS:
        found = bases(lake_home, fact)
        assert found["ocds-rates1-1"] == NONE
        assert found["ocds-rates1-2"] == (
            3.5 if fact in {"fact_award", "fact_bid"} else 7.0,
            "EUR",
            1.0,
            day("2024-01-03"),
        )


def test_each_fact_has_the_rate_of_its_own_day(lake_home: Parts) -> None:
    put(lake_home, USD, rate("2024-02-01", "USD", 2.0), rate("2024-03-01", "USD", 4.0), rate("2024-04-01", "USD", 5.0))
    value = {"amount": 100, "currency": "USD"}
    one = priced("ocds-rates1-1", 100, "USD", "2024-04-01")
    one["tender"] |= {"tenderPeriod": {"startDate": "2024-01-02T00:00:00Z"}}
    unit = {"id": "1", "unit": {"name": "m", "value": value}}
    one["awards"] = [
        {"id": "a", "date": "2024-02-01T00:00:00Z", "value": value, "items": [unit]},
        {"id": "b", "value": value},
    ]
    payments = [{"id": "1", "date": "2024-03-01T00:00:00Z", "amount": value}, {"id": "2", "value": value}]
    one["contracts"] = [{"id": "c", "dateSigned": "2024-03-01T00:00:00Z", "value": value, "items": [unit]}]
    one["contracts"][0]["implementation"] = {"transactions": payments}
    one["bids"] = {
        "details": [{"id": "1", "date": "2024-02-01T00:00:00Z", "value": value}, {"id": "2", "value": value}]
    }
    load(lake_home, "a.jsonl", lines([one]))
    assert [row["amount_base"] for row in rows(lake_home, "fact_process")] == [80]
    assert {row["award_id"]: row["amount_base"] for row in rows(lake_home, "fact_award")} == {"a": 50, "b": 80}
    assert [row["amount_base"] for row in rows(lake_home, "fact_contract")] == [25]
    paid = {row["transaction_id"]: row["amount_base"] for row in rows(lake_home, "fact_transaction")}
    assert paid == {"1": 25, "2": 80}
    assert {row["bid_id"]: row["amount_base"] for row in rows(lake_home, "fact_bid")} == {"1": 50, "2": 80}
    assert {row["level"]: row["unit_amount_base"] for row in rows(lake_home, "fact_item")} == {
        "tender": 80,
        "award": 50,
        "contract": 25,
    }


@pytest.mark.parametrize("unset", ["0001-01-01T00:00:00Z", "1900-01-01T00:00:00Z", "9999-12-31T00:00:00Z"])
def test_a_date_that_stands_for_none_does_not_choose_the_rate(lake_home: Parts, unset: str) -> None:
    put(lake_home, rate("2024-04-01", "USD", 5.0))
    one = priced("ocds-rates1-1", 100, "USD", "2024-04-01")
    one["tender"]["tenderPeriod"] = {"startDate": unset}
    one["awards"][0] |= {"date": unset, "items": one["tender"]["items"]}
    one["contracts"][0] |= {"dateSigned": unset}
    one["contracts"][0]["implementation"]["transactions"][0] |= {"date": unset}
    one["bids"]["details"][0] |= {"date": unset}
    load(lake_home, "a.jsonl", lines([one]))
    converted = [
        row["unit_amount_base" if fact == "fact_item" else "amount_base"]
        for fact in FACTS
        for row in rows(lake_home, fact)
    ]
    assert sorted(converted) == [10] * 4 + [20] * 5


def test_a_corrected_rate_changes_the_facts_and_a_newer_one_takes_over_from_its_day_on(
    lake_home: Parts, tmp_path: Path
) -> None:
    load(lake_home, "a.jsonl", lines([priced(f"ocds-rates1-{n}", 100, "USD", f"2024-01-{n:02}") for n in (2, 5, 8)]))
    put(lake_home, USD)
    assert [bases(lake_home)[f"ocds-rates1-{n}"][0] for n in (2, 5, 8)] == [80, 80, 80]
    put(lake_home, rate("2024-01-04", "USD", 2.0))
    assert [bases(lake_home)[f"ocds-rates1-{n}"][0] for n in (2, 5, 8)] == [80, 50, 50]
    put(lake_home, rate("2024-01-02", "USD", 1.0))
    assert [bases(lake_home)[f"ocds-rates1-{n}"][0] for n in (2, 5, 8)] == [100, 50, 50]
    assert verified(lake_home, tmp_path / "home") == []


def writes(parts: Parts) -> list[str]:
    """Records the table of each fact row written from now on."""
    assert isinstance(parts.warehouse, SqlWarehouse)
    found: list[str] = []

    def see(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        words = statement.replace('"', "").split()
        table = {"INSERT": 2, "DELETE": 2, "UPDATE": 1}.get(words[0])
        if table is not None and words[table] in FACTS:
            found.extend([words[table]] * (len(parameters) if many else 1))

    event.listen(parts.warehouse.engine, "before_cursor_execute", see)
    return found


def test_rates_write_the_facts_that_they_touch_and_no_others(lake_home: Parts) -> None:
    load(
        lake_home,
        "a.jsonl",
        lines(
            [
                priced("ocds-rates1-1", 100, "USD", "2024-01-03"),
                priced("ocds-rates1-2", 100, "USD", "2024-01-13"),
                priced("ocds-rates1-3", 100, "USD", "2024-01-01"),
                priced("ocds-rates1-4", 100, "GBP", "2024-01-03"),
                priced("ocds-rates1-5", 100, "EUR", "2024-01-03"),
            ]
        ),
    )
    before = {fact: rows(lake_home, fact) for fact in FACTS}
    batches = run_of(lake_home)
    seen = writes(lake_home)
    put(lake_home, USD)
    assert sorted(seen) == sorted(
        [*FACTS, "fact_award", "fact_bid", *["fact_process"] * 6]
    )  # the time of change stands in the process
    assert run_of(lake_home) == batches
    for fact in FACTS:
        changed = [
            row for row, was in zip(in_order(rows(lake_home, fact)), in_order(before[fact]), strict=True) if row != was
        ]
        assert {row["ocid"] for row in changed} == {"ocds-rates1-1"}
    seen.clear()
    put(lake_home, USD | {"note": "said once more"})
    put(lake_home, rate("2024-01-02", "CHF", 0.93))
    assert seen == []


def in_order(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(found, key=lambda row: [str(value) for name, value in row.items() if name.endswith("_key")])


def run_of(parts: Parts) -> list[tuple[Any, ...]]:
    """The silver batch of each fact."""
    assert isinstance(parts.warehouse, SqlWarehouse)
    with parts.warehouse.engine.connect() as connection:
        return [
            tuple(row)
            for fact in FACTS
            for row in connection.exec_driver_sql(f"SELECT ocid, silver_batch FROM {fact} ORDER BY 1, 2")
        ]


def test_pages_of_facts_are_all_converted(lake_home: Parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing_rates, "PAGE_FACTS", 2)
    monkeypatch.setattr(publishing_rates, "SLICE_RATES", 1)
    load(
        lake_home,
        "a.jsonl",
        lines([priced(f"ocds-rates1-{n}", 100, "USD", f"2024-01-{n % 3 + 2:02}") for n in range(7)]),
    )
    put(lake_home, USD, rate("2024-01-04", "USD", 2.0))
    assert sorted(found[0] for found in bases(lake_home).values()) == [50, 50, 80, 80, 80, 80, 80]
    assert verified(lake_home, tmp_path / "home") == []


@pytest.mark.slow
def test_another_base_currency_takes_effect_with_a_rebuild_of_gold(lake_home: Parts, tmp_path: Path) -> None:
    put(lake_home, USD, rate("2024-01-02", "GBP", 0.8))
    load(
        lake_home,
        "a.jsonl",
        lines([priced("ocds-rates1-1", 100, "USD", "2024-01-03"), priced("ocds-rates1-2", 100, "EUR", "2024-01-03")]),
    )
    pounds = replace(lake_home, base_currency="GBP")
    rebuild_gold(pounds)
    found = bases(pounds)
    assert found["ocds-rates1-1"][:2] == (64.0, "GBP")
    assert found["ocds-rates1-2"] == (80.0, "GBP", 0.8, day("2024-01-02"))
    assert verified(pounds, tmp_path / "home") == []
    put(pounds, rate("2024-01-03", "GBP", 0.5))
    assert bases(pounds)["ocds-rates1-2"] == (50.0, "GBP", 0.5, day("2024-01-03"))
    assert bases(pounds)["ocds-rates1-1"][0] == 64.0  # both rates of a cross rate must be of the same day
    put(pounds, rate("2024-01-03", "USD", 1.0))
    assert bases(pounds)["ocds-rates1-1"][0] == 50.0
    assert verified(pounds, tmp_path / "home") == []


@pytest.mark.slow
def test_a_rate_that_silver_does_not_have_leaves_with_a_rebuild_of_gold(lake_home: Parts, tmp_path: Path) -> None:
    load(lake_home, "a.jsonl", lines([priced("ocds-rates1-1", 100, "USD", "2024-01-03")]))
    put(lake_home, USD)
    with lake_home.warehouse.write() as work:
        connection_of(work).exec_driver_sql(
            "INSERT INTO dim_exchange_rate VALUES (7, '2024-01-03', 'EUR', 'USD', 100.0, 1)"
        )
        work.commit()
    assert verified(lake_home, tmp_path / "home") != []
    rebuild_gold(lake_home)
    assert bases(lake_home)["ocds-rates1-1"][0] == 80
    assert verified(lake_home, tmp_path / "home") == []


DAYS = ["2024-01-02", "2024-01-05", "2024-01-12"]
known = st.builds(
    rate,
    st.sampled_from(DAYS),
    st.sampled_from(["USD", "GBP"]),
    st.sampled_from([0.5, 1.25]),
    st.sampled_from(["EUR", "EUR", "CHF"]),
)
processes = st.builds(
    priced,
    st.sampled_from(["ocds-rates1-1", "ocds-rates1-2", "ocds-rates2-1"]),
    st.sampled_from([100, 99.99]),
    st.sampled_from(["USD", "GBP", "EUR", "CHF"]),
    st.sampled_from([*DAYS, "2024-01-20"]),
)
stages = st.sampled_from(["refine", "publish", "index"])
steps = st.one_of(
    st.tuples(st.just("rates"), st.lists(known, min_size=1, max_size=4)),
    st.tuples(st.just("processes"), st.lists(processes, min_size=1, max_size=3)),
    st.tuples(st.just("run"), stages),
    st.tuples(st.just("kill"), st.tuples(st.just("publish"), st.integers(0, 8))),
    st.tuples(st.just("drain"), st.none()),
    st.tuples(st.just("rebuild"), st.sampled_from([rebuild_silver, rebuild_gold])),
)
quick = settings(
    max_examples=6,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
histories = given(st.lists(steps, min_size=3, max_size=9), st.sampled_from(["EUR", "GBP"]))


@pytest.fixture(autouse=True)
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "SLICE_PROCESSES", 1)


@pytest.mark.slow
@quick
@histories
def test_rates_and_processes_in_any_order_end_in_the_same_gold(
    migrated: Path, taken: list[tuple[str, Any]], base: str
) -> None:
    check(migrated, taken, base)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
@settings(quick, max_examples=150, derandomize=False)
@histories
def test_rates_and_processes_in_many_orders_end_in_the_same_gold(
    migrated: Path, taken: list[tuple[str, Any]], base: str
) -> None:
    check(migrated, taken, base)


def check(migrated: Path, taken: list[tuple[str, Any]], base: str) -> None:
    """Apply the history; then verify, and compare with the final rates loaded before all processes."""
    with TemporaryDirectory() as folder, lake_in(Path(folder) / "home", migrated) as made:
        parts = replace(made, base_currency=base)
        jobs: list[str] = []
        for name, what in taken:
            if name in {"rates", "processes"}:
                jobs.append(submit(parts, f"{len(jobs)}.jsonl", records(what) if name == "rates" else lines(what)))
                STAGES["land"](parts, jobs[-1])
            elif name == "run":
                STAGES[what](parts)
            elif name == "kill":
                kill(parts, *what)
            elif name == "rebuild":
                what(parts)
            else:
                drain(parts)
        drain(parts)
        assert {job_of(parts, job_id).status for job_id in jobs} <= {JobStatus.SUCCEEDED}
        assert verified(parts, Path(folder) / "home") == []
        with lake_in(Path(folder) / "fresh", migrated) as empty:
            fresh = replace(empty, base_currency=base)
            # Upload by upload: the same id again is a new version in another upload, and another release in the same
            # one.
            for kind, write in (("rates", records), ("processes", lines)):
                for number, records_of_kind in enumerate(
                    records_of_kind for name, records_of_kind in taken if name == kind
                ):
                    load(fresh, f"{kind}-{number}.jsonl", write(records_of_kind))
            assert gold(parts) == gold(fresh)


def kill(parts: Parts, stage: str, allowed: int) -> None:
    """Run the stage for this many transactions; its message is sent again."""
    assert isinstance(parts.warehouse, SqlWarehouse)
    warehouse = KillingWarehouse(parts.warehouse.url, allowed)
    try:
        STAGES[stage](replace(parts, warehouse=warehouse))
    except Killed:
        pass
    finally:
        warehouse.close()
    messages(parts).send(stage)


def framework(ocid: str) -> dict[str, Any]:
    """A process that sets up a framework agreement, with values of 3 January."""
    one = priced(ocid, 100, "USD", "2024-01-03")
    one["tender"]["techniques"] = {"hasFrameworkAgreement": True}
    return one


@pytest.mark.parametrize("rates_first", [True, False])
def test_the_value_of_a_framework_is_a_ceiling_and_no_spend(
    lake_home: Parts, tmp_path: Path, rates_first: bool
) -> None:
    for step in (0, 1) if rates_first else (1, 0):
        if step == 0:
            put(lake_home, USD)
        else:
            load(
                lake_home,
                "a.jsonl",
                lines([framework("ocds-rates1-1"), priced("ocds-rates1-2", 50, "USD", "2024-01-03")]),
            )
    for fact, shares in {"fact_process": 1, "fact_award": 2, "fact_contract": 1}.items():
        found = {
            row["ocid"]: (row["framework"], row["amount_base"], row["ceiling_base"]) for row in rows(lake_home, fact)
        }
        assert found == {
            "ocds-rates1-1": (True, None, 80 / shares),
            "ocds-rates1-2": (False, 40 / shares, None),
        }, fact
        assert {row["rate_source"] for row in rows(lake_home, fact)} == {"EUR-USD-2024-01-02"}
    totals = {row["organization_id"]: row for row in rows(lake_home, "organization_total") if row["role"] == "supplier"}
    won = [(row["awards"], row["priced"], row["cents"]) for row in totals.values()]
    assert won == [(2, 1, 2_000)] * 2
    put(lake_home, rate("2024-01-03", "USD", 2.0))
    assert {row["ceiling_base"] for row in rows(lake_home, "fact_award")} == {25, None}
    assert verified(lake_home, tmp_path / "home") == []


def test_placeholders_and_unknown_currencies_are_kept_and_never_converted(lake_home: Parts, tmp_path: Path) -> None:
    put(lake_home, USD, rate("2024-01-02", "ZZZ", 2.0))
    amounts = [(99999999, "USD"), (0, "EUR"), (100, "ZZZ"), (100, "EUR")]
    made = [priced(f"ocds-rates1-{number}", *one, "2024-01-03") for number, one in enumerate(amounts)]
    load(lake_home, "a.jsonl", lines(made))
    for fact in set(FACTS) - {"fact_item"}:
        found = {row["ocid"]: (row["amount_note"], row["amount_base"], row["rate"]) for row in rows(lake_home, fact)}
        shared = 2 if fact in {"fact_award", "fact_bid"} else 1
        assert [found[ocid] for ocid in sorted(found)] == [
            ("placeholder_amount", None, None),
            ("placeholder_amount", None, None),
            ("currency_unknown", None, None),
            (None, 100 / shared, 1),
        ], fact
    published = {row["ocid"]: row["award_amount"] for row in rows(lake_home, "fact_award")}
    assert published == {one["ocid"]: amount for one, (amount, _) in zip(made, amounts, strict=True)}
    prices = {row["ocid"]: row["unit_amount_base"] for row in rows(lake_home, "fact_item")}
    assert [prices[ocid] for ocid in sorted(prices)] == [79999999.2, 0, None, 100]
    put(lake_home, rate("2024-01-03", "USD", 2.0), rate("2024-01-03", "ZZZ", 2.0))
    assert {row["amount_base"] for row in rows(lake_home, "fact_process")} == {None, 100}
    assert verified(lake_home, tmp_path / "home") == []
