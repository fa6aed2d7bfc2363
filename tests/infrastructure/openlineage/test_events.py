"""OpenLineage events of real stage runs, to a file and to an endpoint; and what happens while that is down."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from loguru import logger
from pydantic import SecretStr

from domain.lake.silver import ALL_TABLES
from domain.lineage.silver_sources import SILVER_SOURCES
from domain.shared.errors import LostRaceError
from infrastructure.bootstrap import stage_events
from infrastructure.lake.delta_lake import DeltaLake
from infrastructure.openlineage.dataset_names import dataset_names
from infrastructure.openlineage.emitter import OpenLineageEvents
from infrastructure.settings import Settings
from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.star.gold_tables import gold_table
from services.pipeline.refining.refine import refine
from services.ports.parts import Parts
from services.ports.stage_events import NoStageEvents, StageEvents, StageRun, observed
from tests.support import drain, lake_of, lines, messages, release, submit

Event = dict[str, Any]


def events_of(parts: Parts, **settings: Any) -> OpenLineageEvents:
    assert isinstance(parts.warehouse, SqlWarehouse)
    made = stage_events(Settings(_env_file=None, **settings), parts.warehouse)
    assert isinstance(made, OpenLineageEvents)
    return made


def loaded(parts: Parts, events: StageEvents) -> None:
    """Load one release, with these events."""
    observing = replace(parts, events=events)
    submit(observing, "a.jsonl", lines([release(awards=[{"id": "1"}])]))
    drain(observing)


def written(path: Path) -> list[Event]:
    return [json.loads(line) for line in path.read_text().splitlines()]


class Service(HTTPServer):
    """An endpoint that keeps what it gets."""

    got: list[tuple[str, str | None, Event]]
    status = 200


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.server.got.append((self.path, self.headers["authorization"], body))
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def service() -> Iterator[Service]:
    server = Service(("127.0.0.1", 0), Handler)
    server.got = []
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def log_lines() -> Iterator[list[str]]:
    """Log lines about OpenLineage."""
    found: list[str] = []
    sink = logger.add(lambda line: found.append(str(line)), filter=lambda record: "OpenLineage" in record["message"])
    yield found
    logger.remove(sink)


def test_each_run_of_a_stage_has_a_start_and_an_end_in_the_file(lake_home: Parts, tmp_path: Path) -> None:
    path = tmp_path / "events" / "openlineage.jsonl"
    events = events_of(lake_home, openlineage_file=path, openlineage_namespace="here", data_dir=tmp_path)
    loaded(lake_home, events)
    events.close()
    found = written(path)
    by_stage = {(one["job"]["name"], one["eventType"]): one for one in found}
    for stage in ("land", "refine", "publish", "index"):
        start, end = by_stage[stage, "START"], by_stage[stage, "COMPLETE"]
        assert start["run"]["runId"] == end["run"]["runId"]
        assert start["eventTime"] <= end["eventTime"]
        assert end["job"]["namespace"] == "here"
    assert by_stage["publish", "START"]["run"]["facets"]["tenderlake"]["silverBatch"] == 0
    names = {"land", "refine", "publish", "match", "index", "red_flags", "embed"}
    assert not {one["job"]["name"] for one in found} - names


def test_completed_runs_describe_their_columns_and_where_they_come_from(lake_home: Parts, tmp_path: Path) -> None:
    path = tmp_path / "openlineage.jsonl"
    events = events_of(lake_home, openlineage_file=path, data_dir=tmp_path)
    loaded(lake_home, events)
    events.close()
    ends = {one["job"]["name"]: one for one in written(path) if one["eventType"] == "COMPLETE"}
    silver = {one["name"].rpartition("/")[2]: one["facets"] for one in ends["refine"]["outputs"]}
    assert silver.keys() >= {"process", "award", "page"}
    for table, facets in silver.items():
        sources = SILVER_SOURCES[table]
        assert [field["name"] for field in facets["schema"]["fields"]] == list(ALL_TABLES[table])
        assert facets["columnLineage"]["fields"].keys() == {name for name, found in sources.items() if found}
    (title,) = silver["award"]["columnLineage"]["fields"]["title"]["inputFields"]
    assert (title["namespace"], title["name"], title["field"]) == (
        "file",
        f"{tmp_path}/lake/bronze/releases",
        "payload",
    )
    assert title["transformations"][0]["description"] == "/awards/title"
    gold = {one["name"].rpartition("/")[2]: one["facets"] for one in ends["publish"]["outputs"]}
    award = gold["fact_award"]
    assert [field["name"] for field in award["schema"]["fields"]] == [
        column.name for column in gold_table("fact_award").columns
    ]
    assert {one["field"] for one in award["columnLineage"]["fields"]["amount"]["inputFields"]} == {
        "amount",
        "organization_id",
    }
    inputs = {(one["namespace"], one["name"]) for one in ends["publish"]["inputs"]}
    outputs = {(one["namespace"], one["name"]) for one in ends["refine"]["outputs"]}
    assert inputs == outputs


def test_events_are_posted_to_a_service_with_its_key(lake_home: Parts, tmp_path: Path) -> None:
    with service() as server:
        url = f"http://127.0.0.1:{server.server_port}"
        events = events_of(lake_home, openlineage_url=url, openlineage_key=SecretStr("k"), data_dir=tmp_path)
        loaded(lake_home, events)
        events.close(10)
    assert {(path, key) for path, key, _ in server.got} == {("/api/v1/lineage", "Bearer k")}
    assert [one["eventType"] for _, _, one in server.got if one["job"]["name"] == "refine"] == ["START", "COMPLETE"]


def test_a_service_that_is_down_delays_nothing_and_is_logged_once(
    lake_home: Parts, tmp_path: Path, log_lines: list[str]
) -> None:
    with service() as server:
        url = f"http://127.0.0.1:{server.server_port}"
        events = events_of(lake_home, openlineage_url=url, data_dir=tmp_path)
        server.status = 503
        loaded(lake_home, events)
        events.close(10)
        assert len([line for line in log_lines if "are dropped" in line]) == 1
        server.status = 200
        run = StageRun("refine")
        events.started(run)
        events.close(10)
    assert "events are sent again" in log_lines[-1]
    before = time.monotonic()
    for _ in range(5_000):
        events.started(run)
    assert time.monotonic() - before < 1.0


class BrokenLake(DeltaLake):
    """A lake whose disk fails."""

    def append_silver(self, silver_batch: int, frames: dict[str, pl.DataFrame]) -> None:
        raise OSError("the disk is gone")


def test_a_stage_that_fails_sends_fail(lake_home: Parts, tmp_path: Path) -> None:
    path = tmp_path / "openlineage.jsonl"
    events = events_of(lake_home, openlineage_file=path, data_dir=tmp_path)
    submit(lake_home, "a.jsonl", lines([release()]))
    observing = replace(lake_home, events=events)
    messages(lake_home).handle(observing, messages(lake_home).waiting.popleft())
    with pytest.raises(OSError, match="the disk is gone"):
        refine(replace(observing, lake=BrokenLake(lake_of(lake_home).root)))
    events.close()
    last = written(path)[-1]
    assert (last["job"]["name"], last["eventType"]) == ("refine", "FAIL")
    assert "the disk is gone" in last["run"]["facets"]["errorMessage"]["message"]


def test_a_run_that_fails_or_loses_a_race_says_so(lake_home: Parts, tmp_path: Path) -> None:
    path = tmp_path / "openlineage.jsonl"
    events = events_of(lake_home, openlineage_file=path, data_dir=tmp_path)
    for error in (LostRaceError("another run"), ValueError("broken")):
        with pytest.raises(type(error)), observed(events, StageRun("refine", seq=3)):
            raise error
    events.close()
    ends = [one for one in written(path) if one["eventType"] != "START"]
    assert [(one["eventType"], one["run"]["facets"]["errorMessage"]["message"]) for one in ends] == [
        ("ABORT", "another run"),
        ("FAIL", "ValueError: broken"),
    ]


def test_without_settings_no_event_is_made(lake_home: Parts) -> None:
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    assert isinstance(stage_events(Settings(_env_file=None), lake_home.warehouse), NoStageEvents)


def test_names_of_data_sets_have_no_credentials() -> None:
    url = "postgresql+psycopg://user:secret@db.example.org/lake"
    names = dataset_names(Path("/data"), Path("/data/lake"), url, "https://key@search.example.org:443")
    assert names.of("gold.fact_award") == ("postgres://db.example.org:5432", "lake.public.fact_award")
    assert names.of("search.processes") == ("typesense://search.example.org:443", "processes")
    assert names.of("files") == ("file", "/data/files")
