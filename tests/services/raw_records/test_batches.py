"""Many changes in one request: each element has its outcome; a bad one affects others only in an atomic request."""

import json
from typing import Any

import pytest

from domain.raw_records.record import Kind
from domain.shared.canonical_json import RECORD_MAX_LEVELS
from tests.api.conftest import Api
from tests.parameters import combined, mostly_slow
from tests.services.raw_records.support import IDS, RECORDS, RELEASE, done, outcomes, path, release, sound


def made(api: Api, job: dict[str, Any]) -> list[tuple[int, str | None, str, str | None]]:
    return [(one["position"], one["id"], one["outcome"], one["code"]) for one in outcomes(api, job)]


def ids(api: Api, kind: Kind = Kind.RELEASES) -> list[str]:
    return [one["id"] for one in api.client.get(path(kind)).json()["items"]]


def test_one_bad_element_leaves_the_others_alone(api: Api) -> None:
    done(api, api.client.post("/v1/raw/releases", json=release(1)))
    elements = [release(1), release(2, date="never"), "no record", release(3), release(1, title="new")]
    job = done(api, api.client.post("/v1/raw/releases", json=elements))
    assert (job["status"], job["counts"]) == (
        "succeeded",
        {"received": 5, "accepted": 2, "unchanged": 1, "quarantined": 2, "processes": 2},
    )
    assert made(api, job) == [
        (0, "ocds-b5fd17-bar-1:r1", "unchanged", None),
        (1, None, "refused", "unreadable_date"),
        (2, None, "refused", "not_an_object"),
        (3, "ocds-b5fd17-bar-3:r1", "created", None),
        (4, "ocds-b5fd17-bar-1:r1", "updated", None),
    ]
    refused = api.client.get(job["links"]["outcomes"], params={"outcome": "refused"}).json()["items"]
    assert [(one["position"], one["path"]) for one in refused] == [(1, "/date"), (2, "")]
    assert "never" in refused[0]["reason"]
    assert [one["code"] for one in api.client.get(job["links"]["errors"]).json()["items"]] == [
        "unreadable_date",
        "not_an_object",
    ]
    page = api.client.get(job["links"]["outcomes"], params={"limit": 2}).json()
    assert len(page["items"]) == 2
    assert [one["position"] for one in api.client.get(page["next"]).json()["items"]] == [2, 3]
    assert sound(api) == []


def test_an_atomic_request_is_done_as_a_whole_or_not_at_all(api: Api) -> None:
    elements = [release(1), release(2, date="never"), release(3)]
    job = done(api, api.client.post("/v1/raw/releases", json=elements, params={"atomic": True}))
    assert (job["status"], job["counts"]["accepted"], job["counts"]["quarantined"]) == ("failed", 0, 3)
    assert job["error"]["title"] == "No change was made"
    assert [one[2:] for one in made(api, job)] == [
        ("refused", "atomic"),
        ("refused", "unreadable_date"),
        ("refused", "atomic"),
    ]
    assert ids(api) == []
    elements[1] = release(2)
    job = done(api, api.client.post("/v1/raw/releases", json=elements, params={"atomic": True}))
    assert (job["status"], len(ids(api))) == ("succeeded", 3)
    job = done(api, api.client.delete("/v1/raw/releases", params={"id": [*ids(api), "none"], "atomic": True}))
    assert (job["status"], len(ids(api))) == ("failed", 3)
    assert sound(api) == []


def test_many_are_patched_by_ids_by_pairs_and_by_their_own_fields(api: Api) -> None:
    done(api, api.client.put("/v1/raw/releases", json=[release(1), release(2), release(3)]))
    some = ["ocds-b5fd17-bar-1:r1", "ocds-b5fd17-bar-2:r1"]
    job = done(api, api.client.patch("/v1/raw/releases", params={"id": [*some, "none"]}, json={"language": "sw"}))
    assert [one[2:] for one in made(api, job)] == [("updated", None), ("updated", None), ("refused", "not_found")]
    pairs = [
        {"id": some[0], "patch": {"language": "fr"}, "if_version": 2},
        {"id": some[1], "patch": {"language": "fr"}, "if_version": 1},
        {"id": some[0], "patch": {"id": "r2"}},
        {"ocid": "ocds-b5fd17-bar-3", "id": "r1", "language": "de", "tender": None},
    ]
    job = done(api, api.client.patch("/v1/raw/releases", json=pairs))
    assert [one[2:] for one in made(api, job)] == [
        ("updated", None),
        ("refused", "version_conflict"),
        ("refused", "id_mismatch"),
        ("updated", None),
    ]
    payloads = [one["payload"] for one in api.client.get("/v1/raw/releases").json()["items"]]
    assert [(one["language"], "tender" in one) for one in payloads] == [("fr", True), ("sw", True), ("de", False)]
    assert sound(api) == []


@pytest.mark.parametrize("kind", list(Kind))
def test_a_merge_patch_may_name_its_record_by_its_own_fields(api: Api, kind: Kind) -> None:
    done(api, api.client.post(path(kind), json=RECORDS[kind]))
    named = {
        name: RECORDS[kind][name]
        for name in ("ocid", "id", "date", "currency", "scheme", "code")
        if name in RECORDS[kind]
    }
    job = done(api, api.client.patch(path(kind), json=[{**named, "x_mine": 1}]))
    assert made(api, job) == [(0, IDS[kind], "updated", None)]
    assert api.client.get(path(kind, IDS[kind])).json()["payload"]["x_mine"] == 1


def test_many_are_deleted_by_ids_or_by_an_array(api: Api) -> None:
    done(api, api.client.post("/v1/raw/releases", json=[release(number) for number in range(5)]))
    every = ids(api)
    job = done(api, api.client.delete("/v1/raw/releases", params={"id": every[:2]}))
    assert [one[2] for one in made(api, job)] == ["deleted", "deleted"]
    body = [every[2], {"id": every[3], "if_version": 7}, every[2]]
    job = done(api, api.client.request("DELETE", "/v1/raw/releases", json=body))
    assert [one[2:] for one in made(api, job)] == [
        ("deleted", None),
        ("refused", "version_conflict"),
        ("refused", "not_found"),
    ]
    assert ids(api) == every[3:]
    assert sound(api) == []


def test_a_package_in_the_body_is_all_of_its_releases(api: Api) -> None:
    job = done(
        api,
        api.client.post(
            "/v1/raw/releases",
            json={"uri": "x", "version": "1.1", "releases": [release(1), release(2, date=None), release(3)]},
        ),
    )
    assert [one[:3:2] for one in made(api, job)] == [(0, "created"), (0, "refused"), (0, "created")]


@pytest.mark.parametrize(
    ("method", "url", "content", "status"),
    [
        ("POST", "/v1/raw/releases", b"{", 400),
        ("POST", "/v1/raw/releases", b"", 400),
        ("POST", "/v1/raw/releases", b"\xff{}", 400),
        ("POST", "/v1/raw/releases", b"[]", 422),
        ("POST", "/v1/raw/releases", b'{"ocid": "a"}', 422),
        ("POST", "/v1/raw/releases", b"[" + b"1," * 10_000 + b"1]", 422),
        ("POST", "/v1/raw/organizations", b'{"id": 7}', 422),
        ("POST", "/v1/raw/exchange-rates", b'{"date": "2024-01-31", "currency": "USD", "rate": "a lot"}', 422),
        ("PUT", "/v1/raw/releases", b"{}", 422),
        ("PUT", "/v1/raw/releases?id=a", b"[]", 400),
        ("PATCH", "/v1/raw/releases", b"{}", 422),
        ("PATCH", "/v1/raw/releases", b'[{"x": 1}]', 422),
        ("PATCH", "/v1/raw/releases", b'[{"id": 1, "patch": {}}]', 422),
        ("PATCH", "/v1/raw/releases", b'[{"id": "a", "patch": {}, "if_version": "1"}]', 422),
        ("PATCH", "/v1/raw/releases?id=a", b"[]", 422),
        ("PATCH", "/v1/raw/releases/a", b"3", 422),
        ("DELETE", "/v1/raw/releases", b"", 422),
        ("DELETE", "/v1/raw/releases?id=a", b"[]", 422),
        ("DELETE", "/v1/raw/releases", b"[7]", 422),
        ("DELETE", "/v1/raw/releases", b'[7, null, {"id": ""}, {"id": "a", "if_version": 1.5}]', 422),
        ("PATCH", "/v1/raw/releases", b'[7, null, {"id": "a", "patch": 5}]', 422),
        ("PUT", "/v1/raw/nothing/a", b"{}", 422),
        ("POST", "/v1/raw/releases", b'{"releases": []}', 422),
        ("POST", "/v1/raw/releases", b'{"records": []}', 422),
    ],
)
def test_what_can_not_be_read_is_refused_with_a_reason_and_makes_no_job(
    api: Api, method: str, url: str, content: bytes, status: int
) -> None:
    answer = api.client.request(method, url, content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json"), answer.text
    assert answer.json()["detail"]
    assert api.client.get("/v1/jobs").json()["items"] == []
    assert list((api.settings.data_dir / "files").glob("??/*")) == []


MALFORMED: list[Any] = [
    5,
    None,
    "",
    [],
    {"id": 7},
    {"id": ""},
    {"id": "a\0b"},
    {"id": "a", "if_version": "1"},
    {"id": "a", "if_version": True},
]


@pytest.mark.parametrize(
    ("method", "atomic"),
    combined(["DELETE", "PATCH"], [False, True], in_each_run=[("DELETE", True), ("PATCH", False)]),
)
def test_an_element_that_can_not_be_read_is_refused_alone(api: Api, method: str, atomic: bool) -> None:
    done(api, api.client.post("/v1/raw/releases", json=[release(1), release(2)]))
    first, second = ids(api)
    more = {"patch": {"language": "sw"}} if method == "PATCH" else {}
    bad: list[Any] = [one | more if isinstance(one, dict) else one for one in MALFORMED]
    bad += (
        [{"id": first, "patch": 5}, {"patch": {}}, {"language": "sw"}]
        if method == "PATCH"
        else [{"id": first, "more": 1}]
    )
    body = [{"id": first} | more, *bad, {"id": second} | more]
    job = done(api, api.client.request(method, "/v1/raw/releases", json=body, params={"atomic": atomic}))
    good = ("refused", "atomic") if atomic else ("deleted" if method == "DELETE" else "updated", None)
    found = outcomes(api, job)
    assert [(one["position"], one["outcome"], one["code"]) for one in found] == [
        (0, *good),
        *((position + 1, "refused", "malformed") for position in range(len(bad))),
        (len(body) - 1, *good),
    ]
    assert all(one["reason"] for one in found if one["code"] == "malformed")
    counts = {"received": len(body), "accepted": 0 if atomic else 2, "quarantined": len(body) if atomic else len(bad)}
    assert counts.items() <= job["counts"].items()
    refused = [one for one in api.client.get(job["links"]["errors"]).json()["items"] if one["code"] == "malformed"]
    assert len(refused) == len(bad)
    assert job["status"] == ("failed" if atomic else "succeeded")
    assert sound(api) == []


def test_every_element_has_an_outcome_whatever_it_holds(api: Api) -> None:
    deep: dict[str, Any] = {}
    for _ in range(300):
        deep = {"a": deep}
    body = [release(1), [], {"releases": []}, {"records": []}, 5, release(2), release(3) | {"x": deep}]
    content = json.dumps(body).encode()
    job = done(api, api.client.post("/v1/raw/releases", content=content, headers={"content-type": "application/json"}))
    assert [(one[0], *one[2:]) for one in made(api, job)] == [
        (0, "created", None),
        (1, "refused", "no_record"),
        (2, "refused", "no_record"),
        (3, "refused", "no_record"),
        (4, "refused", "not_an_object"),
        (5, "created", None),
        (6, "refused", "too_deep"),
    ]
    job = done(api, api.client.post("/v1/raw/organizations", json=[RECORDS[Kind.ORGANIZATIONS], []]))
    assert [(one[0], *one[2:]) for one in made(api, job)] == [(0, "created", None), (1, "refused", "no_record")]
    emptied = done(
        api,
        api.client.patch(
            "/v1/raw/releases",
            json=[{"id": ids(api)[0], "patch": {"releases": [], "ocid": None, "compiledRelease": None}}],
        ),
    )
    assert [one[2:] for one in made(api, emptied)] == [("refused", "no_record")]
    assert sound(api) == []


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize(("number", "word"), [(0, "holds none"), (2, "holds 2 records")])
def test_a_put_of_one_record_says_how_many_its_body_holds(api: Api, kind: Kind, number: int, word: str) -> None:
    body: Any = [RECORDS[kind]] * number
    answers = [api.client.put(path(kind, IDS[kind]), json=body)]
    if kind is Kind.RELEASES:
        answers += [
            api.client.put(path(kind, IDS[kind]), json={"releases": body}),
            api.client.put(path(kind, IDS[kind]), json=[{"releases": body}]),
        ]
    for answer in answers:
        assert answer.status_code == 422, answer.text
        assert word in answer.json()["detail"] or (kind is Kind.DOCUMENTS and "object" in answer.json()["detail"])
    assert api.client.get("/v1/jobs").json()["items"] == []


def test_other_types_and_too_large_bodies_are_refused(api: Api) -> None:
    assert api.client.post("/v1/raw/releases", content=b"a,b", headers={"content-type": "text/csv"}).status_code == 415
    assert (
        api.client.post("/v1/raw/releases", content=b"%PDF-", headers={"content-type": "application/pdf"}).status_code
        == 415
    )
    assert (
        api.client.patch(
            "/v1/raw/releases/a", content=b"[]", headers={"content-type": "application/json-patch+json"}
        ).status_code
        == 415
    )
    limit = api.settings.max_record_bytes
    assert (
        api.client.post("/v1/raw/releases", content=(b" " * (1 << 20) for _ in range((limit >> 20) + 1))).status_code
        == 413
    )


def test_nesting_that_can_not_be_kept_is_refused(api: Api) -> None:
    deep = b'{"a":' * 300 + b"1" + b"}" * 300
    as_json = {"content-type": "application/json"}
    assert api.client.post("/v1/raw/releases", content=deep, headers=as_json).status_code == 422
    assert api.client.post("/v1/raw/releases", content=b"[" + deep + b"]", headers=as_json).status_code == 422
    assert api.client.patch(f"/v1/raw/releases/{IDS[Kind.RELEASES]}", json=RELEASE).status_code == 404


@pytest.mark.parametrize(
    "depth",
    mostly_slow(
        [RECORD_MAX_LEVELS + more for more in (-1, 0, 4, 10)], in_each_run=[RECORD_MAX_LEVELS - 1, RECORD_MAX_LEVELS]
    ),
)
def test_what_is_kept_can_be_shown_however_deep_it_is(api: Api, depth: int) -> None:
    deep = json.dumps(release(1) | {"extension": 0}).replace(
        '"extension": 0', f'"extension": {"[" * depth + "]" * depth}'
    )
    job = done(
        api, api.client.post("/v1/uploads?filename=two.jsonl", content=f"{deep}\n{json.dumps(release(2))}".encode())
    )
    kept = depth < RECORD_MAX_LEVELS
    assert (job["counts"]["accepted"], job["counts"]["quarantined"]) == ((2, 0) if kept else (1, 1))
    ids = [f"ocds-b5fd17-bar-{number}:r1" for number in ((1, 2) if kept else (2,))]
    assert [one["id"] for one in api.client.get("/v1/raw/releases").json()["items"]] == ids
    paths = [
        f"/v1/raw/releases/{ids[0]}",
        f"/v1/raw/releases/{ids[0]}/versions",
        f"/v1/raw/releases/{ids[0]}/versions/1",
    ]
    process = f"/v1/gold/processes/{ids[0].partition(':')[0]}"
    assert [
        api.client.get(one).status_code
        for one in [*paths, process, f"{process}/compiled", f"/v1/jobs/{job['id']}/errors"]
    ] == [200] * 6
