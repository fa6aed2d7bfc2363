"""A client that stops sending in the middle gets a 408 or a closed connection, and leaves nothing on disk."""

import socket
from base64 import b64encode
from pathlib import Path

import pytest

from tests.api.jobs.conftest import Live

FORM = b"--x\r\ncontent-disposition: form-data; name=file; filename=a.json\r\n\r\nhalf of it"
AUTH = b"authorization: Basic " + b64encode(b"admin:admin!")


def stalled(
    live: Live, path: bytes, content_type: bytes, sent: bytes, length: bytes = b"content-length: 1000"
) -> bytes:
    """The whole response to a request whose body stalls after `sent`, until the server closes the connection."""
    port = int(live.url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=60) as client:
        head = b"\r\n".join(
            [b"POST " + path + b" HTTP/1.1", b"host: here", AUTH, b"content-type: " + content_type, length]
        )
        client.sendall(head + b"\r\n\r\n" + sent)
        said = b""
        while piece := client.recv(65_536):
            said += piece
        return said


def leftovers(live: Live) -> list[Path]:
    return list((live.settings.data_dir / "files" / "incoming").glob("*"))


@pytest.mark.parametrize(
    ("path", "content_type", "sent", "length"),
    [
        (b"/v1/uploads", b"multipart/form-data; boundary=x", FORM, b"content-length: 1000"),
        (b"/v1/uploads", b"multipart/form-data; boundary=x", b"--x\r\ncontent-", b"content-length: 1000"),
        (b"/v1/uploads?filename=a.json", b"application/octet-stream", b"half of it", b"content-length: 1000"),
        (b"/v1/uploads?filename=a.json", b"application/octet-stream", b"", b"content-length: 1000"),
        (b"/v1/uploads?filename=a.json", b"application/octet-stream", b"5\r\nhalf \r\n", b"transfer-encoding: chunked"),
        (b"/v1/uploads?filename=a.json", b"application/octet-stream", b"x" * 3_000_000, b"content-length: 3000001"),
        (b"/v1/raw/documents", b"application/pdf", b"%PDF-1.4", b"content-length: 1000"),
        (b"/v1/raw/releases", b"application/json", b"[{", b"content-length: 1000"),
    ],
)
def test_a_body_that_stops_is_answered_408_and_leaves_nothing(
    live: Live, path: bytes, content_type: bytes, sent: bytes, length: bytes
) -> None:
    patient = live.container.settings.upload_idle_seconds
    live.container.settings.upload_idle_seconds = 0.2
    try:
        said = stalled(live, path, content_type, sent, length)
    finally:
        live.container.settings.upload_idle_seconds = patient
    assert said.startswith(b"HTTP/1.1 408")
    assert b"TENDERLAKE_UPLOAD_IDLE_SECONDS" in said
    assert leftovers(live) == []
    assert live.client.get("/v1/jobs").json()["items"] == []
