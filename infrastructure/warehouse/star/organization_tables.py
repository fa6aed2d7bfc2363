"""Tables of the matching of organisations."""

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Double, Index
from sqlmodel import Field, SQLModel

from infrastructure.warehouse.column_types import BigId
from infrastructure.warehouse.columns import instant


class OrganizationProfile(SQLModel, table=True):
    """What an organisation is compared by (domain/organizations/profiles.py)."""

    __tablename__ = "organization_profile"
    organization_id: str = Field(primary_key=True)
    name: str
    core: str
    joined: str
    form: str | None = None
    scheme: str | None = None
    number: str | None = None
    country: str | None = None
    postal_code: str | None = None
    locality: str | None = None
    address: str | None = None


class OrganizationBlock(SQLModel, table=True):
    """The blocks of an organisation (domain/organizations/blocking.py)."""

    __tablename__ = "organization_block"
    block: str = Field(primary_key=True)
    organization_id: str = Field(primary_key=True, index=True)


class OrganizationMatch(SQLModel, table=True):
    """A scored pair of organisations, left before right; `qualified`: good enough for a merge on its own."""

    __tablename__ = "organization_match"
    match_key: int = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=False))
    left_id: str = Field(index=True)
    right_id: str = Field(index=True)
    score: float = Field(sa_column=Column(Double(), nullable=False))
    qualified: bool = Field(sa_column=Column(Boolean(), nullable=False))
    status: str
    reason: str
    evidence: str


class OrganizationDecision(SQLModel, table=True):
    """An admin's decision on a pair of organisations, left before right: forced or rejected; survives rebuilds.

    `pending`: the match stage has not applied it. A withdrawn one (`decision` null) is deleted once it is applied.
    """

    __tablename__ = "organization_decision"
    __table_args__ = (Index("ix_organization_decision_right", "right_id"),)
    left_id: str = Field(primary_key=True)
    right_id: str = Field(primary_key=True)
    decision: str | None = None
    actor: str
    decided_at: datetime = instant()
    pending: bool = Field(default=True, sa_column=Column(Boolean(), nullable=False))


TABLES: tuple[Any, ...] = (OrganizationProfile, OrganizationBlock, OrganizationMatch)
"""The tables that are made from gold; decisions are not."""
