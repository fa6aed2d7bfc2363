"""/v1/organizations/{id}: an organisation under all its ids, its matches with others, and decisions on them."""

from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import Path
from pydantic import Field
from starlette.responses import Response

from api.auth import Admin, Reader
from api.context import AppContext, Context
from api.openapi import answers
from api.requests.parameters import strict_router
from api.requests.strict_body import StrictBody
from api.v1.job_responses import CHANGE, ChangeOptions, Options, accepted
from api.v1.raw_record_bodies import fingerprint
from api.v1.schemas import JobAnswer
from domain.organizations.decisions import Choice
from domain.raw_records.record import RECORD_ID_MAX_CHARACTERS
from domain.users.user import User
from services.organizations.decisions import decide
from services.organizations.queries import (
    OrganizationDetail,
    OrganizationMatches,
    get_organization,
    list_matches,
)

router = strict_router("/v1/organizations", "organizations")
CHOICES: dict[str, Choice] = {"force": "forced", "reject": "rejected"}
Id = Annotated[
    str,
    Path(description="any id of the organisation", examples=["GB-COH-01234567"], max_length=RECORD_ID_MAX_CHARACTERS),
]
Other = Annotated[str, Path(description="an id of the other organisation", max_length=RECORD_ID_MAX_CHARACTERS)]
DECISION: dict[str, Any] = {"status_code": 202, "response_model": JobAnswer, "responses": {**CHANGE, **answers(404)}}


class DecisionBody(StrictBody):
    """What an admin decides on a pair of organisations."""

    decision: Literal["force", "reject"] = Field(description="force: they are one; reject: they are never joined")


class PairBody(DecisionBody):
    """A decision, and the other organisation."""

    organization_id: str = Field(
        description="an id of the other organisation", max_length=RECORD_ID_MAX_CHARACTERS, examples=["GB-CFS-1234"]
    )


@router.get("/{organization_id:path}/matches", responses=answers(404))
def matches(organization_id: Id, context: Context, _: Reader) -> OrganizationMatches:
    """List the pairs of an organisation with others: score, reason, evidence, status; proposals too."""
    return list_matches(context.parts.warehouse, organization_id)


@router.post("/{organization_id:path}/matches", **DECISION)
def add_decision(organization_id: Id, context: Context, user: Admin, options: Options, body: PairBody) -> Response:
    """Force or reject that two organisations are one; needs the role admin. It survives rebuilds."""
    return _decided(context, user, options, (organization_id, body.organization_id), body)


@router.put("/{organization_id:path}/matches/{other_id:path}", **DECISION)
def put_decision(
    organization_id: Id, other_id: Other, context: Context, user: Admin, options: Options, body: DecisionBody
) -> Response:
    """Force or reject that two organisations are one; needs the role admin. It survives rebuilds."""
    return _decided(context, user, options, (organization_id, other_id), body)


@router.delete("/{organization_id:path}/matches/{other_id:path}", **DECISION)
def remove_decision(organization_id: Id, other_id: Other, context: Context, user: Admin, options: Options) -> Response:
    """Undo the decision on two organisations: their score counts again; needs the role admin."""
    return _decided(context, user, options, (organization_id, other_id), None)


@router.get("/{organization_id:path}", responses=answers(404))
def organization(organization_id: Id, context: Context, _: Reader) -> OrganizationDetail:
    """Get an organisation: its identity, all ids that mean it, names and addresses over time, totals by role."""
    found = get_organization(context.parts.warehouse, organization_id, context.parts.base_currency)
    path = f"/v1/organizations/{quote(organization_id, safe='')}"
    found.links = {"self": path, "matches": f"{path}/matches"}
    return found


def _decided(
    context: AppContext, user: User, options: ChangeOptions, pair: tuple[str, str], body: DecisionBody | None
) -> Response:
    job = decide(
        context.parts.warehouse,
        context.parts.messages,
        pair,
        CHOICES[body.decision] if body else None,
        actor=user.name,
        idempotency=options.idempotency_key(user, fingerprint(body.model_dump_json().encode() if body else b"")),
        webhook=options.job_webhook(context),
    )
    return accepted(context, options, job)
