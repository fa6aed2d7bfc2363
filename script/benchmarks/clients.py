"""Clients that send queries without pause or at random moments. Run them in a process apart from the server.

Without pause a query waits for those of the other clients, so its time is their number divided by the throughput. At
a pace below the limit its time is its own cost, as for users; it counts from when the query is due, delays included.
"""

import random
import socket
import threading
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass

CLIENTS = 8
Ask = Callable[[str], None]


@dataclass(frozen=True)
class Pace:
    """Seconds that each client runs, and its queries per second on average; 0: without pause."""

    seconds: float
    rate: float = 0.0


def asked(start: Callable[[], Ask], texts: Sequence[str], pace: Pace) -> list[float]:
    """Return the milliseconds of every query of CLIENTS threads, each with its own `Ask`, without the warm-up."""
    times: list[float] = []
    ready = threading.Barrier(CLIENTS)
    failed: list[BaseException] = []

    def work(number: int) -> None:
        try:
            ask = start()
            for text in texts:
                ask(text)
            ready.wait(300)
            client(ask, texts, pace, number, times)
        except BaseException as error:  # pylint: disable=broad-exception-caught
            failed.append(error)
            ready.abort()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise failed[0]
    return times


def client(ask: Ask, texts: Sequence[str], pace: Pace, number: int, times: list[float]) -> None:
    """Run one client until the time is over."""
    chance = random.Random(number)
    due = time.perf_counter()
    end, i = due + pace.seconds, number
    while True:
        due = due + chance.expovariate(pace.rate) if pace.rate else time.perf_counter()
        if due >= end:
            return
        time.sleep(max(0.0, due - time.perf_counter()))
        ask(texts[i % len(texts)])
        times.append((time.perf_counter() - due) * 1000)
        i += 1


class Connection:
    """A persistent connection to the API. It does little work, to leave the processor to the server."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        credentials = b64encode(f"{user}:{password}".encode()).decode()
        self._headers = f" HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Basic {credentials}\r\n\r\n"

    def get(self, path: str) -> None:
        """Send a request and read the whole answer. RuntimeError unless the status is 200."""
        self._socket.sendall(f"GET {path}{self._headers}".encode())
        head, end, body = b"", -1, b""
        while end < 0:
            head += self._more()
            end = head.find(b"\r\n\r\n")
        head, body = head[:end].lower(), head[end + 4 :]
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"GET {path}: {head.decode()}")
        remaining = int(head.split(b"content-length:")[1].split(b"\r\n")[0]) - len(body)
        while remaining > 0:
            remaining -= len(self._more())

    def _more(self) -> bytes:
        part = self._socket.recv(262_144)
        if not part:
            raise RuntimeError("the API has closed the connection")
        return part
