"""Who is calling: HTTP Basic or a bearer token, and the role that an endpoint needs."""

from base64 import b64decode
from binascii import Error as Broken
from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBasic, OAuth2PasswordBearer

from api.container import Container, container
from domain.errors import ForbiddenError, UnauthorizedError
from domain.user import Role, User
from services.intake.users import Callers

# These two only tell OpenAPI what there is; `caller` reads the header itself, to answer with our errors.
basic = HTTPBasic(auto_error=False, scheme_name="basic", description="user name and password at every call")
bearer = OAuth2PasswordBearer("/v1/auth/token", auto_error=False, scheme_name="token", description="a token from POST /v1/auth/token")


def needs(role: Role) -> Callable[..., User]:
    """A dependency that lets callers of this role or above through and answers with the caller. Runs off the event loop: argon2 is slow."""

    def check(request: Request, here: Annotated[Container, Depends(container)]) -> User:
        return admit(request, here.callers, role)

    return check


def admit(request: Request, callers: Callers, role: Role) -> User:
    """The caller, who has this role or one above. UnauthorizedError, ForbiddenError for anyone else. Blocks: not for the event loop."""
    user = caller(request, callers)
    if not user.role.reaches(role):
        raise ForbiddenError(f"this needs the role {role}; {user.name} is a {user.role}")
    return user


def caller(request: Request, callers: Callers) -> User:
    """The user that the Authorization header proves. UnauthorizedError without one."""
    scheme, _, proof = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return callers.by_password(*credentials(proof))
    if scheme.lower() == "bearer":
        return callers.by_token(proof.strip())
    raise UnauthorizedError("sign in with HTTP Basic, or with a token from POST /v1/auth/token")


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
