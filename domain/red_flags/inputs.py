"""The frames that indicators read, and the terms that their definitions share: submitted and valid bids, final awards.

Text codes are compared in lower case. A price is an amount above 0 with a currency: publishers write 0 where they do
not know an amount.
"""

from dataclasses import dataclass
from functools import cached_property

import polars as pl

from domain.lake.flattening.organization_identity import UNKNOWN
from domain.lake.silver import INSTANT, Columns
from domain.star.columns import in_calendar

PROCESSES: Columns = {
    "process_key": pl.Int64,
    "ocid": pl.String,
    "source": pl.String,  # prefix of the ocid
    "status": pl.String,  # tender.status
    "method": pl.String,
    "method_details": pl.String,
    "tender_start": INSTANT,
    "tender_end": INSTANT,
    "number_of_tenderers": pl.Int64,
    "buyer_id": pl.String,
    "procuring_entity_id": pl.String,
}
# What the facts of a process's flags take over from it.
CONTEXT: Columns = {
    "silver_batch": pl.Int64,
    "buyer_key": pl.Int64,
    "source_key": pl.Int64,
    "first_published_date_key": pl.Int32,
}
# One row per bid × tenderer; `tenderer_id` is null where the bid names none.
BIDS: Columns = {
    "process_key": pl.Int64,
    "bid_key": pl.Int64,
    "position": pl.Int32,
    "status": pl.String,
    "date": INSTANT,
    "amount": pl.Float64,
    "currency": pl.String,
    "tenderer_id": pl.String,
}
# One row per award × supplier; `supplier_id` is null where the award names none.
AWARDS: Columns = {
    "process_key": pl.Int64,
    "award_key": pl.Int64,
    "position": pl.Int32,
    "status": pl.String,
    "supplier_id": pl.String,
}
# One row per item of an award; `position` is the award's.
ITEMS: Columns = {"process_key": pl.Int64, "item_key": pl.Int64, "position": pl.Int32, "code": pl.String}
FINAL_STATUSES = ("active", "cancelled", "unsuccessful")
UNSUBMITTED_STATUSES = ("invited", "withdrawn")


@dataclass(frozen=True)
class Inputs:
    """The frames PROCESSES (with CONTEXT), BIDS, AWARDS and ITEMS of some or all processes; made by `clean_inputs`."""

    processes: pl.DataFrame
    bids: pl.DataFrame
    awards: pl.DataFrame
    items: pl.DataFrame

    @cached_property
    def by_bid(self) -> pl.DataFrame:
        """One row per bid: `tenderers` (ids, sorted), `named` (number of tenderers, unnamed ones too), `price` and
        `currency` (both null without a price)."""
        c = pl.col
        priced = (c("amount") > 0) & c("currency").is_not_null()
        return (
            self.bids.group_by("process_key", "position")
            .agg(
                c("status", "date", "amount", "currency").first(),
                c("tenderer_id").drop_nulls().unique().sort().alias("tenderers"),
                pl.len().alias("named"),
            )
            .with_columns(
                pl.when(priced).then(c("amount")).alias("price"), pl.when(priced).then(c("currency")).alias("currency")
            )
            .drop("amount")
        )

    @cached_property
    def submitted(self) -> pl.DataFrame:
        """The submitted bids of `by_bid`: with a status, neither invited nor withdrawn."""
        return self.by_bid.filter(~pl.col("status").is_in(UNSUBMITTED_STATUSES))

    @cached_property
    def valid(self) -> pl.DataFrame:
        """The valid bids of `by_bid`."""
        return self.by_bid.filter(pl.col("status") == "valid")

    @cached_property
    def bid_counts(self) -> pl.DataFrame:
        """Per process: `bids` and `stated_bids`, those with a status."""
        counts = [pl.len().alias("bids"), pl.col("status").count().alias("stated_bids")]
        return self.by_bid.group_by("process_key").agg(counts)

    @cached_property
    def active_awards(self) -> pl.DataFrame:
        """The rows of active awards."""
        return self.awards.filter(pl.col("status") == "active")

    @cached_property
    def award_counts(self) -> pl.DataFrame:
        """Per process: `awards`, `stated_awards` (with a status), `pending_awards` (whose status is not final),
        `active_awards`, and the suppliers of the active ones: `suppliers` (ids, sorted), `supplier_rows`."""
        c = pl.col
        active = c("status") == "active"
        position = c("position")
        return self.awards.group_by("process_key").agg(
            position.n_unique().alias("awards"),
            position.filter(c("status").is_not_null()).n_unique().alias("stated_awards"),
            position.filter(~c("status").is_in(FINAL_STATUSES)).n_unique().alias("pending_awards"),
            position.filter(active).n_unique().alias("active_awards"),
            c("supplier_id").filter(active).drop_nulls().unique().sort().alias("suppliers"),
            active.sum().alias("supplier_rows"),
        )

    @cached_property
    def counted(self) -> pl.DataFrame:
        """The processes with their bid and award counts, 0 where there are none."""
        joined = self.processes
        for counts in (self.bid_counts, self.award_counts):
            joined = joined.join(counts, on="process_key", how="left", maintain_order="left")
        numbers = ["bids", "stated_bids", "awards", "stated_awards", "pending_awards", "active_awards", "supplier_rows"]
        return joined.with_columns(pl.col(numbers).fill_null(0))


def clean_inputs(processes: pl.DataFrame, bids: pl.DataFrame, awards: pl.DataFrame, items: pl.DataFrame) -> Inputs:
    """The inputs with codes in lower case, without the unknown organisation and dates outside the calendar."""
    return Inputs(
        processes.with_columns(
            *_lower_case("status", "method"),
            *_known("buyer_id", "procuring_entity_id"),
            *[in_calendar(name).alias(name) for name in ("tender_start", "tender_end")],
        ),
        bids.with_columns(*_lower_case("status"), *_known("tenderer_id"), in_calendar("date").alias("date")),
        awards.with_columns(*_lower_case("status"), *_known("supplier_id")),
        items,
    )


def with_identities(inputs: Inputs, identities: pl.DataFrame) -> Inputs:
    """The inputs with the identity of each organisation in place of its id (columns organization_id, identity)."""
    if not identities.height:
        return inputs
    known = dict(identities.select("organization_id", "identity").iter_rows())

    def identified(*columns: str) -> list[pl.Expr]:
        return [pl.col(name).replace(known) for name in columns]

    return Inputs(
        inputs.processes.with_columns(identified("buyer_id", "procuring_entity_id")),
        inputs.bids.with_columns(identified("tenderer_id")),
        inputs.awards.with_columns(identified("supplier_id")),
        inputs.items,
    )


def _lower_case(*columns: str) -> list[pl.Expr]:
    return [pl.col(name).str.strip_chars().str.to_lowercase() for name in columns]


def _known(*columns: str) -> list[pl.Expr]:
    return [pl.when(pl.col(name) != UNKNOWN).then(pl.col(name)).alias(name) for name in columns]
