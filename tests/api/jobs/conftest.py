"""Fixtures: the application behind a real server, with a thread that handles its messages, and webhook receivers."""

import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty
from queue import Queue as ThreadQueue
from typing import Any

import httpx
import orjson
import pytest
import uvicorn
from fastapi import FastAPI

from api.context import AppContext
from infrastructure.bootstrap import bootstrap
from infrastructure.http.webhook_sender import HttpWebhookSender
from infrastructure.scratch_installation import DiscardingMessageQueue
from infrastructure.settings import Settings
from services.ports.parts import Parts
from services.webhooks.outbox import wake_deliveries
from tests.api.conftest import STAGES, Api, api, fresh, settings_of  # noqa: F401  the fixtures are used by name
from tests.applications import application

GOOD = b'{"ocid": "ocds-aaaaaa-%d", "id": "1", "date": "2024-01-01T00:00:00Z", "tag": ["tender"]}\n'
FOUR = b"".join(GOOD % number for number in range(4))
DEADLINE_SECONDS = 1.0  # timeout of a delivery attempt
LINES = FOUR + b"{broken\n"


def until(true: Callable[[], Any], seconds: float = 20) -> Any:
    """Wait until the result is truthy, and return it."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.02)
    raise AssertionError("it never came to be")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@dataclass
class Queue(DiscardingMessageQueue):
    """The message queue port; a thread handles the messages while `go` is set."""

    waiting: ThreadQueue[tuple[str, ...]] = field(default_factory=ThreadQueue)
    go: threading.Event = field(default_factory=threading.Event)
    ended: threading.Event = field(default_factory=threading.Event)
    errors: list[Exception] = field(default_factory=list)
    turn: threading.Lock = field(default_factory=threading.Lock)

    def send(self, actor: str, *args: str) -> None:
        self.waiting.put((actor, *args))

    def pending(self, actor: str) -> set[tuple[str, ...]]:
        return {tuple(args) for name, *args in list(self.waiting.queue) if name == actor}

    def work(self, parts: Parts) -> None:
        while not self.ended.is_set():
            if not self.go.wait(0.05):
                continue
            with self.turn:
                try:
                    if self.go.is_set():
                        actor, *args = self.waiting.get(timeout=0.02)
                        STAGES[actor](parts, *args)
                        wake_deliveries(parts.warehouse, parts.messages)
                except Empty:
                    pass
                except Exception as error:  # raised again at the end of the test; the thread continues
                    self.errors.append(error)
            time.sleep(0.001)  # lets `pause` take the lock

    def pause(self) -> None:
        """Pause after the current message."""
        self.go.clear()
        with self.turn:
            pass


@dataclass
class Live:
    """A running installation; `client` calls as admin."""

    url: str
    client: httpx.Client
    parts: Parts
    queue: Queue
    settings: Settings
    container: AppContext

    def upload(self, body: bytes = FOUR, name: str = "four.jsonl", **more: Any) -> httpx.Response:
        return self.client.post("/v1/uploads", params={"filename": name} | more.pop("params", {}), content=body, **more)

    def job(self, job_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client.get(f"/v1/jobs/{job_id}").json()
        return found


@pytest.fixture
def live(fresh: Path, tmp_path: Path) -> Iterator[Live]:  # noqa: F811
    """A new installation behind a real server; its queue is paused until `live.queue.go` is set."""
    shutil.copytree(fresh, tmp_path / "data")
    settings = settings_of(tmp_path / "data").model_copy(
        update={"webhook_private": True, "max_upload_bytes": 100_000_000}
    )
    queue, port = Queue(), free_port()
    parts = replace(
        bootstrap(settings), messages=queue, hooks=HttpWebhookSender(private=True, deadline=DEADLINE_SECONDS)
    )
    with application(settings, parts) as app:
        yield from serving(app, settings, parts, queue, port)
    parts.warehouse.close()  # type: ignore[attr-defined]
    assert queue.errors == []


def serving(app: FastAPI, settings: Settings, parts: Parts, queue: Queue, port: int) -> Iterator[Live]:
    """The application behind a real server on that port, and a thread that handles the queue."""
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off")
    )
    threads = [threading.Thread(target=server.run), threading.Thread(target=queue.work, args=(parts,))]
    for thread in threads:
        thread.start()
    until(lambda: server.started)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", auth=("admin", "admin!"), timeout=30) as client:
        yield Live(f"http://127.0.0.1:{port}", client, parts, queue, settings, app.state.container)
    queue.ended.set()
    server.should_exit = True
    server.force_exit = True
    for thread in threads:
        thread.join()


@dataclass
class Receiver:
    """A webhook receiver: answers with the statuses of `script` in turn, then always the last; 0 stalls until
    `release`.
    """

    url: str
    script: list[int]
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    release: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, headers: dict[str, str], body: bytes) -> int:
        with self.lock:
            self.heard.append((headers, body))
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]

    def events(self) -> list[dict[str, Any]]:
        return [orjson.loads(body) for _, body in self.heard]


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A real HTTP server that receives webhooks."""
    one = Receiver("", [200])

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = one.answer({name.lower(): value for name, value in self.headers.items()}, body)
            if status == 0:
                one.release.wait(30)
                return
            self.send_response(status)
            if status == 302:
                self.send_header("location", f"{one.url}/elsewhere")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Log nothing."""

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Ignore clients that disconnect."""

    server = Server(("127.0.0.1", 0), Handler)
    one.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield one
    one.release.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A webhook receiver."""
    with receiving() as one:
        yield one


@pytest.fixture
def healthy() -> Iterator[Receiver]:
    """Another webhook receiver."""
    with receiving() as one:
        yield one
