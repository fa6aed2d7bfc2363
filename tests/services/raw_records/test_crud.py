"""Each verb for each kind: the change shows in raw, gold and search once its job is done."""

from typing import Any

import pytest

from domain.raw_records.record import Kind
from tests.api.conftest import Api
from tests.services.raw_records.support import IDS, PATCHES, RECORDS, RELEASE, done, outcomes, path, release, sound
from tests.support import job_of

MERGE = {"content-type": "application/merge-patch+json"}


@pytest.mark.parametrize("kind", list(Kind))
def test_a_record_of_each_kind_is_created_read_changed_and_deleted(api: Api, kind: Kind) -> None:
    record, record_id = RECORDS[kind], IDS[kind]
    job = done(api, api.client.post(path(kind), json=record))
    assert (job["type"], job["status"], job["counts"]["accepted"]) == ("raw", "succeeded", 1)
    assert outcomes(api, job) == [
        {
            "position": 0,
            "kind": kind,
            "id": record_id,
            "outcome": "created",
            "version": 1,
            "code": None,
            "reason": None,
            "path": None,
        }
    ]
    got = api.client.get(path(kind, record_id))
    found = got.json()
    assert (found["id"], found["kind"], found["version"], found["job_id"]) == (record_id, kind, 1, job["id"])
    assert found["payload"].items() >= record.items()
    assert found["source"]["sha256"] == job["sha256"]
    assert found["created_at"] == found["updated_at"]
    patch, member, becomes = PATCHES[kind]
    patched = done(api, api.client.patch(path(kind, record_id), json=patch, headers=MERGE))
    assert [(one["outcome"], one["version"]) for one in outcomes(api, patched)] == [("updated", 2)]
    again = api.client.get(path(kind, record_id))
    assert again.json()["payload"][member] == becomes
    assert again.headers["etag"] != got.headers["etag"]
    assert again.json()["created_at"] == found["created_at"] < again.json()["updated_at"]
    put = done(api, api.client.put(path(kind, record_id), json=record))
    assert [(one["outcome"], one["version"]) for one in outcomes(api, put)] == [("updated", 3)]
    same = done(api, api.client.put(path(kind, record_id), json=record))
    assert (same["status"], same["counts"]["unchanged"]) == ("succeeded", 1)
    assert [(one["outcome"], one["version"]) for one in outcomes(api, same)] == [("unchanged", 3)]
    gone = done(api, api.client.delete(path(kind, record_id)))
    assert [(one["outcome"], one["version"]) for one in outcomes(api, gone)] == [("deleted", 4)]
    assert api.client.get(path(kind, record_id)).status_code == 404
    assert api.client.get(path(kind)).json()["items"] == []
    kept = api.client.get(f"{path(kind, record_id)}/versions").json()["items"]
    assert [(one["version"], one["deleted"], one["payload"] is None) for one in kept] == [
        (4, True, True),
        (3, False, False),
        (2, False, False),
        (1, False, False),
    ]
    assert api.client.get(f"{path(kind, record_id)}/versions/1").json()["payload"] == found["payload"]
    assert sound(api) == []


def test_a_release_reaches_gold_and_search_and_leaves_them_again(api: Api) -> None:
    def hits(word: str) -> list[str]:
        return [hit["id"] for hit in api.client.get("/v1/search", params={"q": word, "mode": "keyword"}).json()["hits"]]

    done(api, api.client.post("/v1/raw/releases", json=RELEASE))
    assert hits("quokka") == [RELEASE["ocid"]]
    done(
        api,
        api.client.patch(path(Kind.RELEASES, IDS[Kind.RELEASES]), json={"tender": {"title": "Wombats"}}, headers=MERGE),
    )
    assert (hits("quokka"), hits("wombats")) == ([], [RELEASE["ocid"]])
    done(api, api.client.delete(path(Kind.RELEASES, IDS[Kind.RELEASES])))
    assert (hits("quokka"), hits("wombats")) == ([], [])
    assert api.client.get(f"/v1/gold/processes/{RELEASE['ocid']}").status_code == 404
    assert sound(api) == []


def test_fifty_releases_go_in_with_one_request(api: Api) -> None:
    job = done(api, api.client.post("/v1/raw/releases", json=[release(number) for number in range(50)]))
    assert (job["status"], job["counts"]["accepted"], job["counts"]["processes"]) == ("succeeded", 50, 50)
    page = api.client.get("/v1/raw/releases", params={"limit": 20}).json()
    seen = [one["id"] for one in page["items"]]
    while page["next"]:
        page = api.client.get(page["next"]).json()
        seen += [one["id"] for one in page["items"]]
    assert seen == sorted(f"ocds-b5fd17-bar-{number}:r1" for number in range(50))


def test_a_list_is_narrowed_by_process_id_prefix_job_and_time(api: Api) -> None:
    first = done(api, api.client.post("/v1/raw/releases", json=[release(1), release(1, id="r2"), release(2)]))
    second = done(api, api.client.post("/v1/raw/releases", json=release(3)))

    def ids(**asked: Any) -> list[str]:
        answer = api.client.get("/v1/raw/releases", params=asked)
        assert answer.status_code == 200, answer.text
        return [one["id"] for one in answer.json()["items"]]

    assert ids(ocid="ocds-b5fd17-bar-1") == ["ocds-b5fd17-bar-1:r1", "ocds-b5fd17-bar-1:r2"]
    assert ids(id=["ocds-b5fd17-bar-2:r1", "ocds-b5fd17-bar-3:r1", "none"]) == [
        "ocds-b5fd17-bar-2:r1",
        "ocds-b5fd17-bar-3:r1",
    ]
    assert ids(prefix="ocds-b5fd17-bar-1:r") == ["ocds-b5fd17-bar-1:r1", "ocds-b5fd17-bar-1:r2"]
    assert ids(job=second["id"]) == ["ocds-b5fd17-bar-3:r1"]
    changed = api.client.get("/v1/raw/releases/ocds-b5fd17-bar-3:r1").json()["updated_at"]
    assert ids(updated_from=changed) == ["ocds-b5fd17-bar-3:r1"]
    assert len(ids(updated_to=changed)) == 4
    assert ids(updated_to="2000-01-01") == []
    assert ids(updated_since=changed) == ["ocds-b5fd17-bar-3:r1"]
    assert ids(updated_since=changed, updated_from="2000-01-01") == ["ocds-b5fd17-bar-3:r1"]
    assert ids(deleted=True) == []
    done(api, api.client.delete("/v1/raw/releases/ocds-b5fd17-bar-3:r1"))
    assert ids(deleted=True, updated_since=changed) == ["ocds-b5fd17-bar-3:r1"]
    (gone,) = api.client.get("/v1/raw/releases", params={"deleted": True}).json()["items"]
    assert (gone["deleted"], gone["payload"], gone["version"]) == (True, None, 2)
    assert ids(updated_since=changed) == []
    assert len(ids(job=first["id"])) == 3
    assert api.client.get("/v1/raw/releases", params={"id_prefix": "x"}).status_code == 400
    assert api.client.get("/v1/raw/releases", params={"cursor": "WzFd"}).status_code == 400
    assert api.client.get("/v1/raw/tenders").status_code == 422


def test_a_version_that_the_caller_has_is_not_sent_again(api: Api) -> None:
    done(api, api.client.post("/v1/raw/organizations", json=RECORDS[Kind.ORGANIZATIONS]))
    tag = api.client.get("/v1/raw/organizations/X-1").headers["etag"]
    known = api.client.get("/v1/raw/organizations/X-1", headers={"if-none-match": f'"0-00", {tag}'})
    assert (known.status_code, known.content, known.headers["etag"]) == (304, b"", tag)
    assert (
        api.client.get("/v1/raw/organizations/X-1/versions/1", headers={"if-none-match": f"W/{tag}"}).status_code == 304
    )
    assert api.client.get("/v1/raw/organizations/X-1", headers={"if-none-match": "3-ab"}).status_code == 400


def test_the_same_request_twice_makes_two_jobs_and_one_version(api: Api) -> None:
    first = done(api, api.client.post("/v1/raw/releases", json=RELEASE))
    second = done(api, api.client.post("/v1/raw/releases", json=RELEASE))
    assert first["id"] != second["id"]
    assert first["sha256"] != second["sha256"]
    assert (second["status"], second["counts"]["unchanged"]) == ("succeeded", 1)


def test_the_same_request_with_the_same_key_is_made_once(api: Api) -> None:
    done(api, api.client.post("/v1/raw/releases", json=RELEASE))
    url, key = path(Kind.RELEASES, IDS[Kind.RELEASES]), {"idempotency-key": "k"}
    first = api.client.delete(url, headers=key)
    done(api, first)
    again = api.client.delete(url, headers=key)
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert api.client.delete(url).status_code == 404
    stored = {one.name for one in (api.settings.data_dir / "files").glob("??/*")}
    assert stored == {job_of(api.parts, one["id"]).sha256 for one in api.client.get("/v1/jobs").json()["items"]}


def test_a_pdf_is_taken_as_a_document(api: Api) -> None:
    answer = api.client.post(
        "/v1/raw/documents",
        params={"filename": "a.pdf", "ocid": "ocds-b5fd17-bar-1"},
        content=b"%PDF-1.4 nothing more",
        headers={"content-type": "application/pdf"},
    )
    assert (answer.status_code, answer.json()["type"], answer.json()["filename"], answer.json()["ocid"]) == (
        202,
        "upload",
        "a.pdf",
        "ocds-b5fd17-bar-1",
    )


def test_readers_change_nothing(api: Api) -> None:
    done(api, api.client.post("/v1/raw/releases", json=RELEASE))
    one, every = path(Kind.RELEASES, IDS[Kind.RELEASES]), path(Kind.RELEASES)
    rita: dict[str, Any] = {"auth": ("rita", "rita!")}
    answers = [
        api.client.post(every, json=RELEASE, **rita),
        api.client.put(every, json=[RELEASE], **rita),
        api.client.patch(every, json=[], **rita),
        api.client.delete(every, params={"id": "x"}, **rita),
        api.client.put(one, json=RELEASE, **rita),
        api.client.patch(one, json={}, **rita),
        api.client.delete(one, **rita),
        api.client.get("/v1/audit", **rita),
    ]
    assert [answer.status_code for answer in answers] == [403] * 8
    assert api.client.get(one, auth=("rita", "rita!")).status_code == 200
    assert api.stranger.get(one).status_code == 401
