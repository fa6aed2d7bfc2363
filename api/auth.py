"""Authentication (HTTP Basic or bearer token), and the role that an endpoint requires."""

from base64 import b64decode
from binascii import Error as Broken
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBasic, OAuth2PasswordBearer
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from api.context import AppContext, get_context
from api.password_checks import PasswordChecker
from domain.shared.errors import ForbiddenError, UnauthorizedError
from domain.users.user import Role, User
from services.users.authentication import Authenticator

ADDRESS_MAX_CHARACTERS = 64  # a proxy may pass on any text


class BasicScheme(HTTPBasic):
    """Describes HTTP Basic in OpenAPI. FastAPI's own check is limited to ASCII, RFC 7617 allows UTF-8."""

    async def __call__(self, request: HTTPConnection) -> None:
        """Does nothing: `verified_user` reads the header."""


class TokenScheme(OAuth2PasswordBearer):
    """Describes bearer tokens in OpenAPI."""

    async def __call__(self, request: HTTPConnection) -> None:
        """Does nothing: `verified_user` reads the header."""


basic = BasicScheme(
    auto_error=False, scheme_name="basic", description="user name and password at every call, in UTF-8 (RFC 7617)"
)
bearer = TokenScheme(
    "/v1/auth/token",
    auto_error=False,
    scheme_name="token",
    description="a token from POST /v1/auth/token, or an API key (`tl_…`)",
)


def require_role(role: Role) -> Callable[..., Awaitable[User]]:
    """A dependency that returns a caller with this role or a higher one. UnauthorizedError, ForbiddenError,
    TooManyRequestsError."""

    async def check(request: Request, context: Annotated[AppContext, Depends(get_context)]) -> User:
        user = await run_in_threadpool(verified_user, request, context.authenticator)
        found = user or await checked_user(request, context.password_checker, context.authenticator)
        context.request_rate.take(found.name)
        return allow(found, role)

    return check


def allow(user: User, role: Role) -> User:
    """Return the user if they have this role or a higher one. ForbiddenError otherwise."""
    if not user.role.reaches(role):
        raise ForbiddenError(f"this needs the role {role}; {user.name} is a {user.role}")
    return user


def verified_user(request: Request, callers: Authenticator) -> User | None:
    """The user of the Authorization header; None if the password is not cached and needs `checked_user`.

    UnauthorizedError without valid credentials. Blocks: call it in a thread.
    """
    scheme, _, proof = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        user = callers.cached_user(*credentials(proof))
        if user is not None:
            callers.logins.record(user.name, client_address(request))
        return user
    if scheme.lower() == "bearer":
        return callers.user_of_bearer(proof.strip())
    raise UnauthorizedError("sign in with HTTP Basic, with a token from POST /v1/auth/token, or with an API key")


async def checked_user(request: Request, password_checker: PasswordChecker, callers: Authenticator) -> User:
    """The user of the Basic header, after checking the password. Errors as in `PasswordChecker.check`."""
    name, password = credentials(request.headers.get("authorization", "").partition(" ")[2])
    address = client_address(request)
    user = await password_checker.check(name, password, address)
    await run_in_threadpool(callers.logins.record, user.name, address)
    return user


def client_address(request: HTTPConnection) -> str:
    """The address of the client: the peer's, or the one that a trusted proxy names."""
    return request.client.host[:ADDRESS_MAX_CHARACTERS] if request.client else ""


def credentials(proof: str) -> tuple[str, str]:
    """User name and password of a Basic header."""
    try:
        name, colon, password = b64decode(proof.strip(), validate=True).decode().partition(":")
    except (Broken, ValueError) as error:
        raise UnauthorizedError("the Basic credentials can't be read") from error
    if not colon:
        raise UnauthorizedError("the Basic credentials have no password")
    return name, password


SCHEMES = [Depends(basic), Depends(bearer)]
READER = Depends(require_role(Role.READER))
Reader = Annotated[User, READER]
Writer = Annotated[User, Depends(require_role(Role.WRITER))]
Admin = Annotated[User, Depends(require_role(Role.ADMIN))]
