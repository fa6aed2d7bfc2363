"""The organisations of a process, listed in `parties` or only referred to: roles and identities. Pure."""

from dataclasses import dataclass

import polars as pl

from domain.lake.flattening.elements import KEYS, ProcessElements
from domain.lake.flattening.organization_identity import organization_id
from domain.lake.flattening.organization_references import (
    SUPPLIERS,
    TENDERERS,
    listed_parties,
    organization_references,
)
from domain.lake.flattening.party_completion import complete_parties
from domain.lake.flattening.party_matching import PLACE, match_references, number_unlisted
from domain.shared.whitespace import tidy_columns


@dataclass(frozen=True)
class ProcessParties:
    """Silver tables `party`, `supplier`, `tenderer` (of bids) and `note` (references that differ from parties);
    `payments`: KEYS, parent_position, position, role and organization_id of payers and payees; and `roles`: ocid with
    buyer, procuring entity and the buyer's location."""

    party: pl.DataFrame
    supplier: pl.DataFrame
    tenderer: pl.DataFrame
    payments: pl.DataFrame
    roles: pl.DataFrame
    note: pl.DataFrame


def build_parties(elements: ProcessElements, changed: list[pl.DataFrame]) -> ProcessParties:
    """Return the parties of processes.

    Texts whose whitespace changes are appended to `changed` (domain/shared/whitespace.py).
    """
    frame = elements.process
    stated = listed_parties(frame, changed)
    references = organization_references(elements, changed)
    matched = number_unlisted(match_references(references, stated), stated)
    unlisted = matched.filter(~pl.col("listed")).select(*KEYS, "position").unique(maintain_order=True)
    party = pl.concat([stated, unlisted], how="diagonal").sort(PLACE, maintain_order=True)
    party, note = complete_parties(party, matched)
    party = party.with_columns(pl.coalesce("name", "legal_name").alias("name"))
    party = _with_roles(_identified(party), matched, changed)
    identities = party.select(*PLACE, "organization_id", own_id="party_id", own_name="name")
    named = matched.join(identities, on=PLACE, how="left", maintain_order="left")
    payments = named.filter(pl.col("payment").is_not_null()).select(
        *KEYS, pl.col("parent").alias("parent_position"), pl.col("payment").alias("position"), "role", "organization_id"
    )
    return ProcessParties(
        party,
        _members(named, SUPPLIERS, "award"),
        _members(named, TENDERERS, "bid"),
        payments,
        _roles(frame, named, party),
        note,
    )


def _members(named: pl.DataFrame, at: str, parent: str) -> pl.DataFrame:
    """Return the distinct organisations of each award or bid: {parent}_position, {parent}_id, party_id, name,
    organization_id."""
    members = named.filter(pl.col("at") == at).unique(
        ["ocid", "parent", "organization_id"], keep="first", maintain_order=True
    )
    found = members.select(
        *KEYS,
        pl.col("parent").alias(f"{parent}_position"),
        pl.col("parent_id").alias(f"{parent}_id"),
        pl.coalesce("own_id", "party_id").alias("party_id"),
        pl.coalesce("name", "own_name").alias("name"),
        "organization_id",
    )
    return found.sort("ocid", f"{parent}_position", maintain_order=True)


def _identified(party: pl.DataFrame) -> pl.DataFrame:
    columns = ["ocid", "scheme", "identifier", "party_id", "name"]
    return party.with_columns(
        pl.Series(
            "organization_id", [organization_id(*row) for row in party.select(columns).iter_rows()], dtype=pl.String
        )
    )


def _with_roles(party: pl.DataFrame, matched: pl.DataFrame, changed: list[pl.DataFrame]) -> pl.DataFrame:
    """Return the parties with their own roles and those of the references to them."""
    own_roles = tidy_columns(party.select(*KEYS, "position", role="roles").explode("role"), ["role"], changed)
    roles = pl.concat([own_roles.select(*PLACE, "role"), matched.select(*PLACE, "role")]).drop_nulls("role")
    grouped = roles.group_by(PLACE).agg(pl.col("role").unique().sort().alias("roles"))
    return party.drop("roles").join(grouped, on=PLACE, how="left", maintain_order="left")


def _roles(frame: pl.DataFrame, named: pl.DataFrame, party: pl.DataFrame) -> pl.DataFrame:
    """Return ocid with buyer_*, procuring_entity_* (id, name, organization_id), buyer country, region and locality."""
    rows = frame.select("ocid")
    for role, prefix in (("buyer", "buyer"), ("procuringEntity", "procuring_entity")):
        by_reference = named.filter(pl.col("role") == role).select(*PLACE)
        by_role = party.filter(pl.col("roles").list.contains(role)).select(*PLACE)
        chosen = pl.concat([by_reference, by_role]).unique("ocid", keep="first", maintain_order=True)
        chosen_parties = chosen.join(party, on=PLACE, how="left", maintain_order="left")
        columns = [
            pl.col(old).alias(f"{prefix}_{new}")
            for old, new in (("party_id", "id"), ("name", "name"), ("organization_id", "organization_id"))
        ]
        place = (
            [pl.col(name).alias(f"buyer_{name}") for name in ("country", "region", "locality")]
            if role == "buyer"
            else []
        )
        rows = rows.join(chosen_parties.select("ocid", *columns, *place), on="ocid", how="left", maintain_order="left")
    return rows
