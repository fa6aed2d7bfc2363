"""Checks of references and of states."""

import polars as pl

from domain.lake.flattening.award_status import ACTIVE_STATUS
from domain.lake.flattening.organization_identity import UNKNOWN
from domain.quality.check import Check

CHECKS = (
    Check(
        code="party_not_found",
        name="Organisations in parties",
        description="buyer, procuring entity and suppliers are in `parties`",
        rule="OCDS 1.1: OrganizationReference; OCP Pelican: reference.parties",
        table="process",
        applies=pl.col("buyer_organization_id").is_not_null() & (pl.col("buyer_organization_id") != UNKNOWN),
    ),
    Check(
        code="award_not_found",
        name="Award of a contract",
        description="a contract's awardID names an award of the process",
        rule="OCP Pelican: reference.contract_in_awards",
        table="contract",
        applies=pl.col("award_id").is_not_null(),
    ),
    Check(
        code="duplicate_id",
        name="Unique ids",
        description="an id stands once in an array, such as that of an award",
        rule="OCDS 1.1: ids of objects in arrays",
        table="process",
        applies=pl.lit(value=True),
    ),
    Check(
        code="award_without_supplier",
        name="Supplier of an award",
        description="an active award has a supplier",
        rule="OCP Pelican: coherent.awards_status",
        table="award",
        applies=pl.col("status").str.to_lowercase() == ACTIVE_STATUS,
        fails=pl.col("suppliers") == 0,
        path="/awards/{}/suppliers",
        values=("award_id", "status"),
    ),
    Check(
        code="award_status_unknown",
        name="Status of an award",
        description="an award's status is one of the standard's",
        rule="OCDS 1.1: codelist awardStatus",
        table="award",
        applies=pl.col("status").is_not_null(),
    ),
)
