"""Limits concurrent password checks: argon2 takes about half a second and 64 MiB for each."""

from asyncio import Semaphore

from starlette.concurrency import run_in_threadpool

from domain.shared.errors import UnauthorizedError, UnavailableError
from domain.users.user import User
from services.users.authentication import Authenticator
from services.users.login_throttle import LoginThrottle

CONCURRENT_CHECKS = 2
MAX_WAITING_REQUESTS = 500  # users whose password is cached don't wait


class PasswordChecker:
    """Checks passwords, `CONCURRENT_CHECKS` at a time.

    Waiting requests hold no thread, so that password guessing doesn't block other requests.
    """

    def __init__(self, callers: Authenticator, throttle: LoginThrottle) -> None:
        self._throttle = throttle
        self._callers = callers
        self._gate = Semaphore(CONCURRENT_CHECKS)
        self._waiting = 0

    async def check(self, name: str, password: str, address: str) -> User:
        """The user of that name and password, sent from this address.

        UnauthorizedError if wrong, TooManyRequestsError after repeated failures, UnavailableError if too many wait.
        """
        self._throttle.check(name, address)
        if self._waiting >= MAX_WAITING_REQUESTS:
            raise UnavailableError(
                "too many password checks are waiting; try again, or use a token from POST /v1/auth/token, which needs "
                "no check"
            )
        self._waiting += 1
        try:
            async with self._gate:
                self._throttle.check(name, address)
                user = await run_in_threadpool(self._callers.authenticate, name, password)
        except UnauthorizedError:
            self._throttle.failed(name, address)
            await run_in_threadpool(self._callers.record_failure, name, address)
            raise
        finally:
            self._waiting -= 1
        self._throttle.succeeded(name, address)
        return user
