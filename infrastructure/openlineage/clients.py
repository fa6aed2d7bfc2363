"""The client of the OpenLineage library, over a file, an HTTP endpoint or both."""

import os
from pathlib import Path
from typing import Any

REQUEST_SECONDS = 3.0


def connect(path: Path | None, url: str | None, key: str | None) -> "Clients":
    """Clients that append to the file and post to the service."""
    return Clients([*([file_client(path)] if path else []), *([http_client(url, key)] if url else [])])


class Clients:
    """Several clients as one; each gets every event, also where another one fails."""

    def __init__(self, clients: list[Any]) -> None:
        self._clients = clients

    def emit(self, event: Any) -> None:
        """Send the event. The first error is raised once all have it."""
        errors = []
        for client in self._clients:
            try:
                client.emit(event)
            except Exception as error:  # pylint: disable=broad-exception-caught  # raised below
                errors.append(error)
        if errors:
            raise errors[0]


def file_client(path: Path) -> Any:
    """A client that appends events as lines of JSON.

    Each line is one write to the end of the file, since several workers share it; the library's own transport writes
    long lines in parts.
    """
    from openlineage.client import OpenLineageClient
    from openlineage.client.serde import Serde
    from openlineage.client.transport.transport import Transport

    class AppendedLines(Transport):
        """Appends events to the file."""

        kind = "file"

        def emit(self, event: Any) -> None:
            """Write one line."""
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                os.write(descriptor, f"{Serde.to_json(event)}\n".encode())
            finally:
                os.close(descriptor)

    return OpenLineageClient(transport=AppendedLines())


def http_client(url: str, key: str | None) -> Any:
    """A client that posts events to `{url}/api/v1/lineage`, once each; the key is sent as a bearer token."""
    from openlineage.client import OpenLineageClient
    from openlineage.client.transport.http import ApiKeyTokenProvider, HttpConfig, HttpTransport

    config = HttpConfig(url=url, timeout=REQUEST_SECONDS, retry={"total": 0})
    if key:
        config.auth = ApiKeyTokenProvider({"apiKey": key})
    return OpenLineageClient(transport=HttpTransport(config))
