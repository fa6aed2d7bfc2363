"""POST and DELETE /v1/auth/token: credentials for a token, and its revocation."""

from typing import Annotated, Any
from urllib.parse import parse_qsl

import orjson
from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from api.auth import client_address, credentials
from api.context import Context
from api.openapi import answers
from api.requests.body_stream import body_chunks
from api.v1.schemas import TokenAnswer
from domain.shared.errors import InvalidError, TooLargeError, UnauthorizedError
from domain.users.api_key import PREFIX
from domain.users.security_event import SecurityAction
from services.users.security_log import record

BODY_MAX_BYTES = 16_384  # bytes of the body
FIELDS = {
    "type": "object",
    "required": ["username", "password"],
    "properties": {"username": {"type": "string"}, "password": {"type": "string"}},
}
EXAMPLE = {"username": "admin", "password": "correct horse"}
FORMS = {
    name: {"schema": FIELDS, "example": EXAMPLE} for name in ("application/x-www-form-urlencoded", "application/json")
}
BODY: dict[str, Any] = {"requestBody": {"required": False, "content": FORMS}, "security": [{}, {"basic": []}]}
router = APIRouter(prefix="/v1/auth", tags=["auth"])


async def signed_in(request: Request) -> tuple[str, str]:
    """User name and password of the request: from its Basic header, else its form, else its JSON."""
    scheme, _, proof = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic":
        return credentials(proof)
    body = b""
    async for chunk in body_chunks(request):
        body += chunk
        if len(body) > BODY_MAX_BYTES:
            raise TooLargeError(f"credentials take {BODY_MAX_BYTES} bytes at most")
    given = _fields(body, request.headers.get("content-type", ""))
    name, password = given.get("username"), given.get("password")
    if not isinstance(name, str) or not isinstance(password, str):
        raise InvalidError("username and password are needed: as a form, as JSON, or as HTTP Basic")
    return name, password


@router.post("/token", responses=answers(400, 401, 405, 408, 413, 422, 429, 500, 503, 507), openapi_extra=BODY)
async def token(
    request: Request, response: Response, context: Context, who: Annotated[tuple[str, str], Depends(signed_in)]
) -> TokenAnswer:
    """Get a token for a user name and password (the password form of OAuth 2, the same as JSON, or HTTP Basic)."""
    address = client_address(request)
    user = await context.password_checker.check(*who, address)
    made = context.authenticator.issue_token(user)
    await run_in_threadpool(record, context.parts.warehouse, SecurityAction.TOKEN_ISSUED, user.name, address)
    response.headers["Cache-Control"] = "no-store"
    return TokenAnswer(access_token=made.value, expires_in=made.seconds)


@router.delete(
    "/token",
    status_code=204,
    response_class=Response,
    responses=answers(400, 401, 405, 500, 503, 507),
    openapi_extra={"security": [{"token": []}]},
)
def revoke(request: Request, context: Context) -> None:
    """Revoke the token that the request is sent with."""
    scheme, _, proof = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "basic" or proof.strip().startswith(PREFIX):
        raise InvalidError("send the token to revoke as a bearer token; DELETE /v1/api-keys/{id} revokes an API key")
    if scheme.lower() != "bearer":
        raise UnauthorizedError("send the token to revoke as a bearer token")
    user = context.authenticator.revoke_token(proof.strip())
    record(context.parts.warehouse, SecurityAction.TOKEN_REVOKED, user.name, client_address(request))


def _fields(body: bytes, content_type: str) -> dict[str, Any]:
    try:
        if "json" in content_type or body.lstrip().startswith(b"{"):
            found = orjson.loads(body)
            return found if isinstance(found, dict) else {}
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    except ValueError as error:
        raise InvalidError("the body is neither a form nor JSON") from error
