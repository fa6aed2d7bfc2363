"""An exchange-rate service on a free local port; its script makes it fail, stall, send wrong data or recover."""

import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

JSON = "application/json; charset=utf-8"


class Service(ThreadingHTTPServer):
    """`rates` are the true rates: day → currency → rate of 1 EUR. `script` has the responses to the next requests
    instead.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, rates: dict[str, dict[str, float]]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.rates = rates
        self.script: deque[Callable[[Handler], None]] = deque()
        self.asked: list[str] = []
        self.closing = Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect."""


class Handler(BaseHTTPRequestHandler):
    """Handle one GET request."""

    server: Service
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.server.script:
            self.server.script.popleft()(self)
        else:
            self.truth()

    def truth(self) -> None:
        """Answer with the true rates."""
        split = urlsplit(self.path)
        first, last = split.path.removeprefix("/v1/").split("..")
        symbols = parse_qs(split.query)["symbols"][0].split(",")
        days = {day: values for day, values in self.server.rates.items() if first <= day <= last}
        rates = {day: {name: rate for name, rate in values.items() if name in symbols} for day, values in days.items()}
        if not any(name in values for name in symbols for values in self.server.rates.values()):
            self.say({"message": "not found"}, 404)
        else:
            self.say({"amount": 1.0, "base": "EUR", "start_date": first, "end_date": last, "rates": rates})

    def say(self, content: Any, status: int = 200, media: str = JSON, **headers: str) -> None:
        """Answer with JSON, or with bytes as they are."""
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in (
            {"Content-Type": media, "Content-Length": str(len(body))}
            | {key.replace("_", "-"): text for key, text in headers.items()}
        ).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: Any) -> None:
        """Log nothing."""


def says(content: Any, status: int = 200, media: str = JSON, **headers: str) -> Callable[[Handler], None]:
    """A scripted response."""
    return lambda handler: handler.say(content, status, media, **headers)


def stall(handler: Handler) -> None:
    """Send nothing until the service ends."""
    handler.server.closing.wait()


def drip(handler: Handler) -> None:
    """Send single bytes slowly, so that no socket timeout occurs."""
    handler.send_response(200)
    handler.send_header("Content-Type", JSON)
    handler.end_headers()
    while not handler.server.closing.wait(0.02):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def hang_up(handler: Handler) -> None:
    """Announce a longer body than is sent."""
    handler.say(b'{"amount": 1.0, "ba', Content_Length="500")
    handler.close_connection = True


@contextmanager
def service(rates: dict[str, dict[str, float]]) -> Iterator[Service]:
    """A running service."""
    server = Service(rates)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        server.server_close()
        thread.join()


def working_days(first: date, count: int, **rates: float) -> dict[str, dict[str, float]]:
    """Rates for this many working days from the first on, a little higher every day."""
    days = [day for number in range(count * 2) if (day := first + timedelta(days=number)).weekday() < 5][:count]
    return {
        str(day): {name: round(rate * (1 + index / 1_000), 6) for name, rate in rates.items()}
        for index, day in enumerate(days)
    }
