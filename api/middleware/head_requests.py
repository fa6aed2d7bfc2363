"""Answers HEAD on every GET route with the same status and headers, without the body."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class _HeadersSent(Exception):  # noqa: N818
    """Raised into the application once the headers are sent: the body is not needed, and may be endless."""


class HeadRequests:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        headers_sent = False

        async def send_headers_only(message: Message) -> None:
            nonlocal headers_sent
            await send(message)
            if message["type"] == "http.response.start":
                headers_sent = True
                await send({"type": "http.response.body", "body": b""})
                raise _HeadersSent

        inner = {**scope, "method": "GET"}
        try:
            await self.app(inner, receive, send_headers_only)
        except Exception:  # pylint: disable=broad-exception-caught  # `_HeadersSent`, maybe wrapped by the framework
            if not headers_sent:
                raise
        finally:
            scope["route"] = inner.get("route")  # for request_log.py
