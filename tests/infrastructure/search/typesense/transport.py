"""An HTTP transport that passes requests to the stand-in server and checks requests and responses against the API
description; scripted failures are answered first.
"""

import json
from collections import deque
from collections.abc import Callable
from typing import Any

import httpx

from tests.infrastructure.search.typesense.conformance import check_request, check_response
from tests.infrastructure.search.typesense.stand_in.server import Typesense

Failure = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response | None]


class Recording(httpx.BaseTransport):
    """All checked requests. `failures` are used first, one per request; a callable that returns None lets a request
    pass.
    """

    def __init__(self, server: Typesense) -> None:
        self.server = server
        self.requests: list[httpx.Request] = []
        self.failures: deque[Failure] = deque()
        self.problems: list[str] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        self._held(lambda: check_request(request))
        failed = self._failed(request)
        if failed is not None:
            return failed
        key = request.headers.get("X-TYPESENSE-API-KEY")
        status, body = self.server.handle(
            request.method, request.url.path, dict(request.url.params), request.content, key
        )
        self._held(lambda: check_response(request, status, body))
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        return httpx.Response(status, content=content)

    def _failed(self, request: httpx.Request) -> httpx.Response | None:
        if not self.failures:
            return None
        failure = self.failures.popleft()
        if isinstance(failure, Exception):
            raise failure
        if isinstance(failure, httpx.Response):
            return failure
        return failure(request)

    def _held(self, check: Callable[[], None]) -> None:
        """Record the violation and raise it, so that no retry or error handler hides it."""
        try:
            check()
        except AssertionError as error:
            self.problems.append(str(error))
            raise


def refusal(status: int, message: str, **headers: Any) -> httpx.Response:
    """An error response."""
    return httpx.Response(
        status,
        json={"message": message},
        headers={name.replace("_", "-"): str(value) for name, value in headers.items()},
    )
