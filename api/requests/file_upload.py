"""An uploaded file from the socket to the store: in pieces of about a mebibyte, hashed and written off the event loop."""

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
    """A stored file; `filename` is what the form said."""

    sha256: str
    size: int
    filename: str | None


async def receive_file(request: Request, files: StoredFiles, limit: int) -> ReceivedFile:
    """Store the request's file. TooLargeError past `limit` bytes, InvalidError for a broken form, NoSpaceError on a full disk, StalledError.

    Whatever ends it early, a client that went away or sends nothing more too, leaves nothing behind.
    """
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limit + CHUNK_BYTES:  # a form's own lines take a little
        raise _too_large(limit)
    content_type = request.headers.get("content-type", "")
    form = FilePart(content_type) if content_type.lower().startswith("multipart/form-data") else None
    receiver = await run_in_threadpool(files.receive)
    try:
        async for piece in _pieces(request, form):
            if receiver.size + len(piece) > limit:
                raise _too_large(limit)
            await run_in_threadpool(receiver.write, piece)
        if receiver.size == 0:
            raise InvalidError("the file is empty")
        sha256, size = await run_in_threadpool(receiver.finish)
    finally:
        receiver.abort()
    return ReceivedFile(sha256, size, form.filename if form else None)


async def _pieces(request: Request, form: FilePart | None) -> AsyncIterator[bytes]:
    held = bytearray()
    try:
        async for chunk in body_chunks(request):
            held += form.feed(chunk) if form else chunk
            if len(held) >= CHUNK_BYTES:
                yield bytes(held)
                held.clear()
    except ClientDisconnect as error:
        raise InvalidError("the upload broke off") from error
    if form:
        form.finish()
    if held:
        yield bytes(held)


def _too_large(limit: int) -> TooLargeError:
    return TooLargeError(f"the file is larger than the {limit} bytes that TENDERLAKE_MAX_UPLOAD_BYTES allows", limit=limit)
