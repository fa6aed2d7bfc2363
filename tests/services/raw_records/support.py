"""A record of each kind, and ways to send changes and wait for them."""

from typing import Any

from httpx2 import Response

from domain.raw_records.record import Kind
from tests.api.conftest import Api
from tests.support import verified

RELEASE: dict[str, Any] = {
    "ocid": "ocds-b5fd17-bar-1",
    "id": "r1",
    "date": "2024-03-01T00:00:00Z",
    "tag": ["tender"],
    "buyer": {"id": "X-1", "name": "Zanzibar Ministry"},
    "parties": [{"id": "X-1", "name": "Zanzibar Ministry", "roles": ["buyer"]}],
    "tender": {
        "id": "t",
        "title": "Quokka enclosure",
        "status": "active",
        "value": {"amount": 1000, "currency": "GBP"},
    },
}
RECORDS: dict[Kind, dict[str, Any]] = {
    Kind.RELEASES: RELEASE,
    Kind.ORGANIZATIONS: {"id": "X-1", "name": "Zanzibar Ministry", "country": "TZ"},
    Kind.EXCHANGE_RATES: {"date": "2024-01-31", "base": "EUR", "currency": "USD", "rate": 1.0837},
    Kind.CLASSIFICATIONS: {"scheme": "CPV", "code": "45000000", "description": "Construction work"},
    Kind.DOCUMENTS: {"id": "d/1", "filename": "notice.pdf", "pages": [{"page": 1, "text": "Quokkas are sought."}]},
}
IDS = {
    Kind.RELEASES: "ocds-b5fd17-bar-1:r1",
    Kind.ORGANIZATIONS: "X-1",
    Kind.EXCHANGE_RATES: "EUR-USD-2024-01-31",
    Kind.CLASSIFICATIONS: "CPV:45000000",
    Kind.DOCUMENTS: "d=2F1",
}
# A patch of each kind, and what it makes of a member.
PATCHES: dict[Kind, tuple[dict[str, Any], str, Any]] = {
    Kind.RELEASES: (
        {"tender": {"title": "Wombat enclosure", "value": None}},
        "tender",
        {"id": "t", "title": "Wombat enclosure", "status": "active"},
    ),
    Kind.ORGANIZATIONS: ({"name": "Ministry of Zanzibar"}, "name", "Ministry of Zanzibar"),
    Kind.EXCHANGE_RATES: ({"rate": 1.1}, "rate", 1.1),
    Kind.CLASSIFICATIONS: ({"description": "Building"}, "description", "Building"),
    Kind.DOCUMENTS: ({"title": "Wombats"}, "title", "Wombats"),
}


def release(number: int, **fields: Any) -> dict[str, Any]:
    """A release of a process of its own."""
    return RELEASE | {"ocid": f"ocds-b5fd17-bar-{number}"} | fields


def path(kind: Kind, record_id: str | None = None) -> str:
    return f"/v1/raw/{kind}" + (f"/{record_id}" if record_id else "")


def done(api: Api, answer: Response) -> dict[str, Any]:
    """The job of an accepted change, after all stages have run."""
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/jobs/{answer.json()['id']}"
    assert answer.headers["retry-after"].isdigit()
    api.work()
    job: dict[str, Any] = api.client.get(answer.headers["location"]).json()
    return job


def outcomes(api: Api, job: dict[str, Any]) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = api.client.get(job["links"]["outcomes"]).json()["items"]
    return items


def sound(api: Api) -> list[str]:
    """The differences between live data and a rebuild from bronze."""
    return verified(api.parts, api.settings.data_dir)
