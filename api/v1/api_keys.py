"""/v1/api-keys: credentials for machines."""

from datetime import datetime
from typing import Annotated, Self

from fastapi import Path, Request
from pydantic import BaseModel, Field
from starlette.responses import Response

from api.auth import Admin, client_address
from api.context import Context
from api.openapi import answers
from api.requests.parameters import strict_router
from api.requests.strict_body import StrictBody
from domain.users.api_key import DEFAULT_DAYS, MAX_DAYS, NAME_MAX_CHARACTERS, ApiKey
from domain.users.user import Role
from services.users import api_keys as services

router = strict_router("/v1/api-keys", "auth")
Id = Annotated[str, Path(description="the key's id", max_length=100)]


class ApiKeyBody(StrictBody):
    """Name, role and lifetime of a key."""

    name: str = Field(
        description="what the key is for",
        examples=["nightly import"],
        min_length=1,
        max_length=NAME_MAX_CHARACTERS,
        pattern=r"\S",
    )
    role: Role = Field(description="what the key may do; at most the role of the caller", examples=["writer"])
    expires_in_days: int = Field(DEFAULT_DAYS, description="lifetime in days", ge=1, le=MAX_DAYS)


class ApiKeyAnswer(BaseModel):
    """A key; its text is not shown."""

    id: str
    name: str
    role: Role
    owner: str = Field(description="the user for whom the key acts")
    hint: str = Field(description="the first characters of the key", examples=["tl_4fQx9"])
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None = Field(description="to the minute; null if never")
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey) -> Self:
        """Build the answer, without the hash."""
        return cls(**key.model_dump(include=set(cls.model_fields)))


class NewApiKey(ApiKeyAnswer):
    """A new key with its text, which is shown this once."""

    key: str = Field(description="the key: send it as `Authorization: Bearer tl_…`")


class ApiKeys(BaseModel):
    """All API keys, oldest first."""

    items: list[ApiKeyAnswer]


@router.get("")
def api_keys(context: Context, _: Admin) -> ApiKeys:
    """List the API keys, oldest first, including expired and revoked ones."""
    return ApiKeys(items=[ApiKeyAnswer.of(key) for key in services.list_api_keys(context.parts.warehouse)])


@router.post("", status_code=201)
def create(context: Context, request: Request, response: Response, user: Admin, body: ApiKeyBody) -> NewApiKey:
    """Create an API key that acts for the caller. The answer shows the key, this once."""
    made, key = services.create_api_key(
        context.parts.warehouse, user, body.name, body.role, body.expires_in_days, client_address(request)
    )
    response.headers["Cache-Control"] = "no-store"
    return NewApiKey(**ApiKeyAnswer.of(made).model_dump(), key=key)


@router.delete("/{key_id}", status_code=204, response_class=Response, responses=answers(404))
def revoke(key_id: Id, context: Context, request: Request, user: Admin) -> None:
    """Revoke an API key. It is refused at once, and stays in the list."""
    services.revoke_api_key(context.parts.warehouse, key_id, user.name, client_address(request))
