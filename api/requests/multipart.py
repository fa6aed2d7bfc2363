"""Extracts the `file` part of a multipart form from the stream, without buffering or spooling it.

Refuses a form without a `file` part, with two of them, or that is incomplete.
"""

from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from domain.shared.errors import InvalidError

FIELD = b"file"
PART_HEADERS_MAX_BYTES = 16_384
PART_EVENTS = ("part_begin", "part_data", "part_end", "header_field", "header_value", "header_end", "headers_finished")


class FilePart:
    """Incremental parser: takes chunks of the body, returns the bytes of the file."""

    def __init__(self, content_type: str) -> None:
        _, options = parse_options_header(content_type)
        boundary = options.get(b"boundary")
        if not boundary:
            raise InvalidError("the multipart form names no boundary")
        self.filename: str | None = None
        self.found = False
        self._ended = False
        self._inside = False
        self._headers: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._out: list[bytes] = []
        callbacks: Any = {f"on_{name}": getattr(self, f"_{name}") for name in (*PART_EVENTS, "end")}
        try:
            self._parser = MultipartParser(boundary, callbacks)
        except FormParserError as error:
            raise InvalidError(f"the multipart form can't be read: {error}") from error

    def feed(self, data: bytes) -> bytes:
        """Parse the next chunk of the body; returns the bytes of the file in it."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise InvalidError(f"the multipart form can't be read: {error}") from error
        out, self._out = b"".join(self._out), []
        return out

    def finish(self) -> None:
        """Signal the end of the body. InvalidError if the form is incomplete or has no file."""
        if not self._ended:
            raise InvalidError("the multipart form is incomplete: its closing boundary is missing")
        if not self.found:
            raise InvalidError("the multipart form has no field named file that holds a file")

    def _part_begin(self) -> None:
        self._headers = {}

    def _header_field(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]
        self._limit_header()

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._limit_header()

    def _limit_header(self) -> None:
        if len(self._name) + len(self._value) > PART_HEADERS_MAX_BYTES:
            raise InvalidError("the headers of a part of the multipart form are too long")

    def _header_end(self) -> None:
        self._headers[self._name.lower()] = self._value
        self._name = self._value = b""

    def _headers_finished(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._inside = options.get(b"name") == FIELD
        if not self._inside:
            return
        if self.found:
            raise InvalidError(
                "the multipart form has more than one file; send each in its own request, as each becomes a job"
            )
        self.found = True
        name = options.get(b"filename")
        self.filename = name.decode("utf-8", "replace") if name else None

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._inside:
            self._out.append(data[start:end])

    def _part_end(self) -> None:
        self._inside = False

    def _end(self) -> None:
        self._ended = True
