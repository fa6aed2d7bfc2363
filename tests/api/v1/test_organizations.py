"""/v1/organizations: an organisation under all its ids, its matches, and decisions of admins."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.api.conftest import Api
from tests.support import lines, release

ADDRESS = {"streetAddress": "3 Quay Road", "locality": "Holt", "postalCode": "AB1 2CD", "countryName": "UK"}
ONE, OTHER = "GB-SRS-accounts.example/aB1", "GB-CFS-2"
PATH = f"/v1/organizations/{quote(ONE)}"


@pytest.fixture
def named(api: Api) -> Api:
    """An installation with two accounts of one supplier, and a like-named supplier without an address."""
    parties = [
        {"id": ONE, "name": "Holt & Sons Ltd", "roles": ["supplier"], "address": ADDRESS},
        {"id": OTHER, "name": "Holt and Sons Limited", "roles": ["buyer"], "address": ADDRESS},
        {"id": "GB-CFS-3", "name": "Holt & Sons", "roles": ["tenderer"]},
    ]
    answer = api.client.post(
        "/v1/uploads?filename=a.json", content=lines([release(parties=parties, buyer={"id": OTHER})])
    )
    assert answer.status_code == 202, answer.text
    api.work()
    return api


def get(api: Api, path: str) -> dict[str, Any]:
    answer = api.client.get(path)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_an_organization_is_found_by_each_of_its_ids(named: Api) -> None:
    found = get(named, PATH)
    assert (found["id"], found["identity"], found["members"]) == (ONE, OTHER, [OTHER, ONE])
    assert {row["name"] for row in found["versions"]} == {"Holt & Sons Ltd", "Holt and Sons Limited"}
    assert {row["role"]: row["processes"] for row in found["totals"]} == {"any": 1, "buyer": 1, "supplier": 1}
    assert get(named, found["links"]["self"]) == found
    assert get(named, f"/v1/organizations/{OTHER}") == found | {
        "id": OTHER,
        "links": {"self": f"/v1/organizations/{OTHER}", "matches": f"/v1/organizations/{OTHER}/matches"},
    }


def test_facts_are_grouped_and_filtered_by_identity(named: Api) -> None:
    path = "/v1/gold/facts/process"
    assert get(named, f"{path}/aggregate?by=buyer.identity")["items"] == [{"buyer.identity": OTHER, "count": 1}]
    assert len(get(named, f"{path}?buyer={quote(ONE)}")["items"]) == 1  # the buyer under its other id
    assert len(get(named, f"{path}?supplier={OTHER}")["items"]) == 1
    assert get(named, f"{path}?buyer=GB-CFS-3")["items"] == []


def test_matches_have_score_reason_evidence_and_status(named: Api) -> None:
    found = get(named, f"{PATH}/matches")
    assert found["next"] is None
    assert [(one["organization_id"], one["status"], one["reason"]) for one in found["items"]] == [
        (OTHER, "automatic", "score"),
        ("GB-CFS-3", "proposed", "below_threshold"),
    ]
    evidence = found["items"][0]["evidence"]
    assert evidence["similarity"]["name"] == 1.0
    assert {evidence["left"]["name"], evidence["right"]["name"]} == {"Holt & Sons Ltd", "Holt and Sons Limited"}


def test_an_admin_rejects_and_undoes(named: Api) -> None:
    rejected = named.client.put(f"{PATH}/matches/{OTHER}", json={"decision": "reject"})
    assert rejected.status_code == 202
    job = rejected.json()
    assert (job["type"], rejected.headers["Location"]) == ("match", f"/v1/jobs/{job['id']}")
    assert get(named, f"{PATH}/matches")["items"][0]["pending"] is True
    named.work()
    assert get(named, rejected.headers["Location"])["status"] == "succeeded"
    assert get(named, PATH)["members"] == [ONE]
    first = get(named, f"{PATH}/matches")["items"][0]
    assert (first["status"], first["decided_by"], first["pending"]) == ("rejected", "admin", False)
    undone = named.client.delete(f"{PATH}/matches/{OTHER}")
    assert undone.status_code == 202
    named.work()
    assert get(named, PATH)["members"] == [OTHER, ONE]
    assert get(named, f"{PATH}/matches")["items"][0]["status"] == "automatic"


def test_an_admin_forces(named: Api) -> None:
    body = {"organization_id": "GB-CFS-3", "decision": "force"}
    forced = named.client.post(f"{PATH}/matches", json=body, headers={"Idempotency-Key": "once"})
    again = named.client.post(f"{PATH}/matches", json=body, headers={"Idempotency-Key": "once"})
    assert again.json()["id"] == forced.json()["id"]
    named.work()
    assert get(named, PATH)["members"] == [OTHER, "GB-CFS-3", ONE]
    assert get(named, f"/v1/jobs/{forced.json()['id']}")["status"] == "succeeded"
    retried = named.client.post(f"/v1/jobs/{forced.json()['id']}/retry")
    assert (retried.status_code, "has no file" in retried.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/v1/organizations/GB-COH-0", None, 404),
        ("GET", "/v1/organizations/unknown", None, 404),
        ("GET", "/v1/organizations/GB-COH-0/matches", None, 404),
        ("PUT", f"{PATH}/matches/GB-COH-0", {"decision": "force"}, 404),
        ("PUT", f"{PATH}/matches/{quote(ONE)}", {"decision": "force"}, 400),
        ("PUT", f"{PATH}/matches/{OTHER}", {"decision": "maybe"}, 422),
        ("POST", f"{PATH}/matches", {"decision": "force"}, 422),
        ("DELETE", f"{PATH}/matches/{OTHER}", None, 404),
    ],
)
def test_what_cannot_be_answered_is_refused(named: Api, method: str, path: str, body: Any, status: int) -> None:
    answer = named.client.request(method, path, json=body)
    assert (answer.status_code, answer.headers["Content-Type"]) == (status, "application/problem+json"), answer.text


def test_readers_read_and_admins_decide(named: Api) -> None:
    path = f"{PATH}/matches/{OTHER}"
    assert named.stranger.get(PATH).status_code == 401
    assert named.stranger.get(PATH, auth=("rita", "rita!")).status_code == 200
    for user in ("rita", "wendy"):
        answer = named.stranger.put(path, json={"decision": "reject"}, auth=(user, f"{user}!"))
        assert answer.status_code == 403
