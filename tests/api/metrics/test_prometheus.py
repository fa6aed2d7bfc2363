"""A real Prometheus with the files of ops/ scrapes the API: its target is up, and each expression has a result."""

import json
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
import uvicorn
import yaml
from fastapi import FastAPI
from pydantic import SecretStr

from script.servers import Server, free_port
from tests.api.conftest import Api
from tests.applications import application
from tests.database_server import need

pytestmark = pytest.mark.slow  # half a minute on a busy machine

OPS = Path(__file__).parents[3] / "ops"
TOKEN = "only-for-scrapes"
INTERVAL_SECONDS = 0.5
START_SECONDS = 20.0
RESULT_SECONDS = 4.0
COMPARISON = re.compile(r"\s(==|>|<) ")


class Prometheus(Server):
    """Prometheus with the configuration of ops/, but another target and interval, and with the metrics token."""

    name = "Prometheus"

    def __init__(self, target_port: int) -> None:
        super().__init__()
        shutil.copy(OPS / "alerts.yml", self.folder)
        (self.folder / "token").write_text(TOKEN)
        config = yaml.safe_load((OPS / "prometheus.yml").read_text())
        interval = f"{int(INTERVAL_SECONDS * 1000)}ms"
        config["global"] = {"scrape_interval": interval, "evaluation_interval": interval}
        (job,) = config["scrape_configs"]
        job["static_configs"] = [{"targets": [f"127.0.0.1:{target_port}"]}]
        job["authorization"] = {"credentials_file": str(self.folder / "token")}
        (self.folder / "prometheus.yml").write_text(yaml.safe_dump(config))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def argv(self) -> Sequence[str]:
        options = [f"--storage.tsdb.path={self.folder}/data", f"--web.listen-address=127.0.0.1:{self.port}"]
        return ["prometheus", f"--config.file={self.folder}/prometheus.yml", *options]

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/-/ready", timeout=2).is_success
        except httpx.TransportError:
            return False

    def get(self, path: str, **params: str) -> Any:
        """The data of an answer of its HTTP API."""
        answer = httpx.get(f"{self.url}/api/v1/{path}", params=params, timeout=10).json()
        assert answer["status"] == "success", (params, answer)
        return answer["data"]

    def query(self, expression: str) -> list[Any]:
        """The vector that the expression has now."""
        found: list[Any] = self.get("query", query=expression)["result"]
        return found

    def has_result(self, expression: str) -> bool:
        """Whether it gets a result; on a busy machine a scrape may fail, which leaves no metrics until the next one."""
        end = time.monotonic() + RESULT_SECONDS
        while not (found := self.query(expression)) and time.monotonic() < end:
            time.sleep(INTERVAL_SECONDS)
        return bool(found)


@contextmanager
def serving(app: FastAPI, port: int) -> Iterator[None]:
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off")
    )
    thread = Thread(target=server.run)
    thread.start()
    yield
    server.should_exit = server.force_exit = True
    thread.join()


@pytest.fixture(scope="module")
def prometheus(full: Api) -> Iterator[Prometheus]:
    """A Prometheus that has scraped the API some times, between which it answered searches and had a server error."""
    need(shutil.which("prometheus"), package="prometheus")
    settings, port = full.settings.model_copy(update={"metrics_token": SecretStr(TOKEN)}), free_port()
    running = Prometheus(port)
    try:
        with application(settings, full.parts) as app, serving(app, port):
            running.start()
            end = time.monotonic() + START_SECONDS
            while not running.query("rate(tenderlake_search_seconds_count[1m]) > 0"):
                assert time.monotonic() < end, running.get("targets")
                api = httpx.get(f"http://127.0.0.1:{port}/v1/search", auth=("admin", "admin!"), timeout=10)
                assert api.status_code == 200
                app.state.request_metrics.observe("GET", "/v1/search", 503, 0.01)
                time.sleep(INTERVAL_SECONDS)
            yield running
    finally:
        running.remove()


def test_the_target_is_up_with_the_token(prometheus: Prometheus) -> None:
    (target,) = prometheus.get("targets")["activeTargets"]
    assert target["scrapeUrl"].endswith("/metrics")
    assert prometheus.has_result('up{job="tenderlake"} == 1')


def test_rules_are_evaluated_without_errors(prometheus: Prometheus) -> None:
    groups = prometheus.get("rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) == len(yaml.safe_load((OPS / "alerts.yml").read_text())["groups"][0]["rules"])
    assert {(rule["health"], rule.get("lastError", "")) for rule in rules} == {("ok", "")}


def test_both_sides_of_each_alert_match(prometheus: Prometheus) -> None:
    for rule in yaml.safe_load((OPS / "alerts.yml").read_text())["groups"][0]["rules"]:
        compared = COMPARISON.sub(r" \1 bool ", rule["expr"])  # 0 or 1 for each pair, instead of the pairs that match
        assert compared != rule["expr"], rule["alert"]
        assert prometheus.has_result(compared), rule["alert"]


def test_each_panel_has_a_result(prometheus: Prometheus) -> None:
    panels = json.loads((OPS / "grafana/dashboards/tenderlake.json").read_text())["panels"]
    expressions = [target["expr"] for panel in panels for target in panel["targets"]]
    assert [one for one in expressions if not prometheus.has_result(one)] == []
