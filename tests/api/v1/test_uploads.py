"""Uploads become jobs."""

import errno
import hashlib
import os
from pathlib import Path
from typing import Any

import pytest

from infrastructure.files.file_store import IncomingFileWriter
from services.jobs.acceptance import file_name, job_id
from tests.api.conftest import Api
from tests.api.releases import package

GOOD = b'{"ocid": "ocds-aaaaaa-%d", "id": "1", "date": "2024-01-01T00:00:00Z", "tag": ["tender"]}\n'
LINES = b"".join(GOOD % number for number in range(4)) + b"{broken\n"


def leftovers(api: Api) -> list[Path]:
    return list((api.settings.data_dir / "files" / "incoming").glob("*"))


def test_an_upload_is_accepted_and_can_be_followed_to_its_end(api: Api) -> None:
    sent = api.client.post(
        "/v1/uploads", files={"file": ("three.json", package(), "application/json")}, auth=("wendy", "wendy!")
    )
    assert sent.status_code == 202
    job = sent.json()
    assert sent.headers["location"] == f"/v1/jobs/{job['id']}"
    assert sent.headers["retry-after"] == "1"
    assert (job["status"], job["type"], job["filename"], job["actor"]) == ("accepted", "upload", "three.json", "wendy")
    assert [(stage["name"], stage["status"]) for stage in job["stages"]] == [
        (name, "pending") for name in ("land", "refine", "publish", "index")
    ]
    assert api.parts.files.path(job["sha256"]).read_bytes() == package()
    assert api.messages.sent == [("land", job["id"])]
    api.work()
    done = api.client.get(sent.headers["location"]).json()
    assert done["status"] == "succeeded"
    assert {stage["status"] for stage in done["stages"]} == {"done"}
    assert all(stage["started_at"] <= stage["finished_at"] for stage in done["stages"])
    assert done["counts"] == {"received": 3, "accepted": 3, "unchanged": 0, "quarantined": 0, "processes": 3}


def test_the_body_may_be_the_file_itself(api: Api) -> None:
    for headers in ({}, {"content-type": "application/x-www-form-urlencoded"}, {"content-type": "application/json"}):
        sent = api.client.post("/v1/uploads?filename=a.jsonl", content=LINES, headers=headers)
        assert sent.status_code == 202
        assert sent.json()["sha256"] == hashlib.sha256(LINES).hexdigest()
        assert sent.json()["filename"] == "a.jsonl"
    assert leftovers(api) == []


def test_a_large_form_is_stored_byte_for_byte(api: Api) -> None:
    content = os.urandom(250_000) + b"\r\n--almost"
    sent = api.client.post("/v1/uploads", data={"note": "x"}, files={"file": ("Ünï code.bin", content)})
    assert sent.json()["sha256"] == hashlib.sha256(content).hexdigest()
    assert sent.json()["filename"] == "Ünï code.bin"


def test_refused_records_are_listed_with_their_reason(api: Api) -> None:
    job = api.client.post("/v1/uploads?filename=a.jsonl", content=LINES + b"{also broken\n").json()
    api.work()
    done = api.client.get(f"/v1/jobs/{job['id']}").json()
    assert (done["status"], done["counts"]["quarantined"]) == ("succeeded", 2)
    first = api.client.get(f"{done['links']['errors']}?limit=1").json()
    second = api.client.get(first["next"]).json()
    assert [one["line"] for one in (*first["items"], *second["items"])] == [5, 6]
    assert first["items"][0]["file"] == "a.jsonl"
    assert first["items"][0]["reason"]
    assert second["next"] is None


def test_a_file_without_a_single_good_record_fails_at_landing(api: Api) -> None:
    job = api.client.post("/v1/uploads?filename=a.json", content=b"{broken").json()
    api.work()
    done = api.client.get(f"/v1/jobs/{job['id']}").json()
    assert done["status"] == "failed"
    assert done["error"]["detail"]
    assert [stage["status"] for stage in done["stages"]] == ["failed", "pending", "pending", "pending"]


def test_the_same_file_again_counts_as_unchanged(api: Api) -> None:
    for _ in range(2):
        job = api.client.post("/v1/uploads?filename=a.json", content=package()).json()
        api.work()
    done = api.client.get(f"/v1/jobs/{job['id']}").json()
    assert (done["status"], done["counts"]["unchanged"], done["counts"]["accepted"]) == ("succeeded", 3, 0)
    assert {stage["status"] for stage in done["stages"]} == {"done"}


def test_a_queue_that_is_away_does_not_refuse_the_upload(api: Api) -> None:
    api.messages.away = True
    sent = api.client.post("/v1/uploads?filename=a.json", content=package())
    assert sent.status_code == 202
    assert api.client.get("/health/ready").status_code == 503
    assert api.client.get("/health/ready").json()["parts"]["queue"] == "does not answer"
    assert api.client.get("/health/live").status_code == 200


BOUNDARY = {"content-type": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b"", {}, 400),
        (b"x" * 300_001, {}, 413),
        (b"", BOUNDARY, 400),
        (b"rubbish", BOUNDARY, 400),
        (b"--x\r\ncontent-disposition: form-data; name=file; filename=a\r\n\r\nhalf", BOUNDARY, 400),
        (b"--x\r\ncontent-disposition: form-data; name=file; filename=a\r\n\r\n\r\n--x--\r\n", BOUNDARY, 400),
        (b"--x\r\ncontent-disposition: form-data; name=other; filename=a\r\n\r\nabc\r\n--x--\r\n", BOUNDARY, 400),
        (
            b"--x\r\ncontent-disposition: form-data; name=file\r\n\r\na\r\n--x\r\ncontent-disposition: form-data; "
            b"name=file\r\n\r\nb\r\n--x--\r\n",
            BOUNDARY,
            400,
        ),
        (b"abc", {"content-type": "multipart/form-data"}, 400),
        (b"--x\r\n" + b"a" * 20_000 + b": 1\r\n\r\n\r\n--x--\r\n", BOUNDARY, 400),
    ],
)
def test_what_cannot_be_taken_is_a_4xx_and_leaves_nothing(
    api: Api, content: bytes, headers: dict[str, str], status: int
) -> None:
    answer = api.client.post("/v1/uploads", content=content, headers=headers)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert leftovers(api) == []
    assert api.client.get("/v1/jobs").json()["items"] == []


def test_an_upload_that_does_not_say_its_size_is_stopped_at_the_limit(api: Api) -> None:
    answer = api.client.post("/v1/uploads", content=(b"x" * 1000 for _ in range(400)))
    assert answer.status_code == 413
    assert leftovers(api) == []


def test_a_full_disk_is_a_507_and_leaves_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("infrastructure.files.file_store.os.fsync", full)
    answer = api.client.post("/v1/uploads", content=b"{}")
    assert (answer.status_code, answer.headers["content-type"]) == (507, "application/problem+json")
    assert leftovers(api) == []


def test_seeds_become_jobs(api: Api) -> None:
    answer = api.client.post("/v1/seed")
    jobs = answer.json()["items"]
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/v1/jobs/{jobs[-1]['id']}"
    assert {job["type"] for job in jobs} == {"seed"}
    assert api.messages.sent == [("land", jobs[0]["id"])]  # the worker that lands the first continues with the next
    assert api.client.post("/v1/seed", auth=("rita", "rita!")).status_code == 403


def test_jobs_are_listed_newest_first_page_by_page(api: Api) -> None:
    sent = [api.client.post(f"/v1/uploads?filename={n}.json", content=b"{}").json()["id"] for n in range(5)]
    seen: list[Any] = []
    url: str | None = "/v1/jobs?limit=2&status=accepted&type=upload"
    while url:
        page = api.client.get(url).json()
        seen += [job["id"] for job in page["items"]]
        url = page["next"]
    assert seen == sent[::-1]
    assert api.client.get("/v1/jobs?status=failed").json() == {"items": [], "next": None}


def test_names_and_ids_are_fit_to_be_kept() -> None:
    assert file_name("../../etc/passwd") == "passwd"
    assert file_name("C:\\data\\a\x00b.json") == "ab.json"
    assert file_name("") == file_name(None) == file_name("/") == "upload"
    assert len(file_name("x" * 1000)) == 255
    ids = [job_id() for _ in range(100)]
    assert len(set(ids)) == 100
    assert all(len(one) == 32 for one in ids)


def test_an_aborted_receiver_leaves_nothing_and_an_old_one_is_cleaned_up(api: Api) -> None:
    receiver = api.parts.files.receive()
    assert isinstance(receiver, IncomingFileWriter)
    receiver.write(b"abc")
    receiver.abort()
    assert leftovers(api) == []
    other = api.parts.files.receive()
    assert isinstance(other, IncomingFileWriter)
    os.utime(other.temporary, (0, 0))
    api.parts.files.clean()
    assert leftovers(api) == []
    other.abort()
