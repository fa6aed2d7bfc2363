"""The facts that the marts are made of: tenders and awards with the attributes that the marts group by. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from domain.lake.silver import INSTANT, Columns

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


NO_FACTS = MartFacts(*(pl.DataFrame(schema=types) for types in (TENDERS, AWARDS, RED_FLAGS)))
