"""A small embedding endpoint on 127.0.0.1 with configurable answers: a real server for the client's failure paths."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = tuple[int, Any]
DIMENSION = 5


def good(request: dict[str, Any]) -> Answer:
    """A correct answer: one vector per text, from the text's hash, in shuffled order."""
    rows = [{"object": "embedding", "index": i, "embedding": numbers(text)} for i, text in enumerate(request["input"])]
    return 200, {"object": "list", "model": request["model"], "data": rows[::-1]}


def numbers(text: str) -> list[float]:
    """A vector of any length but 1, different for every text."""
    return [byte + 1.0 for byte in sha256(text.encode()).digest()[:DIMENSION]]


class Endpoint:
    """The server's next answer, and the requests it got."""

    def __init__(self) -> None:
        self.answers: list[Callable[[dict[str, Any]], Answer]] = []
        self.then: Callable[[dict[str, Any]], Answer] = good
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.url = ""

    def answer(self, request: dict[str, Any], key: str | None) -> Answer:
        self.asked.append(request)
        self.keys.append(key)
        return (self.answers.pop(0) if self.answers else self.then)(request)


@contextmanager
def endpoint() -> Iterator[Endpoint]:
    """The server on a free port."""
    told = Endpoint()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            status, body = told.answer(
                json.loads(self.rfile.read(int(self.headers["content-length"]))), self.headers.get("authorization")
            )
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    told.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()


def stall(request: dict[str, Any]) -> Answer:
    """Sleep longer than the test's client waits."""
    time.sleep(0.6)
    return good(request)
