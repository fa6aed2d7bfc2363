"""HEAD is supported on every GET route."""

from typing import Any

from tests.api.conftest import Api


def test_head_is_get_without_the_body(full: Api) -> None:
    (job,) = full.client.get("/v1/jobs").json()["items"]
    ocid = full.client.get("/v1/gold/processes").json()["items"][0]["ocid"]
    named = {
        "{job_id}": job["id"],
        "{ocid}": ocid,
        "{fact}": "award",
        "{dimension}": "organization",
        "{kind}": "releases",
    }
    asked = 0
    for path, methods in full.client.get("/openapi.json").json()["paths"].items():
        for name, value in named.items():
            path = path.replace(name, value)
        if "get" not in methods or path.endswith("/events"):
            continue
        got, head = (full.client.request(method, path, headers={"X-Request-ID": "r-1"}) for method in ("GET", "HEAD"))
        assert (head.status_code, head.content) == (got.status_code, b""), path
        changing = (
            {"content-length"} if path in {"/v1/search", "/metrics"} else set()
        )  # the body contains the elapsed time
        assert {name: head.headers[name] for name in head.headers.keys() - changing} == {
            name: got.headers[name] for name in got.headers.keys() - changing
        }, path
        asked += got.status_code == 200
    assert asked > 10
    assert full.client.head("/docs").status_code == full.client.head("/openapi.json").status_code == 200
    assert full.stranger.head("/v1/jobs").status_code == 401
    assert full.client.head("/v1/jobs/none").status_code == 404
    assert full.client.head("/v1/uploads").status_code == 405


def test_head_of_a_stream_ends_at_once(api: Api) -> None:
    job: dict[str, Any] = api.client.post("/v1/uploads?filename=a.json", content=b"{}").json()
    answer = api.client.head(f"/v1/jobs/{job['id']}/events")  # no worker runs the job: a GET would not end
    assert (answer.status_code, answer.headers["content-type"].partition(";")[0]) == (200, "text/event-stream")
