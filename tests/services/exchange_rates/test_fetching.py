"""Fetching of exchange rates: only needed rates are requested and land like a file; failures of the service do
no harm.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from threading import Event

import pytest

from domain.shared.errors import ConflictError, InvalidError, UnavailableError
from services.exchange_rates import fetching as enrichment
from services.exchange_rates.fetching import RateRequest, fetch_rates
from services.jobs.idempotency import IdempotencyKey
from services.ports.parts import Parts
from services.shared.clock import now
from tests.services.exchange_rates.server import Service, says, service, working_days
from tests.services.exchange_rates.support import bases, priced, put, rate, with_service
from tests.support import drain, job_of, lines, load, rows, verified
from workers.exchange_rate_schedule import run_schedule

TRUE = working_days(date(2023, 12, 1), 60, USD=1.25, GBP=0.8)
JANUARY = RateRequest(date(2024, 1, 1), date(2024, 1, 31), ["USD"])


@pytest.fixture
def there() -> Iterator[Service]:
    with service(TRUE) as found:
        yield found


@pytest.fixture
def lake(lake_home: Parts, there: Service) -> Parts:
    return with_service(lake_home, there.url)


def ask(lake: Parts, wish: RateRequest | None = None) -> int | None:
    """Fetch rates and run all stages; returns the number of accepted records, None if there was no job."""
    job = fetch_rates(lake, "tester", wish)
    drain(lake)
    if job is None:
        return None
    done = job_of(lake, job.id)
    assert (done.status, done.counts.quarantined, done.actor) == ("succeeded", 0, "tester")
    return done.counts.accepted


def test_what_facts_need_is_asked_for_and_fills_their_base_columns(lake: Parts, there: Service, tmp_path: Path) -> None:
    load(
        lake,
        "a.jsonl",
        lines([priced("ocds-rates1-1", 100, "USD", "2024-01-10"), priced("ocds-rates1-2", 100, "GBP", "2024-01-12")]),
    )
    load(lake, "b.jsonl", lines([priced("ocds-rates1-4", 100, "EUR", "2023-12-05")]))
    assert ask(lake) == 20
    assert there.asked == ["/v1/2023-12-31..2024-01-12?base=EUR&symbols=GBP%2CUSD"]
    assert bases(lake)["ocds-rates1-1"][0] == pytest.approx(100 / TRUE["2024-01-10"]["USD"], abs=1e-6)
    assert bases(lake)["ocds-rates1-2"][0] == pytest.approx(100 / TRUE["2024-01-12"]["GBP"], abs=1e-6)
    assert verified(lake, tmp_path / "home") == []


def test_what_is_known_is_not_asked_for_again(lake: Parts, there: Service) -> None:
    load(lake, "a.jsonl", lines([priced("ocds-rates1-1", 100, "USD", "2024-01-10")]))
    assert ask(lake) == 8
    assert ask(lake) is None
    assert len(there.asked) == 1


def test_a_fact_of_a_sunday_is_asked_for_until_a_later_rate_is_known(lake: Parts, there: Service) -> None:
    load(lake, "a.jsonl", lines([priced("ocds-rates1-1", 100, "USD", "2024-01-14")]))
    assert ask(lake) == 7
    assert ask(lake) is None
    assert len(there.asked) == 2
    put(lake, rate("2024-01-15", "USD", 1.3))
    assert ask(lake) is None
    assert len(there.asked) == 2


def test_an_answer_without_anything_new_makes_no_job(lake: Parts) -> None:
    assert ask(lake, JANUARY) == 23
    assert ask(lake, JANUARY) is None
    assert len(rows(lake, "dim_exchange_rate")) == 23


def test_a_file_of_rates_is_stored_under_its_days(lake: Parts) -> None:
    job = fetch_rates(lake, "tester", JANUARY)
    assert job is not None
    assert (job.filename, job.type) == ("frankfurter-2024-01-01..2024-01-31.jsonl", "upload")
    stored = [json.loads(line) for line in lake.files.path(job.sha256 or "").read_bytes().splitlines()]
    assert stored[0] == {"date": "2024-01-01", "base": "EUR", "currency": "USD", "rate": TRUE["2024-01-01"]["USD"]}
    assert len(stored) == 23


def test_a_changed_rate_is_a_new_version(lake: Parts, there: Service) -> None:
    ask(lake, JANUARY)
    there.rates = TRUE | {"2024-01-02": {"USD": 9.0}}
    assert ask(lake, JANUARY) == 1
    assert {row["rate"] for row in rows(lake, "dim_exchange_rate") if str(row["date"]) == "2024-01-02"} == {9.0}


def test_a_wish_without_currencies_is_for_those_of_the_facts_and_the_base_currency(lake: Parts, there: Service) -> None:
    load(
        lake,
        "a.jsonl",
        lines(
            [priced("ocds-rates1-1", 100, "GBP", "2024-01-10"), priced("ocds-rates1-2", 100, "pounds", "2024-01-10")]
        ),
    )
    assert ask(replace(lake, base_currency="USD"), RateRequest(date(2024, 1, 2), date(2024, 1, 3))) == 4
    assert there.asked[0].endswith("symbols=GBP%2CUSD")


def test_nothing_is_asked_for_beyond_yesterday(lake: Parts, there: Service) -> None:
    today = now().date()
    load(
        lake,
        "a.jsonl",
        lines(
            [
                priced("ocds-rates1-1", 100, "USD", str(today)),
                priced("ocds-rates1-2", 100, "USD", str(today + timedelta(days=400))),
            ]
        ),
    )
    assert ask(lake) is None
    assert there.asked == []
    assert ask(lake, RateRequest(None, today + timedelta(days=9), ["USD"])) is None
    yesterday = today - timedelta(days=1)
    assert there.asked == [f"/v1/{yesterday - timedelta(days=30)}..{yesterday}?base=EUR&symbols=USD"]


@pytest.mark.parametrize(
    ("wish", "reason"),
    [
        (RateRequest(date(2024, 2, 1), date(2024, 1, 1)), "`from` must not be after `to`"),
        (RateRequest(date(1900, 1, 1), date(2024, 1, 1)), "from 1948-01-01"),
        (RateRequest(now().date(), None), "yesterday"),
        (RateRequest(currencies=["USD", "$", "eur"]), r"\$, eur: a currency is three capital letters"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_with_the_reason(
    lake: Parts, there: Service, wish: RateRequest, reason: str
) -> None:
    with pytest.raises(InvalidError, match=reason):
        fetch_rates(lake, "tester", wish)
    assert there.asked == []


def test_without_a_service_it_says_which_setting_names_one(lake_home: Parts) -> None:
    with pytest.raises(ConflictError, match="TENDERLAKE_RATES_URL"):
        fetch_rates(lake_home, "tester")


def test_what_was_answered_before_a_failure_is_landed_all_the_same(lake: Parts, there: Service, tmp_path: Path) -> None:
    load(
        lake,
        "a.jsonl",
        lines([priced("ocds-rates1-1", 100, "USD", "2024-01-10"), priced("ocds-rates1-3", 100, "USD", "2022-01-10")]),
    )
    there.script.extend([lambda handler: handler.truth(), says({"base": "EUR", "rates": {"2022-01-10": {"USD": -1}}})])
    key = IdempotencyKey(actor="tester", key="k", fingerprint="f")
    with pytest.raises(UnavailableError, match="not a number above 0") as raised:
        fetch_rates(lake, "tester", idempotency=key)
    drain(lake)
    assert job_of(lake, raised.value.details["job"]).status == "succeeded"
    assert bases(lake)["ocds-rates1-1"][0] is not None
    assert bases(lake)["ocds-rates1-3"] == (None, None, None, None)
    assert verified(lake, tmp_path / "home") == []
    there.script.append(says({"base": "EUR", "rates": {"2022-01-10": {"USD": 1.25}}}))
    rest = fetch_rates(lake, "tester", idempotency=key)
    assert rest is not None, "the key did not stand for a part of what was asked for"
    assert rest.id != raised.value.details["job"]
    drain(lake)
    assert bases(lake)["ocds-rates1-3"][0] is not None
    again = fetch_rates(lake, "tester", idempotency=key)
    assert again is not None
    assert again.id == rest.id


def test_a_slow_service_is_not_waited_for_without_end(
    lake: Parts, there: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(
        lake,
        "a.jsonl",
        lines([priced("ocds-rates1-1", 100, "USD", "2024-01-10"), priced("ocds-rates1-3", 100, "USD", "2022-01-10")]),
    )
    monkeypatch.setattr(enrichment, "TIME_LIMIT_SECONDS", 0.0)
    with pytest.raises(UnavailableError, match=r"slow: [01] of 2 requests"):
        fetch_rates(lake, "tester")
    assert len(there.asked) < 2


def test_a_lie_leaves_no_job_no_file_and_no_rate(lake: Parts, there: Service, tmp_path: Path) -> None:
    load(lake, "a.jsonl", lines([priced("ocds-rates1-1", 100, "USD", "2024-01-10")]))
    files = {path for path in (tmp_path / "home" / "files").rglob("*") if path.is_file()}
    there.script.append(says({"base": "USD", "rates": TRUE}))
    with pytest.raises(UnavailableError, match="its base is 'USD'"):
        fetch_rates(lake, "tester")
    drain(lake)
    assert {path for path in (tmp_path / "home" / "files").rglob("*") if path.is_file()} == files
    assert rows(lake, "dim_exchange_rate") == []


def test_a_service_that_recovers_is_used_again(lake: Parts, there: Service) -> None:
    load(lake, "a.jsonl", lines([priced("ocds-rates1-1", 100, "USD", "2024-01-10")]))
    there.script.extend([says({}, 500)] * 2)
    with pytest.raises(UnavailableError):
        fetch_rates(lake, "tester")
    assert ask(lake) == 8


def test_the_schedule_asks_at_the_start_and_again_soon_after_a_failure(lake: Parts, there: Service) -> None:
    load(lake, "a.jsonl", lines([priced("ocds-rates1-1", 100, "USD", "2024-01-10")]))
    stop = Event()

    def well(handler: object) -> None:
        stop.set()
        handler.truth()  # type: ignore[attr-defined]

    there.script.extend([says({}, 500), says({}, 500), well])
    run_schedule(lake, 6.0, stop, again=0.01)
    assert len(there.asked) == 3
    drain(lake)
    assert bases(lake)["ocds-rates1-1"][0] is not None


def test_without_a_service_there_is_no_schedule(lake_home: Parts) -> None:
    run_schedule(lake_home, 6.0, Event())
