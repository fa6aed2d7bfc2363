"""Every accepted record can be requested: ids have the same length limit everywhere."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from domain.raw_records.record import Kind
from tests.api.conftest import Api
from tests.services.raw_records.support import RECORDS, done, path, sound

LONG: list[tuple[Kind, dict[str, Any], str]] = [
    (Kind.RELEASES, {"ocid": "o" * 501}, "ocid"),
    (Kind.RELEASES, {"ocid": "o" * 5_000}, "ocid"),
    (Kind.RELEASES, {"id": "i" * 2_000}, "id"),
    (Kind.RELEASES, {"ocid": "密" * 230}, "id"),
    (Kind.ORGANIZATIONS, {"id": "i" * 2_001}, "id"),
    (Kind.CLASSIFICATIONS, {"code": "c" * 2_001}, "id"),
    (Kind.DOCUMENTS, {"id": "密" * 230}, "id"),
    (Kind.DOCUMENTS, {"ocid": "o" * 501}, "ocid"),
]


@pytest.mark.parametrize(("kind", "fields", "word"), LONG)
def test_ids_that_no_request_could_ask_for_are_refused(api: Api, kind: Kind, fields: dict[str, Any], word: str) -> None:
    record = RECORDS[kind] | fields
    answer = api.client.post(path(kind), json=record)
    assert (answer.status_code, answer.json()["detail"].partition(":")[0]) == (422, word)
    job = done(api, api.client.post(path(kind), json=[RECORDS[kind], record]))
    assert (job["counts"]["accepted"], job["counts"]["quarantined"]) == (1, 1)
    if kind is Kind.RELEASES:
        lines = [
            json.dumps(one | {"ocid": one["ocid"]}).encode() for one in (record, RECORDS[kind] | {"language": "sw"})
        ]
        job = done(api, api.client.post("/v1/uploads?filename=long.jsonl", content=b"\n".join(lines)))
        assert (job["counts"]["accepted"], job["counts"]["quarantined"]) == (1, 1)
        (refused,) = api.client.get(job["links"]["errors"]).json()["items"]
        assert (refused["code"], refused["line"]) == ("too_long", 1)
    assert sound(api) == []


@pytest.mark.parametrize("ocid", ["o" * 500, "密" * 200, "a/b ?#%&=+" * 50])
def test_the_longest_ocids_that_are_accepted_are_answered_by_every_route(api: Api, ocid: str) -> None:
    job = done(
        api, api.client.post("/v1/raw/releases", json=[RECORDS[Kind.RELEASES] | {"ocid": ocid}, RECORDS[Kind.RELEASES]])
    )
    assert job["counts"]["accepted"] == 2
    (outcome, _) = api.client.get(job["links"]["outcomes"]).json()["items"]
    record_id, encoded = outcome["id"], quote(ocid, safe="")
    paths = [
        f"/v1/raw/releases/{quote(record_id)}",
        f"/v1/raw/releases/{quote(record_id)}/versions",
        f"/v1/gold/processes/{encoded}",
    ]
    paths += [f"/v1/gold/processes/{encoded}/compiled"]
    assert [api.client.get(one).status_code for one in paths] == [200] * len(paths)
    lists = {
        "/v1/raw/releases": {"ocid": ocid},
        "/v1/gold/facts/award": {"ocid": ocid},
        "/v1/gold/facts/process": {"ocid": ocid},
    }
    found = {one: api.client.get(one, params=query) for one, query in lists.items()}
    assert {one: answer.status_code for one, answer in found.items()} == dict.fromkeys(lists, 200)
    assert [len(found[one].json()["items"]) for one in ("/v1/raw/releases", "/v1/gold/facts/process")] == [1, 1]
    assert api.client.get("/v1/search", params={"similar_to": ocid}).status_code == 200
    assert api.client.get("/v1/raw/releases", params={"prefix": record_id}).json()["items"][0]["id"] == record_id
    seen, following = [], "/v1/raw/releases?limit=1"
    while following:
        page = api.client.get(following).json()
        seen += [one["ocid"] for one in page["items"]]
        following = page["next"]
    assert sorted(seen) == sorted([ocid, RECORDS[Kind.RELEASES]["ocid"]])


def test_a_page_sorted_by_long_values_has_a_next_one(api: Api) -> None:
    titled = [
        RECORDS[Kind.RELEASES] | {"ocid": f"ocds-x-{number}", "tender": {"id": "t", "title": f"{number}{'ü' * 5_000}"}}
        for number in range(3)
    ]
    done(api, api.client.post("/v1/raw/releases", json=titled))
    page = api.client.get("/v1/gold/facts/process", params={"sort": "title", "limit": 1}).json()
    assert api.client.get(page["next"]).json()["items"][0]["ocid"] == "ocds-x-1"
