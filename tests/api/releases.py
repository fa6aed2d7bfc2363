"""Three contracting processes of two publishers, small enough to know by heart."""

from typing import Any

import orjson

ROADS, PENS, CLOUD = "ocds-aaaaaa-1", "ocds-aaaaaa-2", "ocds-bbbbbb-9/x"


def release(
    ocid: str, title: str, date: str, amount: float | None, currency: str, method: str, cpv: str
) -> dict[str, Any]:
    """A release with a buyer, one item, and one award of two suppliers."""
    council = {"id": "GB-LAE-ABC", "name": "Northshire County Council"}
    value = {} if amount is None else {"value": {"amount": amount, "currency": currency}}
    item = {
        "id": "1",
        "description": f"{title}, all of it",
        "classification": {"scheme": "CPV", "id": cpv, "description": "Something"},
        "quantity": 2,
    }
    suppliers = [{"id": "GB-COH-1", "name": "Acme, Smith Ltd"}, {"id": "GB-COH-2", "name": "Bolt Ltd"}]
    return {
        "ocid": ocid,
        "id": f"{ocid}-r1",
        "date": date,
        "tag": ["tender", "award"],
        "initiationType": "tender",
        "parties": [
            {**council, "roles": ["buyer"], "address": {"countryName": "GB", "region": "Northshire"}},
            *({**one, "roles": ["supplier"]} for one in suppliers),
        ],
        "buyer": council,
        "tender": {
            "id": "t",
            "title": title,
            "status": "complete",
            "procurementMethod": method,
            "mainProcurementCategory": "works",
            "items": [item],
            **value,
        },
        "awards": [
            {"id": "a1", "title": f"{title} award", "status": "active", "date": date, "suppliers": suppliers, **value}
        ],
        "contracts": [
            {"id": "c1", "awardID": "a1", "title": f"{title} contract", "status": "active", "dateSigned": date, **value}
        ],
        "x_unknown": {"kept": True},
    }


def releases() -> list[dict[str, Any]]:
    """The three, oldest first; the pens have no value."""
    return [
        release(ROADS, "Resurfacing of roads", "2024-01-10T10:00:00Z", 1000.5, "GBP", "open", "45233142"),
        release(PENS, "Pens and paper", "2024-02-10T10:00:00Z", None, "GBP", "selective", "30192000"),
        release(CLOUD, "Cloud services", "2024-03-10T10:00:00Z", 400.0, "EUR", "open", "72000000"),
    ]


def package() -> bytes:
    """All three in a release package."""
    return orjson.dumps(
        {
            "uri": "x",
            "version": "1.1",
            "publisher": {"name": "Test"},
            "publishedDate": "2024-04-01T00:00:00Z",
            "releases": releases(),
        }
    )
