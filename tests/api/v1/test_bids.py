"""Bids, payments and amendments over HTTP: with their process, as facts, in aggregates and files."""

import io
import json

import polars as pl
import pytest

from tests.api.conftest import Api

OCID = "ocds-bids001-1"
ACME, BROWN = {"name": "Acme Ltd"}, {"name": "Brown & Sons"}


@pytest.fixture
def bids(api: Api) -> Api:
    """A process with two bids, of which one is a consortium's, a payment and two amendments."""
    made = {
        "ocid": OCID,
        "id": "1",
        "date": "2024-05-01T00:00:00Z",
        "tag": ["contract"],
        "buyer": {"name": "Council"},
        "tender": {"title": "Roads", "amendment": {"date": "2024-01-05T00:00:00Z", "rationale": "more time"}},
        "bids": {
            "details": [
                {"id": "1", "date": "2024-02-01T09:00:00Z", "status": "valid", "tenderers": [BROWN, ACME]}
                | {"value": {"amount": 90, "currency": "EUR"}},
                {"id": "2", "status": "disqualified", "value": {"amount": 80, "currency": "EUR"}},
            ]
        },
        "contracts": [
            {
                "id": "c",
                "amendments": [{"id": "a1", "description": "extended", "amendsReleaseID": "0", "releaseID": "1"}],
                "implementation": {
                    "transactions": [
                        {"id": "p1", "date": "2024-03-01T00:00:00Z", "value": {"amount": 10.5, "currency": "EUR"}}
                        | {
                            "payer": {"name": "Council"},
                            "payee": ACME,
                            "source": "ledger",
                            "uri": "https://a.example/1",
                        }
                    ]
                },
            }
        ],
    }
    api.client.post("/v1/uploads?filename=one.json", content=json.dumps(made).encode())
    api.work()
    return api


def test_a_process_shows_its_bids_payments_and_amendments(bids: Api) -> None:
    found = bids.client.get(f"/v1/gold/processes/{OCID}").json()
    assert [found["counts"][name] for name in ("bids", "transactions", "amendments")] == [2, 1, 2]
    first, second = found["bids"]
    assert (first["bid_id"], first["status"], first["date"], first["amount"], first["currency"]) == (
        "1",
        "valid",
        "2024-02-01T09:00:00Z",
        90.0,
        "EUR",
    )
    assert [(one["name"], one["amount"]) for one in first["tenderers"]] == [("Acme Ltd", 45.0), ("Brown & Sons", 45.0)]
    assert (second["status"], second["amount"], second["tenderers"]) == ("disqualified", 80.0, [])
    (payment,) = found["transactions"]
    assert (payment["payer"]["name"], payment["payee"]["name"]) == ("Council", "Acme Ltd")
    assert (payment["contract_id"], payment["amount_base"], payment["data_source"]) == ("c", 10.5, "ledger")
    assert [(one["level"], one["rationale"], one["description"]) for one in found["amendments"]] == [
        ("contract", None, "extended"),
        ("tender", "more time", None),
    ]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("bid?tenderer=Acme Ltd", [("bid_id", "1")]),
        ("bid?status.status=disqualified&tenderer.organization_id=unknown", [("bid_id", "2")]),
        ("bid?bid_date.year=2024", [("bid_id", "1"), ("bid_id", "1")]),
        ("transaction?payee=acme ltd&transaction_date.month=3", [("transaction_id", "p1")]),
        ("transaction?payer.name__prefix=Acme", []),
        ("amendment?level=contract", [("amendment_id", "a1")]),
        ("amendment?amendment_date__lte=2024-01-05&buyer.name=Council", [("rationale", "more time")]),
    ],
)
def test_they_are_facts_with_roles_and_filters(bids: Api, path: str, expected: list[tuple[str, str]]) -> None:
    rows = bids.client.get(f"/v1/gold/facts/{path}").json()["items"]
    assert [(name, row[name]) for row, (name, _) in zip(rows, expected, strict=True)] == expected


def test_their_amounts_add_up_by_any_role(bids: Api) -> None:
    asked = "/v1/gold/facts/bid/aggregate?measure=sum:amount_base,distinct:bid_id&by=tenderer.name&sort=tenderer.name"
    assert bids.client.get(asked).json()["items"] == [
        {"tenderer.name": "Acme Ltd", "sum:amount_base": 45.0, "distinct:bid_id": 1},
        {"tenderer.name": "Brown & Sons", "sum:amount_base": 45.0, "distinct:bid_id": 1},
        {"tenderer.name": None, "sum:amount_base": 80.0, "distinct:bid_id": 1},
    ]
    paid = "/v1/gold/facts/transaction/aggregate?measure=sum:amount&by=currency.code,payee.name"
    assert bids.client.get(paid).json()["items"][0]["sum:amount"] == 10.5
    whole = bids.client.get("/v1/gold/facts/bid/aggregate?measure=sum:bid_amount&by=currency.code")
    assert whole.status_code == 400
    assert "do not add up" in whole.json()["detail"]


def test_they_are_files_too(bids: Api) -> None:
    answer = bids.client.get("/v1/gold/facts/transaction?format=parquet&fields=transaction_id,payer.name,amount")
    assert pl.read_parquet(io.BytesIO(answer.content)).rows() == [("p1", "Council", 10.5)]
