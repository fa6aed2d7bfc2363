"""GET /metrics over a real installation."""

from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from api.metrics import installation_metrics
from api.metrics.installation_metrics import InstallationMetrics
from domain.shared.errors import UnavailableError
from infrastructure.scratch_installation import DiscardingMessageQueue
from tests.api.conftest import Api
from tests.api.releases import package

Samples = dict[tuple[str, ...], float]


def scrape(api: Api) -> Samples:
    """Name and label values → value."""
    answer = api.stranger.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_metrics_follow_an_upload_through_the_stages(api: Api) -> None:
    before = scrape(api)
    assert before["tenderlake_jobs", "succeeded"] == 0
    api.client.post("/v1/uploads", files={"file": ("three.json", package())})
    waiting = scrape(api)
    assert waiting["tenderlake_jobs", "accepted"] == 1
    assert waiting["tenderlake_landing_age_seconds",] > 0
    assert waiting["tenderlake_queue_messages", "land"] == 1
    api.work_one()
    landed = scrape(api)
    assert landed["tenderlake_stage_lag_batches", "refine"] == 1
    assert landed["tenderlake_stage_lag_batches", "index"] == 1
    assert landed["tenderlake_stage_lag_seconds", "publish"] > 0
    api.work()
    done = scrape(api)
    assert done["tenderlake_stage_lag_batches", "index"] == 0
    assert done["tenderlake_stage_lag_seconds", "index"] == 0
    assert done["tenderlake_jobs_ended_total", "succeeded"] == 1
    assert done["tenderlake_records_total", "accepted"] == 3
    assert done["tenderlake_search_documents", "processes"] == 3
    assert done["tenderlake_process_resident_bytes", "api"] > 1_000_000
    assert {part for name, part in [key for key in done if key[0] == "tenderlake_up"]} == {
        "warehouse",
        "queue",
        "search",
        "system",
    }


def test_totals_are_the_same_once_jobs_are_settled(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    api.client.post("/v1/uploads", files={"file": ("three.json", package())})
    api.work()
    monkeypatch.setattr("services.maintenance.pipeline_status.SETTLED_SECONDS", -1.0)
    for _ in range(2):  # the second scrape reads none of the settled jobs
        assert scrape(api)["tenderlake_records_total", "accepted"] == 3


def test_requests_are_counted_by_the_route_not_the_path(api: Api) -> None:
    def count(route: str, status: str, method: str = "GET") -> float:
        return scrape(api).get(("tenderlake_http_requests_total", method, route, status), 0.0)

    before = count("/v1/jobs/{job_id}", "404"), count("unmatched", "404"), count("/v1/search", "200", "HEAD")
    api.client.get("/v1/jobs/none-of-this-name")
    api.client.get("/no/such/path")
    api.client.head("/v1/search")
    after = count("/v1/jobs/{job_id}", "404"), count("unmatched", "404"), count("/v1/search", "200", "HEAD")
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 1]
    assert "none-of-this-name" not in api.stranger.get("/metrics").text
    assert scrape(api)["tenderlake_search_seconds_count",] >= 1


def test_a_token_protects_metrics_if_one_is_set(api: Api) -> None:
    container = api.client.app.state.container  # type: ignore[attr-defined]
    secured = container.settings.model_copy(update={"metrics_token": SecretStr("scrape-é")})
    api.client.app.state.container = replace(container, settings=secured)  # type: ignore[attr-defined]
    assert api.stranger.get("/metrics").status_code == 401
    assert api.client.get("/metrics").status_code == 401
    bearer = {b"Authorization": "Bearer scrape-é".encode()}
    assert api.stranger.get("/metrics", headers=bearer).status_code == 200


class SilentQueue(DiscardingMessageQueue):
    """A queue that answers once it is released."""

    def __init__(self) -> None:
        self.released = Event()

    def depths(self, actors: object) -> dict[str, int]:
        self.released.wait()
        raise UnavailableError("the queue does not answer")


def test_a_scrape_ends_in_time_while_a_part_hangs(api: Api, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installation_metrics, "SCRAPE_SECONDS", 0.5)
    queue = SilentQueue()
    metrics = InstallationMetrics(replace(api.parts, messages=queue), tmp_path)
    for _ in range(2):
        found = {metric.name: metric for metric in metrics.collect()}
        up = {sample.labels["part"]: sample.value for sample in found["tenderlake_up"].samples}
        assert up == {"warehouse": 1, "queue": 0, "search": 1, "system": 1}
        assert "tenderlake_queue_messages" not in found
        assert "tenderlake_jobs" in found
    queue.released.set()
