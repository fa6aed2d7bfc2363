"""Answers 503 where an answer has not begun in time. Chunks of a body start the time anew: uploads have a limit of
their own (TENDERLAKE_UPLOAD_IDLE_SECONDS). What has begun, such as a stream of events or an export, is not limited."""

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import RETRY_AFTER_SECONDS, problem
from domain.shared.errors import RetryableError


class TimeLimit:
    """ASGI middleware around the whole application. The endpoint goes on, in its thread; its answer is discarded."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        seconds = scope["app"].state.container.settings.request_seconds
        loop, begun, refusal = asyncio.get_running_loop(), False, None

        def refuse() -> None:
            nonlocal refusal
            if not begun:
                refusal = loop.create_task(_refusal(scope, seconds, receive, send))

        timer = loop.call_later(seconds, refuse)

        async def receive_and_restart() -> Message:
            nonlocal timer
            message = await receive()
            if message["type"] == "http.request" and not begun and refusal is None:
                timer.cancel()
                timer = loop.call_later(seconds, refuse)
            return message

        async def send_in_time(message: Message) -> None:
            nonlocal begun
            if refusal is not None:
                return
            if not begun:
                begun = True
                timer.cancel()
            await send(message)

        try:
            await self.app(scope, receive_and_restart, send_in_time)
        finally:
            timer.cancel()
            if refusal is not None:
                await refusal


async def _refusal(scope: Scope, seconds: float, receive: Receive, send: Send) -> None:
    detail = f"the request took longer than {seconds:g} s, the limit of TENDERLAKE_REQUEST_SECONDS; narrow it"
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    answer = problem(scope["path"], 503, RetryableError.title, detail, headers, retry_after=RETRY_AFTER_SECONDS)
    await answer(scope, receive, send)
