"""A lake with an exchange-rate service, and queries for the converted amounts."""

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import Any

from domain.jobs.job import Job
from infrastructure.exchange_rates.frankfurter import Frankfurter, RequestLimits
from services.ports.parts import Parts
from tests.support import load, release, rows

PATIENCE = RequestLimits(
    attempts=2, first_wait_seconds=0.001, max_wait_seconds=0.01, connect_seconds=2.0, response_seconds=1.0
)
Record = dict[str, Any]


def with_service(parts: Parts, url: str) -> Parts:
    """The lake, configured with this service."""
    return replace(parts, rate_service=Frankfurter(url, PATIENCE))


def rate(day: str, currency: str, value: float, base: str = "EUR") -> Record:
    """An exchange-rate record."""
    return {"date": day, "base": base, "currency": currency, "rate": value}


def records(found: Iterable[Record]) -> bytes:
    """Records as JSON Lines."""
    return b"".join(json.dumps(one).encode() + b"\n" for one in found)


def put(parts: Parts, *found: Record) -> Job:
    """Load exchange rates and run all stages."""
    job = load(parts, "rates.jsonl", records(found))
    assert (job.status, job.counts.quarantined) == ("succeeded", 0)
    return job


def priced(ocid: str, amount: float, currency: str, day: str, **fields: Any) -> Record:
    """A process whose tender, award, contract, item, bid and payment have values of this day."""
    value = {"amount": amount, "currency": currency}
    items = [{"id": "1", "unit": {"name": "m", "value": value}}]
    return release(
        ocid,
        date=f"{day}T12:00:00Z",
        tender={"title": "Works", "value": value, "items": items},
        awards=[
            {"id": "a", "date": f"{day}T12:00:00Z", "value": value, "suppliers": [{"name": "One"}, {"name": "Two"}]}
        ],
        contracts=[
            {
                "id": "c",
                "awardID": "a",
                "dateSigned": f"{day}T12:00:00Z",
                "value": value,
                "implementation": {"transactions": [{"id": "p", "date": f"{day}T12:00:00Z", "value": value}]},
            }
        ],
        bids={
            "details": [
                {"id": "b", "date": f"{day}T12:00:00Z", "value": value, "tenderers": [{"name": "One"}, {"name": "Two"}]}
            ]
        },
        **fields,
    )


def bases(parts: Parts, fact: str = "fact_process") -> dict[str, tuple[Any, ...]]:
    """amount_base, base_currency, rate and rate_date of one row of each process, by ocid."""
    base = "unit_amount_base" if fact == "fact_item" else "amount_base"
    return {row["ocid"]: (row[base], row["base_currency"], row["rate"], row["rate_date"]) for row in rows(parts, fact)}


def day(text: str) -> date:
    """A day."""
    return date.fromisoformat(text)
