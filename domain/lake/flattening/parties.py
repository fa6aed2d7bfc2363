"""The organisations of a process, listed in `parties` or only referred to: roles and identities. Pure."""

from dataclasses import dataclass

import polars as pl

from domain.lake.flattening.organization_identity import organization_id
from domain.lake.flattening.organization_references import KEYS, listed_parties, organization_references
from domain.lake.flattening.party_completion import complete_parties
from domain.lake.flattening.party_matching import PLACE, match_references, number_unlisted, unlisted_notes
from domain.shared.whitespace import tidy_columns


@dataclass(frozen=True)
class ProcessParties:
    """Silver tables `party`, `supplier` and `note` (references that differ from parties, or are not in them), and
    `roles`: ocid with buyer, procuring entity and the buyer's location.
    """

    party: pl.DataFrame
    supplier: pl.DataFrame
    roles: pl.DataFrame
    note: pl.DataFrame


def build_parties(
    frame: pl.DataFrame, awards: pl.DataFrame, contracts: pl.DataFrame, changed: list[pl.DataFrame]
) -> ProcessParties:
    """Return the parties of decoded processes; `awards` and `contracts` have one row per array element.

    Texts whose whitespace changes are appended to `changed` (domain/shared/whitespace.py).
    """
    stated = listed_parties(frame, changed)
    references = organization_references(frame, awards, contracts, changed)
    matched = number_unlisted(match_references(references, stated), stated)
    unlisted = matched.filter(~pl.col("listed")).select(*KEYS, "position").unique(maintain_order=True)
    party = pl.concat([stated, unlisted], how="diagonal").sort(PLACE, maintain_order=True)
    party, note = complete_parties(party, matched)
    note = pl.concat([note, unlisted_notes(matched)])
    party = party.with_columns(pl.coalesce("name", "legal_name").alias("name"))
    party = _with_roles(_identified(party), matched, changed)
    identities = party.select(*PLACE, "organization_id", own_id="party_id", own_name="name")
    named = matched.join(identities, on=PLACE, how="left", maintain_order="left")
    awarded = named.filter(pl.col("award_position").is_not_null()).unique(
        ["ocid", "award_position", "organization_id"], keep="first", maintain_order=True
    )
    party_id, name = pl.coalesce("own_id", "party_id").alias("party_id"), pl.coalesce("name", "own_name").alias("name")
    supplier = awarded.select(*KEYS, "award_position", "award_id", party_id, name, "organization_id")
    return ProcessParties(
        party, supplier.sort("ocid", "award_position", maintain_order=True), _roles(frame, named, party), note
    )


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
