"""Outermost middleware: gives every request an id, which its log lines and messages carry, counts it, and logs a line
for changes and failures."""

import re
import secrets
from time import perf_counter

from loguru import logger
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics.request_metrics import UNMATCHED, RequestMetrics
from domain.shared.log_context import reset_log_ids, set_log_ids

HEADER = b"x-request-id"
REQUEST_ID = re.compile(rb"[A-Za-z0-9._:/+=-]{1,128}")  # of callers; others are replaced
QUIET_METHODS = {"GET", "HEAD", "OPTIONS"}  # logged at DEBUG, unless the server failed


class RequestLog:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        begun, status, seconds = perf_counter(), 500, 0.0
        request_id = _request_id(scope)

        async def send_with_id(message: Message) -> None:
            nonlocal status, seconds
            if message["type"] == "http.response.start":
                status, seconds = message["status"], perf_counter() - begun
                message = {**message, "headers": [*message.get("headers", ()), (HEADER, request_id.encode())]}
            await send(message)

        token = set_log_ids({"request_id": request_id})
        try:
            await self.app(scope, receive, send_with_id)
        finally:
            method, route = scope["method"], getattr(scope.get("route"), "path", None) or UNMATCHED
            metrics: RequestMetrics = scope["app"].state.request_metrics
            metrics.observe(method, route, status, seconds or perf_counter() - begun)
            if status >= 500 or method not in QUIET_METHODS:
                logger.info("{} {} {} in {:.1f} ms", method, scope["path"], status, 1_000 * (perf_counter() - begun))
            reset_log_ids(token)


def _request_id(scope: Scope) -> str:
    """The caller's X-Request-ID if it is usable in a log line; otherwise a new one."""
    for name, value in scope["headers"]:
        if name == HEADER:
            return value.decode() if REQUEST_ID.fullmatch(value) else secrets.token_hex(8)
    return secrets.token_hex(8)
