"""Outermost middleware: refuses paths and queries that are not valid text, and answers unexpected errors with a problem
document (RFC 9457)."""

from urllib.parse import unquote_to_bytes

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import problem, unexpected_error


class RequestGuard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if not readable(scope):
            refused = problem(
                "",
                400,
                "The request can't be used",
                "path and query must be UTF-8 without null characters, the path without line feeds",
            )
            await refused(scope, receive, send)
            return
        started = False

        async def send_and_note_start(message: Message) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self.app(scope, receive, send_and_note_start)
        except Exception as error:  # pylint: disable=broad-exception-caught
            if started:
                raise
            await unexpected_error(scope["path"], error)(scope, receive, send)


def readable(scope: Scope) -> bool:
    """Whether path and query decode as UTF-8 without NUL characters, which databases refuse; and the path without line
    feeds, which no route matches."""
    path = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogatepass")
    if b"\n" in unquote_to_bytes(path):
        return False
    for raw in (path, scope.get("query_string", b"")):
        plain = unquote_to_bytes(raw)
        try:
            plain.decode()
        except UnicodeDecodeError:
            return False
        if b"\0" in plain:
            return False
    return True
