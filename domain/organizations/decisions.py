"""Decisions of admins on pairs of organisations, and matches as they are listed."""

from datetime import datetime
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, Field

Choice = Literal["forced", "rejected"]
Status = Literal["proposed", "automatic", "forced", "rejected"]


class Decision(BaseModel):
    """A decision on the pair (left_id < right_id); `decision` None withdraws the one before."""

    left_id: str
    right_id: str
    decision: Choice | None
    actor: str
    decided_at: datetime
    pending: bool = True

    @property
    def pair(self) -> tuple[str, str]:
        """The two organisations in order."""
        return self.left_id, self.right_id


class MatchRow(NamedTuple):
    """A scored pair as stored; `evidence` is JSON."""

    left_id: str
    right_id: str
    score: float
    status: str
    reason: str
    evidence: str


class Match(BaseModel):
    """A pair of an organisation with another one."""

    organization_id: str
    name: str | None
    score: float | None
    status: Status
    reason: str
    evidence: dict[str, Any] | None
    decided_by: str | None = None
    decided_at: datetime | None = None
    pending: bool = Field(default=False, description="whether the decision, or its withdrawal, is yet to be applied")


def ordered_pair(one: str, other: str) -> tuple[str, str]:
    """The two ids in order, as pairs are stored."""
    return (one, other) if one < other else (other, one)
