"""Organisations for readers: identity, members, versions and totals; and the matches of one, with their evidence."""

from typing import Any

import orjson
from pydantic import BaseModel, Field

from domain.lake.flattening.organization_identity import UNKNOWN
from domain.organizations.blocking import BLOCK_MAX_ORGANIZATIONS
from domain.organizations.decisions import Decision, Match, MatchRow
from domain.shared.errors import NotFoundError
from domain.star.organization_totals import ANY_ROLE
from domain.star.queries import Condition, RowQuery, Sort
from services.ports.warehouse import ReadUnitOfWork, Warehouse

MAX_VERSIONS = 1_000
VERSION_FIELDS = (
    *("organization_id", "name", "legal_name", "scheme", "identifier"),
    *("street", "locality", "region", "postal_code", "country"),
    *("valid_from", "valid_to", "is_current", "reference"),
)


class RoleTotals(BaseModel):
    """What an organisation did in a role; `any` counts each process once. Money is of awards with a known amount."""

    role: str = Field(examples=["buyer"])
    processes: int
    awards: int
    priced: int = Field(description="awards whose amount in the base currency is known")
    amount_base: float | None = Field(description="their sum in the base currency; null if none is known")


class OrganizationDetail(BaseModel):
    """An organisation with all ids that mean it."""

    id: str
    identity: str = Field(description="the id that stands for all members")
    name: str | None
    members: list[str] = Field(description="the ids that mean this organisation")
    versions: list[dict[str, Any]] = Field(
        description=f"names and addresses of the members, the newest first (type 2 history; at most {MAX_VERSIONS})"
    )
    totals: list[RoleTotals]
    base_currency: str
    links: dict[str, str] = {}


class OrganizationMatches(BaseModel):
    """The pairs of an organisation with others."""

    items: list[Match]
    next: None = None
    left_out: list[str] = Field(description="blocks of more organisations than are compared with each other")


def get_organization(warehouse: Warehouse, organization_id: str, base_currency: str) -> OrganizationDetail:
    """The organisation that this id means. NotFoundError if gold has none."""
    with warehouse.read() as work:
        identity = _identity(work, organization_id)
        members = list(work.organization_matches.members_of([identity]))
        where = (Condition("identity", "eq", (identity,)),)
        newest = (Sort("is_current", descending=True), Sort("valid_from", descending=True))
        query = RowQuery("organization", where, newest, None, MAX_VERSIONS, VERSION_FIELDS)
        versions = work.star_reader.rows(query).rows
        totals = work.search_rows.organizations([identity]).totals.to_dicts()
    names = [row["name"] or row["legal_name"] for row in versions if row["organization_id"] == identity]
    return OrganizationDetail(
        id=organization_id,
        identity=identity,
        name=next((name for name in names if name), None),
        members=members,
        versions=versions,
        totals=[_role_totals(row) for row in totals],
        base_currency=base_currency,
    )


def list_matches(warehouse: Warehouse, organization_id: str) -> OrganizationMatches:
    """The matches and decisions of the organisation, the best first. NotFoundError if gold has none of that id."""
    with warehouse.read() as work:
        _identity(work, organization_id)
        rows = work.organization_matches.matches(organization_id)
        decisions = {one.pair: one for one in work.organization_matches.decisions([organization_id])}
        pairs = {(row.left_id, row.right_id) for row in rows} | decisions.keys()
        others = {_other(pair, organization_id) for pair in pairs}
        names = dict(work.organization_matches.profiles(others).select("organization_id", "name").iter_rows())
        blocks = work.organization_matches.blocks_of([organization_id])["block"]
        sizes = dict(work.organization_matches.block_sizes(blocks).iter_rows())
    scored = {(row.left_id, row.right_id): row for row in rows}
    undecided = [pair for pair in decisions if pair not in scored and decisions[pair].decision]
    return OrganizationMatches(
        items=[
            _match(_other(pair, organization_id), names, scored.get(pair), decisions.get(pair))
            for pair in (*undecided, *scored)
        ],
        left_out=sorted(block for block, size in sizes.items() if size > BLOCK_MAX_ORGANIZATIONS),
    )


def _identity(work: ReadUnitOfWork, organization_id: str) -> str:
    found = work.organization_matches.identities([organization_id]).get(organization_id)
    if found is None or found == UNKNOWN:
        raise NotFoundError(f"there is no organisation {organization_id}")
    return found


def _other(pair: tuple[str, str], organization_id: str) -> str:
    return pair[1] if pair[0] == organization_id else pair[0]


def _match(other: str, names: dict[str, str], row: MatchRow | None, decision: Decision | None) -> Match:
    decided = decision if decision is not None and decision.decision else None
    status = (decided.decision if decided else None) or (row.status if row else "proposed")
    return Match(
        organization_id=other,
        name=names.get(other),
        score=row.score if row else None,
        status=status,
        reason="decision" if decided else row.reason if row else "decision",
        evidence=orjson.loads(row.evidence) if row else None,
        decided_by=decided.actor if decided else None,
        decided_at=decided.decided_at if decided else None,
        pending=decision is not None and decision.pending,
    )


def _role_totals(row: dict[str, Any]) -> RoleTotals:
    amount = row["cents"] / 100 if row["priced"] else None
    shown = {name: row[name] for name in ("processes", "awards", "priced")}
    return RoleTotals(role=row["role"] if row["role"] != ANY_ROLE else "any", amount_base=amount, **shown)
