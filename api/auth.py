"""Who is calling: HTTP Basic or a bearer token, and the role that an endpoint needs."""

from base64 import b64decode
from binascii import Error as Broken
from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBasic, OAuth2PasswordBearer
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from api.container import Container, container
from api.door import Door
from domain.errors import ForbiddenError, UnauthorizedError
from domain.user import Role, User
from services.intake.users import Callers


class BasicScheme(HTTPBasic):
    """HTTP Basic for OpenAPI alone: FastAPI decodes credentials as ASCII (RFC 7617 allows UTF-8) and has a 401 of its own."""

    async def __call__(self, request: HTTPConnection) -> None:
        """Does nothing: `proven` reads the header."""


class TokenScheme(OAuth2PasswordBearer):
    """Bearer tokens for OpenAPI alone."""

    async def __call__(self, request: HTTPConnection) -> None:
        """Does nothing: `proven` reads the header."""


basic = BasicScheme(auto_error=False, scheme_name="basic", description="user name and password at every call, in UTF-8 (RFC 7617)")
bearer = TokenScheme("/v1/auth/token", auto_error=False, scheme_name="token", description="a token from POST /v1/auth/token")


def needs(role: Role) -> Callable[..., Awaitable[User]]:
    """A dependency that lets callers of this role or above through and answers with the caller."""

    async def check(request: Request, here: Annotated[Container, Depends(container)]) -> User:
        user = await run_in_threadpool(proven, request, here.callers)
        return allow(user or await checked(request, here.door), role)

    return check


def allow(user: User, role: Role) -> User:
    """The caller, who has this role or one above. ForbiddenError for anyone else."""
    if not user.role.reaches(role):
        raise ForbiddenError(f"this needs the role {role}; {user.name} is a {user.role}")
    return user


def proven(request: Request, callers: Callers) -> User | None:
    """The user that the Authorization header proves; None where a password must be checked first. UnauthorizedError without a header. Blocks a little."""
    scheme, _, proof = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return callers.remembered(*credentials(proof))
    if scheme.lower() == "bearer":
        return callers.by_token(proof.strip())
    raise UnauthorizedError("sign in with HTTP Basic, or with a token from POST /v1/auth/token")


async def checked(request: Request, door: Door) -> User:
    """The user of the Basic header's password. Errors as for `Door.check`."""
    return await door.check(*credentials(request.headers.get("authorization", "").partition(" ")[2]))


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
Reader = Annotated[User, Depends(needs(Role.READER))]
Writer = Annotated[User, Depends(needs(Role.WRITER))]
Admin = Annotated[User, Depends(needs(Role.ADMIN))]
