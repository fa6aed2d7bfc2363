"""The client against a real service on a local port: slow, busy, broken and wrong answers."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from domain.exchange_rates.conversion import ExchangeRate
from domain.shared.errors import UnavailableError
from infrastructure.exchange_rates.frankfurter import Frankfurter, RequestLimits
from tests.services.exchange_rates.server import Service, drip, hang_up, says, service, stall

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


def ask(there: Service, limits: RequestLimits = PATIENT) -> list[ExchangeRate]:
    return Frankfurter(there.url, limits).rates("EUR", FIRST, LAST, ["USD", "GBP"])


def good(**changed: Any) -> dict[str, Any]:
    return {"amount": 1.0, "base": "EUR", "start_date": "2024-01-02", "end_date": "2024-01-03", "rates": TRUE} | changed


def test_a_service_that_is_well_is_asked_once_for_exactly_what_is_wanted(there: Service) -> None:
    assert ask(there) == RATES
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
def test_a_service_that_fails_once_or_twice_is_asked_again(there: Service, trouble: Any) -> None:
    there.script.extend([trouble, trouble])
    assert ask(there, QUICK) == RATES
    assert len(there.asked) == 3


@pytest.mark.parametrize("trouble", [says({}, 500), stall, hang_up], ids=["500", "stalls", "hangs up"])
def test_a_service_that_keeps_failing_is_an_error_that_names_it(there: Service, trouble: Any) -> None:
    there.script.extend([trouble] * 3)
    with pytest.raises(
        UnavailableError,
        match=rf"{there.url} (answered 500|did not answer in time|can't be reached: .*); try again later",
    ):
        ask(there, QUICK)
    assert len(there.asked) == 3


def test_a_service_that_is_not_there_at_all_is_an_error_that_names_it(there: Service) -> None:
    with service(TRUE) as gone:
        url = gone.url
    with pytest.raises(UnavailableError, match=rf"{url} can't be reached"):
        Frankfurter(url, PATIENT).rates("EUR", FIRST, LAST, ["USD"])


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
def test_a_lie_is_refused_as_a_whole_and_not_asked_for_again(there: Service, lie: Any) -> None:
    there.script.append(says(lie))
    with pytest.raises(UnavailableError, match="is invalid: ") as raised:
        ask(there)
    assert len(str(raised.value)) < 400
    assert len(there.asked) == 1
    assert ask(there) == RATES


def test_a_body_that_unpacks_to_too_much_is_refused(there: Service) -> None:
    there.script.append(says(gzip.compress(b" " * 5_000_000), Content_Encoding="gzip"))
    with pytest.raises(UnavailableError, match="larger than 50000 bytes"):
        ask(there)


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
def test_what_is_no_exchange_rate_service_is_told_so(there: Service, answer: Any, reason: str) -> None:
    there.script.append(answer)
    with pytest.raises(UnavailableError, match=reason):
        ask(there)


def test_days_just_before_the_first_one_are_left_out(there: Service) -> None:
    there.script.append(says(good(rates=TRUE | {"2023-12-29": {"USD": 1.105}})))
    assert ask(there) == RATES


def test_a_currency_that_the_service_does_not_know_does_not_hold_up_the_others(there: Service) -> None:
    there.script.append(says({"message": "not found"}, 404))
    assert Frankfurter(there.url, PATIENT).rates("EUR", FIRST, LAST, ["GBP", "USD", "XXX"]) == RATES
    assert [path.rpartition("=")[2] for path in there.asked] == ["GBP%2CUSD%2CXXX", "GBP", "USD", "XXX"]


def test_a_currency_that_the_service_does_not_know_is_no_failure_where_the_service_knows_another(
    there: Service,
) -> None:
    asking = Frankfurter(there.url, PATIENT)
    assert asking.rates("EUR", FIRST, LAST, ["XXX"]) == []
    assert [path.rpartition("=")[2] for path in there.asked] == ["XXX", "USD"]
    assert asking.rates("EUR", FIRST, LAST, ["YYY"]) == []
    assert len(there.asked) == 3, "that the address is right is known by now"


def test_days_of_which_the_service_knows_nothing_are_no_failure(there: Service) -> None:
    there.script.extend([says({"message": "not found"}, 404)] * 2)
    assert Frankfurter(there.url, PATIENT).rates("EUR", FIRST, LAST, ["USD"]) == []
    assert len(there.asked) == 3, "it is asked for recent days too"


@pytest.mark.parametrize("status", [404, 422])
def test_a_service_that_knows_nothing_at_all_is_told_to_be_at_another_address(there: Service, status: int) -> None:
    there.script.extend([says({"message": "not found"}, status)] * 5)
    with pytest.raises(UnavailableError, match=r"it has no rates, not even of USD .*not found.*: check its URL"):
        Frankfurter(there.url, PATIENT).rates("EUR", FIRST, LAST, ["CHF", "GBP"])


@pytest.mark.parametrize("status", [429, 503])
def test_the_error_says_how_long_the_service_asks_to_wait(there: Service, status: int) -> None:
    there.script.append(says({}, status, Retry_After="3600"))
    with pytest.raises(UnavailableError, match=f"answered {status}") as raised:
        ask(there)
    assert raised.value.details == {"retry_after": 3600}
    assert len(there.asked) == 1, "a wait that long is left to the caller"
