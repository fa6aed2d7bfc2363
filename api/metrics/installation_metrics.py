"""What ledger, queue and operating system know, read at each scrape in bounded time.

A part that does not answer is `tenderlake_up 0`, and its metrics are left out.
"""

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from pathlib import Path
from threading import Lock
from time import monotonic

import psutil
from loguru import logger
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from domain.jobs.job import JobStatus
from domain.search.queries import Collection
from domain.shared.errors import level_of
from services.maintenance.pipeline_status import PipelineStatus, PipelineStatusReader
from services.pipeline.stages import STAGES
from services.ports.parts import Parts

SCRAPE_SECONDS = 3.0  # in which all parts answer; Prometheus waits 10 s by default
PROCESS_MODULES = {"cli.serve": "api", "workers.main": "worker", "cli.main": "command"}


class InstallationMetrics(Collector):
    """Collects from each part in a thread of its own. One that hangs is not asked again before it has returned."""

    def __init__(self, parts: Parts, data_dir: Path) -> None:
        self.status = PipelineStatusReader(parts.warehouse)
        queues = [stage.name for stage in STAGES]
        self._reads: Mapping[str, Callable[[], list[Metric]]] = {
            "warehouse": lambda: list(_pipeline(self.status.read())),
            "queue": lambda: [_gauge("tenderlake_queue_messages", "Messages", "queue", parts.messages.depths(queues))],
            "search": lambda: [_documents(parts)],
            "system": lambda: [_memory(), *_disk(data_dir)],
        }
        self._threads = ThreadPoolExecutor(len(self._reads), "metrics")
        self._running: dict[str, Future[list[Metric]]] = {}
        self._lock = Lock()

    def collect(self) -> Iterable[Metric]:
        """The metrics of the parts that answer, and `tenderlake_up` of each part."""
        with self._lock:
            for part, read in self._reads.items():
                if part not in self._running:
                    self._running[part] = self._threads.submit(read)
            up: dict[str, float] = {}
            end = monotonic() + SCRAPE_SECONDS
            for part in self._reads:
                found = self._result(part, max(0.0, end - monotonic()))
                up[part] = float(found is not None)
                yield from found or ()
        yield _gauge("tenderlake_up", "Whether the part answers", "part", up)

    def _result(self, part: str, seconds: float) -> list[Metric] | None:
        running = self._running[part]
        try:
            found = running.result(seconds)
        except FutureTimeoutError:
            if not running.done():
                return None
            found = None
        except Exception as error:  # pylint: disable=broad-exception-caught
            logger.log(level_of(error), "metrics: {} does not answer: {}", part, error)
            found = None
        del self._running[part]
        return found


def _pipeline(status: PipelineStatus) -> Iterator[Metric]:
    jobs = {str(state): float(status.jobs.get(state, 0)) for state in JobStatus}
    ended = {str(state): float(status.totals.ended[state]) for state in JobStatus if state.final}
    records = {
        name: float(status.totals.records[name]) for name in ("received", "accepted", "unchanged", "quarantined")
    }
    lags = status.lags.items()
    yield _gauge("tenderlake_jobs", "Jobs by state", "state", jobs)
    yield _counter("tenderlake_jobs_ended", "Jobs that have ended", "state", ended)
    yield _counter("tenderlake_records", "Records of all uploads, by outcome", "outcome", records)
    yield _counter("tenderlake_batches", "Batches in the log", None, {"": float(status.committed_batches)})
    yield _gauge(
        "tenderlake_landing_age_seconds", "Age of the oldest upload to land", None, {"": status.unlanded_seconds}
    )
    yield _gauge("tenderlake_stage_lag_batches", "Batches to read", "stage", {name: lag.batches for name, lag in lags})
    yield _gauge(
        "tenderlake_stage_lag_seconds",
        "Age of the oldest batch to read",
        "stage",
        {name: lag.seconds for name, lag in lags},
    )
    yield _gauge(
        "tenderlake_stage_failed_attempts",
        "Failed runs of the stage at its present place",
        "stage",
        {name: lag.attempts for name, lag in lags},
    )
    yield _gauge("tenderlake_batches_set_aside", "Batches set aside", None, {"": status.batches_set_aside})
    yield _gauge("tenderlake_deliveries_pending", "Deliveries that wait", None, {"": status.deliveries_pending})


def _documents(parts: Parts) -> Metric:
    counts = {str(one): float(parts.search.count(one)) for one in Collection}
    return _gauge("tenderlake_search_documents", "Documents in search", "collection", counts)


def _memory() -> Metric:
    """Memory of this process and of the others that the same launcher has started."""
    own = psutil.Process()
    processes = {"api": own}
    launcher = own.parent()
    if launcher is not None and _name(own) == "api":
        processes |= {name: child for child in launcher.children() if (name := _name(child))}
    memory: dict[str, float] = {}
    for name, process in processes.items():
        try:
            memory[name] = float(process.memory_info().rss)
        except psutil.Error:  # it has ended
            continue
    return _gauge("tenderlake_process_resident_bytes", "Memory of the process", "process", memory)


def _name(process: psutil.Process) -> str | None:
    """The name of a process of `tenderlake up`: api, worker-0, watch, queue; None for others."""
    try:
        command = process.cmdline()
    except psutil.Error:
        return None
    if command and "redis-server" in command[0]:
        return "queue"
    module = next((PROCESS_MODULES[part] for part in command if part in PROCESS_MODULES), None)
    if module == "worker" and "--index" in command:
        return f"worker-{command[command.index('--index') + 1]}"
    return "watch" if module == "command" and "watch" in command else module


def _disk(folder: Path) -> Iterator[Metric]:
    usage = shutil.disk_usage(folder)
    yield _gauge(
        "tenderlake_disk_free_bytes", "Free bytes on the disk of the data folder", None, {"": float(usage.free)}
    )
    yield _gauge("tenderlake_disk_bytes", "Size of the disk of the data folder", None, {"": float(usage.total)})


def _gauge(name: str, text: str, label: str | None, values: Mapping[str, float]) -> Metric:
    return _filled(GaugeMetricFamily(name, text, labels=[label] if label else None), label, values)


def _counter(name: str, text: str, label: str | None, values: Mapping[str, float]) -> Metric:
    return _filled(CounterMetricFamily(name, text, labels=[label] if label else None), label, values)


def _filled(
    family: GaugeMetricFamily | CounterMetricFamily, label: str | None, values: Mapping[str, float]
) -> GaugeMetricFamily | CounterMetricFamily:
    for value, number in values.items():
        family.add_metric([value] if label else [], number)
    return family
