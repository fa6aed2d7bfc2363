"""Repository of the matching of organisations. domain/organizations computes what is written."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, and_, delete, func, or_, select, update

from domain.lake.silver import Columns
from domain.organizations.blocking import BLOCKS
from domain.organizations.decisions import Decision, MatchRow
from domain.organizations.profiles import PROFILES, SOURCE
from infrastructure.warehouse.repository import Repository, chunks, dated, table
from infrastructure.warehouse.star.gold_tables import gold_table
from infrastructure.warehouse.star.organization_tables import (
    TABLES,
    OrganizationBlock,
    OrganizationDecision,
    OrganizationMatch,
    OrganizationProfile,
)

PROFILE, BLOCK = table(OrganizationProfile), table(OrganizationBlock)
MATCH, DECISION = table(OrganizationMatch), table(OrganizationDecision)
EDGES: Columns = {"left_id": pl.String, "right_id": pl.String, "score": pl.Float64, "qualified": pl.Boolean}
SIZES: Columns = {"block": pl.String, "size": pl.Int64}
IDENTITIES: Columns = {"organization_id": pl.String, "identity": pl.String}


class OrganizationMatchRepository(Repository):
    """The tables organization_profile, organization_block, organization_match and organization_decision."""

    def sources(self, organization_ids: Iterable[str]) -> pl.DataFrame:
        """All versions (SOURCE) of these organisations."""
        dim = gold_table("dim_organization")
        return self.read_frame(
            select(*[dim.c[name] for name in SOURCE]), SOURCE, (dim.c.organization_id, organization_ids)
        )

    def profiles(self, organization_ids: Iterable[str]) -> pl.DataFrame:
        """The stored profiles (PROFILES) of these organisations."""
        query = select(*[PROFILE.c[name] for name in PROFILES])
        return self.read_frame(query, PROFILES, (PROFILE.c.organization_id, organization_ids))

    def blocks_of(self, organization_ids: Iterable[str]) -> pl.DataFrame:
        """The stored blocks (BLOCKS) of these organisations."""
        query = select(BLOCK.c.block, BLOCK.c.organization_id)
        return self.read_frame(query, BLOCKS, (BLOCK.c.organization_id, organization_ids))

    def members(self, blocks: Iterable[str]) -> pl.DataFrame:
        """All members (BLOCKS) of these blocks."""
        return self.read_frame(select(BLOCK.c.block, BLOCK.c.organization_id), BLOCKS, (BLOCK.c.block, blocks))

    def block_sizes(self, blocks: Iterable[str]) -> pl.DataFrame:
        """The numbers of members (SIZES) of those of these blocks that have any."""
        query = select(BLOCK.c.block, func.count()).group_by(BLOCK.c.block)
        return self.read_frame(query, SIZES, (BLOCK.c.block, blocks))

    def edges(self, organization_ids: Iterable[str]) -> pl.DataFrame:
        """The scored pairs (EDGES) with one of these organisations."""
        ids = list(organization_ids)
        query = select(*[MATCH.c[name] for name in EDGES])
        sides = [self.read_frame(query, EDGES, (MATCH.c[side], ids)) for side in ("left_id", "right_id")]
        return pl.concat(sides).unique(maintain_order=True)

    def matches(self, organization_id: str) -> list[MatchRow]:
        """The scored pairs with this organisation, the best first."""
        query = select(*[MATCH.c[name] for name in MatchRow._fields]).where(_either(MATCH, organization_id))
        rows = self.connection.execute(query.order_by(MATCH.c.score.desc(), MATCH.c.left_id, MATCH.c.right_id))
        return [MatchRow(*row) for row in rows]

    def decisions(self, organization_ids: Iterable[str]) -> list[Decision]:
        """The decisions on pairs with one of these organisations."""
        found: dict[tuple[str, str], Decision] = {}
        for part in chunks(organization_ids):
            for side in (DECISION.c.left_id, DECISION.c.right_id):
                rows = self.connection.execute(select(DECISION).where(self.among(side, part))).mappings()
                found |= {one.pair: one for one in (Decision(**row) for row in rows)}
        return [found[pair] for pair in sorted(found)]

    def pending_decisions(self) -> list[Decision]:
        """The decisions that the match stage has to apply."""
        query = select(DECISION).where(DECISION.c.pending.is_(True)).order_by(DECISION.c.left_id, DECISION.c.right_id)
        return [Decision(**row) for row in self.connection.execute(query).mappings()]

    def identities(self, organization_ids: Iterable[str]) -> dict[str, str]:
        """The identity of those of these organisations that gold has."""
        dim = gold_table("dim_organization")
        query = select(dim.c.organization_id, dim.c.identity).distinct()
        return dict(self.read_frame(query, IDENTITIES, (dim.c.organization_id, organization_ids)).iter_rows())

    def members_of(self, identities: Iterable[str]) -> dict[str, str]:
        """The organisations with these identities, each with its identity, in order."""
        dim = gold_table("dim_organization")
        query = select(dim.c.organization_id, dim.c.identity).distinct()
        rows = self.read_frame(query, IDENTITIES, (dim.c.identity, identities)).sort("organization_id")
        return dict(rows.iter_rows())

    def replace_profiles(self, organization_ids: Iterable[str], profiles: pl.DataFrame, blocks: pl.DataFrame) -> None:
        """Replace the profiles and blocks of these organisations."""
        ids = list(organization_ids)
        self.delete_among(PROFILE.c.organization_id, ids)
        self.delete_among(BLOCK.c.organization_id, ids)
        self.insert_frame(PROFILE, profiles)
        self.insert_frame(BLOCK, blocks)

    def replace_matches(self, organization_ids: Iterable[str], matches: pl.DataFrame) -> None:
        """Replace the scored pairs with one of these organisations."""
        ids = list(organization_ids)
        for side in ("left_id", "right_id"):
            self.delete_among(MATCH.c[side], ids)
        self.insert_frame(MATCH, matches)

    def write_statuses(self, statuses: pl.DataFrame) -> None:
        """Set the status of pairs (match_key, status)."""
        self.update_frame(MATCH, statuses, "match_key")

    def write_identities(self, identities: pl.DataFrame, updated_at: datetime) -> None:
        """Set the identity of organisations (organization_id, identity) in all their versions."""
        self.update_frame(gold_table("dim_organization"), dated(identities, updated_at), "organization_id")

    def put_decision(self, decision: Decision) -> None:
        """Add a decision, or replace the one on its pair."""
        self.upsert(DECISION, [decision.model_dump()], ["left_id", "right_id"])

    def settle_decisions(self, decisions: Iterable[Decision]) -> None:
        """Mark these decisions as applied, unless they were changed meanwhile; delete the withdrawn ones."""
        for one in decisions:
            same = and_(
                DECISION.c.left_id == one.left_id,
                DECISION.c.right_id == one.right_id,
                DECISION.c.decided_at == one.decided_at,
            )
            if one.decision is None:
                self.connection.execute(delete(DECISION).where(same, DECISION.c.decision.is_(None)))
            else:
                self.connection.execute(update(DECISION).where(same).values(pending=False))

    def clear(self) -> None:
        """Delete everything but decisions."""
        for model in TABLES:
            self.connection.execute(delete(table(model)))


def _either(target: Any, organization_id: str) -> ColumnElement[bool]:
    return or_(target.c.left_id == organization_id, target.c.right_id == organization_id)
