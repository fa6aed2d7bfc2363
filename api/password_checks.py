"""Where passwords are checked: argon2 takes about half a second and 64 MiB for each."""

from asyncio import Semaphore

from starlette.concurrency import run_in_threadpool

from domain.shared.errors import UnavailableError
from domain.users.user import User
from services.users.accounts import Authenticator

CONCURRENT_CHECKS = 2  # passwords checked at a time
MAX_WAITING_REQUESTS = 500  # requests that wait for it at most; those whose password was right meanwhile go on at once


class PasswordChecker:
    """Has passwords checked, a few at a time; the others wait without a thread, so that whoever guesses passwords keeps no request of others waiting."""

    def __init__(self, callers: Authenticator) -> None:
        self._callers = callers
        self._gate = Semaphore(CONCURRENT_CHECKS)
        self._waiting = 0

    async def check(self, name: str, password: str) -> User:
        """The user of that name and password. UnauthorizedError for anyone else, UnavailableError where too many wait already."""
        if self._waiting >= MAX_WAITING_REQUESTS:
            raise UnavailableError("too many passwords wait to be checked; try again, or send a token from POST /v1/auth/token, which takes no check")
        self._waiting += 1
        try:
            async with self._gate:
                return await run_in_threadpool(self._callers.authenticate, name, password)
        finally:
            self._waiting -= 1
