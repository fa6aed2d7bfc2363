"""Clients that ask: all of them without pause, or each at moments of its own. Run them in a process of their own, beside what they ask.

Without pause, a query waits for those of the others, and how long it takes is their number divided by how many are answered a second. At a pace
that the machine bears it takes what it costs, as it does for people; it counts from the moment at which it was due, also where the one before was late.
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
    """How long the clients ask, and how often each a second on average, at random; 0: without pause."""

    seconds: float
    rate: float = 0.0


def asked(start: Callable[[], Ask], texts: Sequence[str], pace: Pace) -> list[float]:
    """The milliseconds of every query of CLIENTS threads, each with an `Ask` of its own; a first round warms up and does not count."""
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
    """One of them: its queries until the time is over."""
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
    """A connection to the API that is kept; does as little as can be done, so that it takes next to nothing from who answers."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        proof = b64encode(f"{user}:{password}".encode()).decode()
        self._headers = f" HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Basic {proof}\r\n\r\n"

    def get(self, path: str) -> None:
        """Ask, and read the answer to its end. RuntimeError where it is no 200."""
        self._socket.sendall(f"GET {path}{self._headers}".encode())
        head, found, body = b"", -1, b""
        while found < 0:
            head += self._more()
            found = head.find(b"\r\n\r\n")
        head, body = head[:found].lower(), head[found + 4 :]
        if not head.startswith(b"http/1.1 200"):
            raise RuntimeError(f"GET {path}: {head.decode()}")
        left = int(head.split(b"content-length:")[1].split(b"\r\n")[0]) - len(body)
        while left > 0:
            left -= len(self._more())

    def _more(self) -> bytes:
        part = self._socket.recv(262_144)
        if not part:
            raise RuntimeError("the API has closed the connection")
        return part
