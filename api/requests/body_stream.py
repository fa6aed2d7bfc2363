"""The body of a request as it comes in. A client that stops sending in the middle is not waited for longer than the settings say."""

import asyncio
from collections.abc import AsyncIterator

from fastapi import Request

from api.context import get_context
from domain.shared.errors import StalledError


async def body_chunks(request: Request) -> AsyncIterator[bytes]:
    """The body's pieces. StalledError where none comes for TENDERLAKE_UPLOAD_IDLE_SECONDS."""
    idle_seconds = (await get_context(request)).settings.upload_idle_seconds
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(idle_seconds):
                piece = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError as error:
            said = f"nothing more of the body came for {idle_seconds:g} s, the longest pause that TENDERLAKE_UPLOAD_IDLE_SECONDS allows; nothing of it is kept"
            raise StalledError(said) from error
        yield piece
