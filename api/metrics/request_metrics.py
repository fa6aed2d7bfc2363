"""Counts requests and measures their latency by route. With PROMETHEUS_MULTIPROC_DIR, which `tenderlake up` sets, the
numbers are kept in that folder, so that they survive a restart of the API; otherwise in memory."""

import os
from collections.abc import Iterable

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector

LATENCY_BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
SEARCH_ROUTES = ("/v1/search", "/v1/search/suggest")
UNMATCHED = "unmatched"  # route of requests that no endpoint matches; their paths are the caller's choice
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class RequestMetrics:
    """The counters of this process. Children by labels are kept, as finding them takes longer than counting."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
            MultiProcessCollector(self.registry)  # type: ignore[no-untyped-call]
        kept = None if os.environ.get("PROMETHEUS_MULTIPROC_DIR") else self.registry
        self._requests = Counter(
            "tenderlake_http_requests_total", "HTTP requests", ["method", "route", "status"], registry=kept
        )
        self._seconds = Histogram(
            "tenderlake_http_request_seconds",
            "Seconds until an answer begins",
            ["route"],
            buckets=LATENCY_BUCKETS_SECONDS,
            registry=kept,
        )
        self._search = Histogram(
            "tenderlake_search_seconds",
            "Seconds until the answer to a search begins",
            buckets=LATENCY_BUCKETS_SECONDS,
            registry=kept,
        )
        self._children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def observe(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count a request."""
        key = (method, route, status)
        if (children := self._children.get(key)) is None:
            known = method if method in METHODS else "other"
            children = self._requests.labels(known, route, str(status)), self._seconds.labels(route)
            self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)
        if route in SEARCH_ROUTES and status < 400:
            self._search.observe(seconds)

    def collect(self) -> Iterable[Metric]:
        """The metrics of all processes that share the folder."""
        return self.registry.collect()
