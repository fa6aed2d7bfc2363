"""The facts that the marts are made of: tenders and awards with the attributes that the marts group by. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from domain.lake.flattening.organization_identity import UNKNOWN
from domain.lake.silver import INSTANT, Columns
from domain.star.model import Star

PLACE: Columns = {"division": pl.String, "country": pl.String, "region": pl.String}
TENDERS: Columns = {
    "process_key": pl.Int64,
    "buyer_id": pl.String,
    "method": pl.String,
    "status": pl.String,
    "first_published": INSTANT,
    "tender_start": INSTANT,
    "tender_end": INSTANT,
    "number_of_tenderers": pl.Int64,
}
# One row per award × supplier; `amount_base` is the supplier's share. The place is that of the process.
AWARDS: Columns = {
    "award_key": pl.Int64,
    "process_key": pl.Int64,
    "position": pl.Int64,
    "buyer_id": pl.String,
    "supplier_id": pl.String,
    "status": pl.String,
    "award_date": INSTANT,
    "amount_base": pl.Float64,
    **PLACE,
}
# Results of indicators; `date_key` is that of the process. Those of organisations have no buyer and no date.
RED_FLAGS: Columns = {
    "indicator": pl.String,
    "buyer_id": pl.String,
    "source_key": pl.Int64,
    "date_key": pl.Int64,
    "result": pl.String,
}
NO_RED_FLAGS = pl.DataFrame(schema=RED_FLAGS)


@dataclass(frozen=True)
class MartFacts:
    """The tenders (TENDERS), awards (AWARDS) and red flags (RED_FLAGS) of some contracting processes."""

    tenders: pl.DataFrame
    awards: pl.DataFrame
    red_flags: pl.DataFrame

    def organization_ids(self) -> set[str]:
        """The ids of all buyers and suppliers in the facts."""
        return {*self.tenders["buyer_id"], *self.awards["buyer_id"], *self.awards["supplier_id"]}

    def with_identities(self, identities: Mapping[str, str]) -> "MartFacts":
        """The facts with the ids of buyers and suppliers replaced by their identities; ids without one are kept."""
        other = {one: identity for one, identity in identities.items() if one != identity}
        frames = (self.tenders, self.awards, self.red_flags)
        return MartFacts(*(frame.with_columns(pl.col("^(buyer|supplier)_id$").replace(other)) for frame in frames))


NO_FACTS = MartFacts(pl.DataFrame(schema=TENDERS), pl.DataFrame(schema=AWARDS), NO_RED_FLAGS)


def facts_of(star: Star, identities: Mapping[str, str], indicators: Mapping[int, str]) -> MartFacts:
    """Return the facts of a star.

    `identities`: what matching takes known organisations for; others are themselves. `indicators`: codes by their key.
    """
    c = pl.col
    identity = c("organization_id").replace(identities) if identities else c("organization_id")
    organization = star.organizations.lazy().select("organization_key", identity.alias("id"))
    dimension = {name: frame.lazy() for name, frame in star.dimensions.items()}
    status = dimension["dim_status"].select("status_key", "status")
    places = (
        star.facts["fact_process"]
        .lazy()
        .select("process_key", "location_key")
        .join(dimension["dim_location"], on="location_key", how="left")
    )
    tenders = (
        _with_organization(star.facts["fact_process"].lazy(), organization, "buyer")
        .join(dimension["dim_procedure"].select("procedure_key", "method"), on="procedure_key", how="left")
        .join(status, on="status_key", how="left")
    )
    divisions = dimension["dim_classification"].select("classification_key", "division")
    awards = (
        _with_organization(star.facts["fact_award"].lazy(), organization, "buyer", "supplier")
        .join(status, on="status_key", how="left")
        .join(divisions, on="classification_key", how="left")
        .join(places, on="process_key", how="left")
    )
    found = [_typed(tenders, TENDERS), _typed(awards, AWARDS)]
    if "fact_red_flag" in star.facts:
        flags = _with_organization(star.facts["fact_red_flag"].lazy(), organization, "buyer")
        code = c("indicator_key").replace_strict(indicators, return_dtype=pl.String).alias("indicator")
        found.append(_typed(flags.with_columns(code), RED_FLAGS))
    tables = pl.collect_all(found)
    return MartFacts(tables[0], tables[1], tables[2] if len(tables) > 2 else NO_RED_FLAGS)


def _with_organization(frame: pl.LazyFrame, organization: pl.LazyFrame, *roles: str) -> pl.LazyFrame:
    for role in roles:
        named = organization.rename({"organization_key": f"{role}_key", "id": f"{role}_id"})
        frame = frame.join(named, on=f"{role}_key", how="left").with_columns(pl.col(f"{role}_id").fill_null(UNKNOWN))
    return frame


def _typed(frame: pl.LazyFrame, types: Columns) -> pl.LazyFrame:
    return frame.select(pl.col(name).cast(dtype) for name, dtype in types.items())
