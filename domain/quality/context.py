"""The rows that checks look at: those of silver, with what other tables say about them. Pure."""

import polars as pl

from domain.lake.flattening.award_status import counts_in_totals

Frames = dict[str, pl.DataFrame]


def rows_with_context(silver: Frames) -> dict[str, pl.LazyFrame]:
    """The silver tables that checks look at, by name.

    `process` has `awarded` (sum of the awards that count, null unless all are in the tender's currency); `award` has
    `tender_end`, and `contract` has `award_date`, `award_amount` and `award_currency` of the award that it names.
    """
    process, award, contract = (silver[name].lazy() for name in ("process", "award", "contract"))
    ends = process.select("ocid", "tender_end")
    counted = award.filter(counts_in_totals(pl.col("status"))).select("ocid", "amount", award_currency="currency")
    priced = counted.join(process.select("ocid", "currency"), on="ocid", how="inner")
    comparable = (pl.col("award_currency") == pl.col("currency")) & pl.col("amount").is_not_null()
    sums = priced.group_by("ocid").agg(
        pl.when(comparable.fill_null(value=False).all()).then(pl.col("amount").sum()).alias("awarded")
    )
    named = award.filter(pl.col("award_id").is_not_null()).unique(["ocid", "award_id"], keep="first")
    agreed = named.select("ocid", "award_id", award_date="date", award_amount="amount", award_currency="currency")
    return {
        "process": process.join(sums, on="ocid", how="left"),
        "award": award.join(ends, on="ocid", how="left"),
        "contract": contract.join(agreed, on=["ocid", "award_id"], how="left"),
    }
