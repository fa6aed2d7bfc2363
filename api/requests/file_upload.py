"""Streams an uploaded file from the socket to the file store, in chunks of about 1 MiB, off the event loop."""

from collections.abc import AsyncIterator
from typing import NamedTuple

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.requests.body_stream import body_chunks
from api.requests.multipart import FilePart
from domain.shared.errors import InvalidError, TooLargeError
from services.ports.files import StoredFiles

CHUNK_BYTES = 1024 * 1024


class ReceivedFile(NamedTuple):
    """A stored file; `filename` as given in the form, None without a form."""

    sha256: str
    size: int
    filename: str | None


async def receive_file(request: Request, files: StoredFiles, limit: int) -> ReceivedFile:
    """Store the file of the request; returns its hash, size and name.

    TooLargeError above `limit` bytes, InvalidError for a malformed form, NoSpaceError on a full disk, StalledError.
    Nothing is kept if the upload fails or the client disconnects.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit + CHUNK_BYTES:  # a form adds boundaries and headers
        raise _too_large(limit)
    content_type = request.headers.get("content-type", "")
    form = FilePart(content_type) if content_type.lower().startswith("multipart/form-data") else None
    receiver = await run_in_threadpool(files.receive)
    try:
        async for chunk in _file_chunks(request, form):
            if receiver.size + len(chunk) > limit:
                raise _too_large(limit)
            await run_in_threadpool(receiver.write, chunk)
        if receiver.size == 0:
            raise InvalidError("the file is empty")
        sha256, size = await run_in_threadpool(receiver.finish)
    finally:
        receiver.abort()
    return ReceivedFile(sha256, size, form.filename if form else None)


async def _file_chunks(request: Request, form: FilePart | None) -> AsyncIterator[bytes]:
    buffer = bytearray()
    try:
        async for chunk in body_chunks(request):
            buffer += form.feed(chunk) if form else chunk
            if len(buffer) >= CHUNK_BYTES:
                yield bytes(buffer)
                buffer.clear()
    except ClientDisconnect as error:
        raise InvalidError("the client disconnected before the upload was complete") from error
    if form:
        form.finish()
    if buffer:
        yield bytes(buffer)


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(
        f"the file is larger than the {limit} bytes that TENDERLAKE_MAX_UPLOAD_BYTES allows", limit=limit
    )
