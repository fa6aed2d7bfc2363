"""Exchange rates over the API: fetching on demand, changes of single records, and the converted amounts in the star."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from httpx2 import Response

from tests.api.conftest import Api, over
from tests.services.exchange_rates.server import Service, says, service
from tests.services.exchange_rates.support import priced, rate, with_service
from tests.support import lines, verified

PATH = "/v1/enrich/exchange-rates"
TRUE = {"2024-01-02": {"USD": 1.25, "GBP": 0.8}, "2024-01-03": {"USD": 1.6, "GBP": 0.5}}


@pytest.fixture
def there() -> Iterator[Service]:
    with service(TRUE) as found:
        yield found


@pytest.fixture
def asking(api: Api, there: Service) -> Iterator[Api]:
    """The installation with a service, and a process of 100 USD."""
    with over(api, with_service(api.parts, there.url)) as asking:
        yield asking


def load(api: Api, content: bytes) -> None:
    assert api.client.post("/v1/uploads", params={"filename": "a.jsonl"}, content=content).status_code == 202
    api.work()


def process(api: Api) -> dict[str, Any]:
    (found,) = api.client.get("/v1/gold/facts/process").json()["items"]
    return {name: found[name] for name in ("amount", "amount_base", "base_currency", "rate", "rate_date", "value_date")}


def test_rates_are_asked_for_on_demand_and_stand_in_gold_after_the_job(asking: Api, there: Service) -> None:
    load(asking, lines([priced("ocds-rates1-1", 100, "USD", "2024-01-03")]))
    answer = asking.client.post(PATH)
    assert (answer.status_code, answer.json()["type"], answer.json()["actor"]) == (202, "upload", "admin")
    asking.work()
    job = asking.client.get(answer.headers["location"]).json()
    assert (job["status"], job["counts"]["accepted"]) == ("succeeded", 2)
    assert process(asking) == {
        "amount": 100.0,
        "amount_base": 62.5,
        "base_currency": "EUR",
        "rate": 0.625,
        "rate_date": "2024-01-03",
        "value_date": "2024-01-03",
    }
    items = asking.client.get("/v1/gold/dimensions/exchange_rate", params={"currency": "USD", "sort": "-date"}).json()[
        "items"
    ]
    assert [(row["date"], row["base"], row["rate"]) for row in items] == [
        ("2024-01-03", "EUR", 1.6),
        ("2024-01-02", "EUR", 1.25),
    ]
    assert asking.client.post(PATH).status_code == 204
    assert len(there.asked) == 1


def test_days_and_currencies_can_be_named(asking: Api, there: Service) -> None:
    answer = asking.client.post(PATH, json={"from": "2024-01-02", "to": "2024-01-02", "currencies": ["GBP"]})
    assert (answer.status_code, answer.json()["filename"]) == (202, "frankfurter-2024-01-02..2024-01-02.jsonl")
    assert there.asked == ["/v1/2024-01-02..2024-01-02?base=EUR&symbols=GBP"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"from": "2024-02-01", "to": "2024-01-01"}, 400),
        ({"from": "2024-02-30"}, 422),
        ({"currencies": ["usd"]}, 422),
        ({"currencies": []}, 422),
        ({"currency": "USD"}, 422),
        ([], 422),
    ],
)
def test_a_wish_that_cannot_be_is_a_problem_that_says_why(asking: Api, there: Service, body: Any, status: int) -> None:
    answer = asking.client.post(PATH, json=body)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert there.asked == []


def test_a_service_that_is_away_or_lies_is_a_503_and_everything_else_goes_on(asking: Api, there: Service) -> None:
    load(asking, lines([priced("ocds-rates1-1", 100, "USD", "2024-01-03")]))
    there.script.extend([says({}, 500), says({}, 500), says({"base": "USD", "rates": {}})])
    for reason in ("answered 500", "its base is 'USD'"):
        answer = asking.client.post(PATH)
        assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")
        assert reason in answer.json()["detail"]
        assert int(answer.headers["retry-after"]) > 0
    assert process(asking)["amount_base"] is None
    assert asking.client.get("/health/ready").json()["status"] == "ok"
    assert asking.client.post(PATH).status_code == 202


@pytest.mark.parametrize(("headers", "wait"), [({}, "2"), ({"Retry_After": "3600"}, "3600")], ids=["own", "asked for"])
def test_the_header_and_the_body_say_the_same_wait(asking: Api, there: Service, headers: Any, wait: str) -> None:
    there.script.extend([says({}, 500, **headers)] * 2)
    answer = asking.client.post(PATH, json={"from": "2024-01-02", "to": "2024-01-03", "currencies": ["USD"]})
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == str(answer.json()["retry_after"]) == wait


def test_a_service_that_answers_400_is_a_failure_that_says_so(asking: Api, there: Service) -> None:
    there.script.append(says({"message": "nothing here"}, 400))
    answer = asking.client.post(PATH, json={"from": "2024-01-02", "to": "2024-01-03", "currencies": ["USD"]})
    assert answer.status_code == 503
    assert "it answered 400" in answer.json()["detail"]


def test_without_a_service_it_is_a_409_that_names_the_setting(api: Api) -> None:
    answer = api.client.post(PATH)
    assert answer.status_code == 409
    assert "TENDERLAKE_RATES_URL" in answer.json()["detail"]


def test_only_writers_may_ask(asking: Api, there: Service) -> None:
    assert asking.client.post(PATH, auth=("rita", "rita!")).status_code == 403
    assert asking.client.post(PATH, auth=("nobody", "x")).status_code == 401
    assert there.asked == []
    assert (
        asking.client.post(
            PATH, json={"from": "2024-01-02", "to": "2024-01-03", "currencies": ["USD"]}, auth=("wendy", "wendy!")
        ).status_code
        == 202
    )


def test_the_same_key_gives_the_first_job_and_asks_nobody(asking: Api, there: Service) -> None:
    def ask(**body: Any) -> Response:
        answer: Response = asking.client.post(
            PATH, json={"from": "2024-01-02", "to": "2024-01-03"} | body, headers={"Idempotency-Key": "k"}
        )
        return answer

    first = ask(currencies=["USD"])
    asking.work()
    assert ask(currencies=["USD"]).json()["id"] == first.json()["id"]
    assert ask(currencies=["GBP"]).status_code == 409
    assert len(there.asked) == 1


@pytest.mark.slow
def test_rates_changed_one_by_one_follow_into_the_facts(api: Api) -> None:
    load(api, lines([priced("ocds-rates1-1", 100, "USD", "2024-01-03")]))
    one = "/v1/raw/exchange-rates/EUR-USD-2024-01-02"
    steps: list[tuple[Callable[[], Response], float | None]] = [
        (lambda: api.client.put(one, json=rate("2024-01-02", "USD", 1.25)), 80.0),
        (lambda: api.client.patch(one, json={"rate": 2.0}), 50.0),
        (
            lambda: api.client.post(
                "/v1/raw/exchange-rates", json=[rate("2024-01-03", "USD", 4.0), rate("2024-01-04", "USD", 5.0)]
            ),
            25.0,
        ),
        (lambda: api.client.delete("/v1/raw/exchange-rates/EUR-USD-2024-01-03"), 50.0),
        (lambda: api.client.delete(one), None),
    ]
    for change, amount in steps:
        assert change().status_code == 202
        api.work()
        assert process(api)["amount_base"] == amount
        assert verified(api.parts, api.settings.data_dir) == []
    (left,) = api.client.get("/v1/gold/dimensions/exchange_rate").json()["items"]
    assert left["date"] == "2024-01-04"


def test_a_file_of_rates_is_known_by_its_content_and_a_bad_one_costs_itself_alone(api: Api) -> None:
    found = [rate("2024-01-02", "USD", 1.25), rate("2024-01-03", "USD", -1), rate("2024-01-04", "USD", 1.5)]
    content = b"\xef\xbb\xbf\n" + b"\n".join(json.dumps(one).encode() for one in found) + b"\n{broken"
    answer = api.client.post("/v1/uploads", params={"filename": "whatever.txt"}, content=content)
    api.work()
    job = api.client.get(answer.headers["location"]).json()
    assert (job["status"], job["counts"]["accepted"], job["counts"]["quarantined"]) == ("succeeded", 2, 2)
    errors = api.client.get(f"{answer.headers['location']}/errors").json()["items"]
    assert [(one["line"], one["path"]) for one in errors] == [(3, "/rate"), (5, "")]
