"""HEAD wherever GET is answered: the same status and headers, without the body."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send


class _Answered(Exception):  # noqa: N818
    """Raised into the application once the headers are out: its body is not wanted, and may have no end."""


class HeadRequests:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        answered = False

        async def headers_alone(message: Message) -> None:
            nonlocal answered
            await send(message)
            if message["type"] == "http.response.start":
                answered = True
                await send({"type": "http.response.body", "body": b""})
                raise _Answered

        try:
            await self.app({**scope, "method": "GET"}, receive, headers_alone)
        except Exception:  # pylint: disable=broad-exception-caught  # `_Answered`, in whatever a framework wraps it
            if not answered:
                raise
