"""Security headers of every response (OWASP Secure Headers)."""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}
POLICY = "default-src 'none'; frame-ancestors 'none'"
# The page /docs runs an inline script, which loads the API's description and calls the API.
DOCS_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DOCS_PATH = "/docs"
HSTS = "max-age=31536000"  # a year


class SecureHeaders:
    """ASGI middleware that adds the headers, unless a response has its own.

    `Cross-Origin-Resource-Policy` is left out where CORS is on, `Strict-Transport-Security` is sent over https only.
    """

    def __init__(self, app: ASGIApp, *, cross_origin: bool = False) -> None:
        self.app = app
        self._headers = {
            name: value
            for name, value in HEADERS.items()
            if not (cross_origin and name == "Cross-Origin-Resource-Policy")
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        docs = scope["path"] == DOCS_PATH or scope["path"].startswith(f"{DOCS_PATH}/")
        added = self._headers | {"Content-Security-Policy": DOCS_POLICY if docs else POLICY}
        if scope.get("scheme") == "https":
            added["Strict-Transport-Security"] = HSTS

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in added.items():
                    headers.setdefault(name, value)
            await send(message)

        await self.app(scope, receive, send_with_headers)
