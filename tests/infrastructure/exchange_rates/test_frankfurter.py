"""The client against a real service on a local port: slow, busy, broken and wrong answers; the circuit breaker."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from domain.exchange_rates.conversion import ExchangeRate
from domain.shared.errors import UnavailableError
from infrastructure.exchange_rates.circuit_breaker import CircuitBreaker
from infrastructure.exchange_rates.frankfurter import Frankfurter, RequestLimits
from tests.services.exchange_rates.server import Handler, Service, drip, hang_up, says, service, stall

FIRST, LAST = date(2024, 1, 1), date(2024, 1, 4)
TRUE = {"2024-01-02": {"USD": 1.0956, "GBP": 0.86645}, "2024-01-03": {"USD": 1.0919, "GBP": 0.8638}}
RATES = [
    ExchangeRate(date(2024, 1, 2), "EUR", "GBP", 0.86645),
    ExchangeRate(date(2024, 1, 2), "EUR", "USD", 1.0956),
    ExchangeRate(date(2024, 1, 3), "EUR", "GBP", 0.8638),
    ExchangeRate(date(2024, 1, 3), "EUR", "USD", 1.0919),
]
QUICK = RequestLimits(
    attempts=3,
    first_wait_seconds=0.001,
    max_wait_seconds=0.01,
    connect_seconds=2.0,
    response_seconds=0.3,
    response_bytes=50_000,
)
PATIENT = replace(QUICK, response_seconds=5.0)  # where nothing is slow but the machine


@pytest.fixture
def there() -> Iterator[Service]:
    with service(TRUE) as found:
        yield found


def client(url: str, folder: Path, limits: RequestLimits = PATIENT, **circuit: Any) -> Frankfurter:
    return Frankfurter(url, CircuitBreaker(folder / "circuit.json", "the service", **circuit), limits)


def ask(there: Service, folder: Path, limits: RequestLimits = PATIENT) -> list[ExchangeRate]:
    return client(there.url, folder, limits).rates("EUR", FIRST, LAST, ["USD", "GBP"])


def good(**changed: Any) -> dict[str, Any]:
    return {"amount": 1.0, "base": "EUR", "start_date": "2024-01-02", "end_date": "2024-01-03", "rates": TRUE} | changed


def test_a_service_that_is_well_is_asked_once_for_exactly_what_is_wanted(there: Service, tmp_path: Path) -> None:
    assert ask(there, tmp_path) == RATES
    assert there.asked == ["/v1/2024-01-01..2024-01-04?base=EUR&symbols=USD%2CGBP"]


@pytest.mark.parametrize(
    "trouble",
    [
        says({"message": "oops"}, 500),
        says(b"<html>bad gateway</html>", 502, "text/html"),
        says({}, 429),
        says({}, 429, Retry_After="0"),
        says({}, 503, Retry_After="Mon, 01 Jan 2024 00:00:00 GMT"),
        says({}, 503, Retry_After="soon"),
        stall,
        drip,
        hang_up,
        says(b"no gzip at all", Content_Encoding="gzip"),
    ],
    ids=[
        "500",
        "502",
        "429",
        "429 now",
        "503 with a date",
        "503 with nonsense",
        "stalls",
        "drips",
        "hangs up",
        "broken gzip",
    ],
)
def test_a_service_that_fails_once_or_twice_is_asked_again(there: Service, tmp_path: Path, trouble: Any) -> None:
    there.script.extend([trouble, trouble])
    assert ask(there, tmp_path, QUICK) == RATES
    assert len(there.asked) == 3


@pytest.mark.parametrize("trouble", [says({}, 500), stall, hang_up], ids=["500", "stalls", "hangs up"])
def test_a_service_that_keeps_failing_is_an_error_that_names_it(there: Service, tmp_path: Path, trouble: Any) -> None:
    there.script.extend([trouble] * 3)
    with pytest.raises(
        UnavailableError,
        match=rf"{there.url} (answered 500|did not answer in time|can't be reached: .*); try again later",
    ):
        ask(there, tmp_path, QUICK)
    assert len(there.asked) == 3


def test_a_service_that_is_not_there_at_all_is_an_error_that_names_it(there: Service, tmp_path: Path) -> None:
    with service(TRUE) as gone:
        url = gone.url
    with pytest.raises(UnavailableError, match=rf"{url} can't be reached"):
        client(url, tmp_path).rates("EUR", FIRST, LAST, ["USD"])


def test_a_service_that_asks_for_a_long_wait_gets_it(there: Service, tmp_path: Path) -> None:
    there.script.append(says({}, 429, Retry_After="3600"))
    with pytest.raises(UnavailableError, match="answered 429"):
        ask(there, tmp_path)
    with pytest.raises(UnavailableError, match=r"the next call is allowed in 3[0-9]{3} s"):
        ask(there, tmp_path)
    assert len(there.asked) == 1


LIES: dict[str, Any] = {
    "another base": good(base="USD"),
    "no base": {"rates": TRUE},
    "another amount": good(amount=100),
    "an amount of true": good(amount=True),
    "a negative rate": good(rates={"2024-01-02": {"USD": -1.09}}),
    "a rate of zero": good(rates={"2024-01-02": {"USD": 0}}),
    "a rate as text": good(rates={"2024-01-02": {"USD": "1.09"}}),
    "a rate of null": good(rates={"2024-01-02": {"USD": None}}),
    "a rate of true": good(rates={"2024-01-02": {"USD": True}}),
    "NaN": json.dumps(good(rates={"2024-01-02": {"USD": float("nan")}})).encode(),
    "Infinity": json.dumps(good(rates={"2024-01-02": {"USD": float("inf")}})).encode(),
    "a number without end": b'{"base": "EUR", "rates": {"2024-01-02": {"USD": 1e999}}}',
    "an absurd rate": good(rates={"2024-01-02": {"USD": 1e300}}),
    "a day behind the range": good(rates=TRUE | {"2024-01-05": {"USD": 1.09}}),
    "a day long before the range": good(rates=TRUE | {"2023-12-01": {"USD": 1.09}}),
    "a day that is none": good(rates={"2024-02-30": {"USD": 1.09}}),
    "an instant for a day": good(rates={"2024-01-02T00:00:00": {"USD": 1.09}}),
    "a currency that was not asked for": good(rates={"2024-01-02": {"CHF": 0.93}}),
    "rates as an array": good(rates=[]),
    "no rates": {"base": "EUR"},
    "a day without an object": good(rates={"2024-01-02": 1.09}),
    "an array": [good()],
    "a text": "rates",
    "truncated JSON": json.dumps(good()).encode()[:-20],
    "nothing": b"",
    "too much": good(note="x" * 60_000),
}


@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_lie_is_refused_as_a_whole_and_not_asked_for_again(there: Service, tmp_path: Path, lie: Any) -> None:
    there.script.append(says(lie))
    with pytest.raises(UnavailableError, match="is invalid: ") as raised:
        ask(there, tmp_path)
    assert len(str(raised.value)) < 400
    assert len(there.asked) == 1
    assert ask(there, tmp_path) == RATES


def test_a_body_that_unpacks_to_too_much_is_refused(there: Service, tmp_path: Path) -> None:
    there.script.append(says(gzip.compress(b" " * 5_000_000), Content_Encoding="gzip"))
    with pytest.raises(UnavailableError, match="larger than 50000 bytes"):
        ask(there, tmp_path)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (says(b"<!doctype html><p>Welcome", media="text/html"), "its media type is text/html, not JSON"),
        (says(json.dumps(good()).encode(), media=""), "its media type is missing, not JSON"),
        (
            says(b"", 301, Location="https://elsewhere.example/v1"),
            r"it answered 301 \(redirect to https://elsewhere.example/v1\): check its URL",
        ),
        (says(b"<p>not found", 404, "text/html"), "it answered 404: check its URL"),
        (says({"message": "forbidden"}, 403), "it answered 403"),
        (says({"message": "no such base"}, 400), r'it answered 400 \({"message": "no such base"}\)'),
        (says(b"bad request", 400, "text/plain"), "it answered 400: check its URL"),
    ],
    ids=["HTML", "no type", "moved", "not the service", "forbidden", "400 that says why", "400"],
)
def test_what_is_no_exchange_rate_service_is_told_so(there: Service, tmp_path: Path, answer: Any, reason: str) -> None:
    there.script.append(answer)
    with pytest.raises(UnavailableError, match=reason):
        ask(there, tmp_path)


def test_days_just_before_the_first_one_are_left_out(there: Service, tmp_path: Path) -> None:
    there.script.append(says(good(rates=TRUE | {"2023-12-29": {"USD": 1.105}})))
    assert ask(there, tmp_path) == RATES


def test_a_currency_that_the_service_does_not_know_does_not_hold_up_the_others(there: Service, tmp_path: Path) -> None:
    there.script.append(says({"message": "not found"}, 404))
    assert client(there.url, tmp_path).rates("EUR", FIRST, LAST, ["GBP", "USD", "XXX"]) == RATES
    assert [path.rpartition("=")[2] for path in there.asked] == ["GBP%2CUSD%2CXXX", "GBP", "USD", "XXX"]


def test_a_currency_that_the_service_does_not_know_is_no_failure_where_the_service_knows_another(
    there: Service, tmp_path: Path
) -> None:
    asking = client(there.url, tmp_path)
    assert asking.rates("EUR", FIRST, LAST, ["XXX"]) == []
    assert [path.rpartition("=")[2] for path in there.asked] == ["XXX", "USD"]
    assert asking.rates("EUR", FIRST, LAST, ["YYY"]) == []
    assert len(there.asked) == 3, "that the address is right is known by now"


def test_days_of_which_the_service_knows_nothing_are_no_failure(there: Service, tmp_path: Path) -> None:
    there.script.extend([says({"message": "not found"}, 404)] * 2)
    assert client(there.url, tmp_path).rates("EUR", FIRST, LAST, ["USD"]) == []
    assert len(there.asked) == 3, "it is asked for recent days too"


@pytest.mark.parametrize("status", [404, 422])
def test_a_service_that_knows_nothing_at_all_is_told_to_be_at_another_address(
    there: Service, tmp_path: Path, status: int
) -> None:
    wrong = Frankfurter(there.url, CircuitBreaker(tmp_path / "circuit.json", "the service", failures=2), PATIENT)
    for _ in range(2):
        there.script.extend([says({"message": "not found"}, status)] * 5)
        with pytest.raises(UnavailableError, match=r"it has no rates, not even of USD .*not found.*: check its URL"):
            wrong.rates("EUR", FIRST, LAST, ["CHF", "GBP"])
        there.script.clear()
    with pytest.raises(UnavailableError, match="failed 2 times in a row"):  # each counts as a failure
        wrong.rates("EUR", FIRST, LAST, ["CHF"])


def test_the_error_says_after_how_many_seconds_to_ask_again(there: Service, tmp_path: Path) -> None:
    asking = Frankfurter(
        there.url, CircuitBreaker(tmp_path / "circuit.json", "the service", failures=2, clock=lambda: 1_000.0), QUICK
    )
    told = []
    for _ in range(3):
        there.script.extend([fails] * 3)
        with pytest.raises(UnavailableError) as raised:
            asking.rates("EUR", FIRST, LAST, ["USD"])
        told.append(raised.value.details)
    assert told == [{}, {"retry_after": 300}, {"retry_after": 300}]


@pytest.mark.parametrize("status", [429, 503])
def test_the_wait_that_the_service_asks_for_is_told(there: Service, tmp_path: Path, status: int) -> None:
    asking = Frankfurter(
        there.url, CircuitBreaker(tmp_path / "circuit.json", "the service", clock=lambda: 1_000.0), QUICK
    )
    there.script.append(says({}, status, Retry_After="60"))
    for reason in (f"answered {status}", "failed once; the next call is allowed in 60 s"):
        with pytest.raises(UnavailableError, match=reason) as raised:
            asking.rates("EUR", FIRST, LAST, ["USD"])
        assert raised.value.details == {"retry_after": 60}
    assert len(there.asked) == 1


def fails(handler: Handler) -> None:
    handler.say({}, 500)


def test_the_circuit_opens_after_repeated_failures_lets_one_try_and_closes(there: Service, tmp_path: Path) -> None:
    clock = [1_000.0]
    one, other = (client(there.url, tmp_path, failures=2, rest=60.0, clock=lambda: clock[0]) for _ in range(2))
    there.script.extend([fails] * 6)
    for asker in (one, other):
        with pytest.raises(UnavailableError, match="answered 500"):
            asker.rates("EUR", FIRST, LAST, ["USD"])
    for asker in (one, other):  # open for everybody, of whatever process
        with pytest.raises(UnavailableError, match="failed 2 times in a row; the next call is allowed in 60 s"):
            asker.rates("EUR", FIRST, LAST, ["USD"])
    assert len(there.asked) == 6

    clock[0] += 61
    there.script.append(says(b"<p>", media="text/html"))
    with pytest.raises(UnavailableError, match="text/html"):  # the half-open attempt fails, so the circuit opens again
        one.rates("EUR", FIRST, LAST, ["USD"])
    with pytest.raises(UnavailableError, match="failed 3 times in a row"):
        other.rates("EUR", FIRST, LAST, ["USD"])
    assert len(there.asked) == 7

    clock[0] += 61
    assert len(other.rates("EUR", FIRST, LAST, ["USD"])) == 2
    assert len(one.rates("EUR", FIRST, LAST, ["USD"])) == 2
    assert json.loads((tmp_path / "circuit.json").read_text()) == {"failures": 0, "until": 0.0}


def test_while_one_tries_the_others_wait(tmp_path: Path) -> None:
    clock = [1_000.0]
    circuit = CircuitBreaker(tmp_path / "circuit.json", "the service", failures=1, rest=60.0, clock=lambda: clock[0])
    circuit.failed()
    clock[0] += 61
    circuit.admit()
    with pytest.raises(UnavailableError, match="the next call is allowed in"):
        circuit.admit()
    circuit.succeeded()
    circuit.admit()


@pytest.mark.parametrize("content", ["", "[]", '{"failures": "many"}', "\x00"])
def test_a_broken_state_of_the_circuit_counts_as_closed(tmp_path: Path, content: str) -> None:
    (tmp_path / "circuit.json").write_text(content)
    circuit = CircuitBreaker(tmp_path / "circuit.json", "the service", failures=1)
    circuit.admit()
    circuit.failed()
    with pytest.raises(UnavailableError, match="the next call is allowed in 300 s"):
        circuit.admit()


def test_a_service_can_close_its_circuit_for_a_day_at_most(tmp_path: Path) -> None:
    circuit = CircuitBreaker(tmp_path / "circuit.json", "the service", clock=lambda: 0.0)
    circuit.failed(after=1e9)
    with pytest.raises(UnavailableError, match="allowed in 86400 s"):
        circuit.admit()
