"""Reads the body of a request in chunks; a client that pauses too long is refused."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request

from api.context import get_context
from domain.shared.errors import StalledError


async def body_chunks(request: Request) -> AsyncIterator[bytes]:
    """The chunks of the body. StalledError if none arrives for TENDERLAKE_UPLOAD_IDLE_SECONDS."""
    idle_seconds = (await get_context(request)).settings.upload_idle_seconds
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(idle_seconds):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            reason = (
                f"no more of the body arrived for {idle_seconds:g} s, the longest pause that "
                "TENDERLAKE_UPLOAD_IDLE_SECONDS allows; nothing of it is kept"
            )
            raise StalledError(reason) from error
        yield chunk
