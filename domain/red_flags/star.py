"""Red flags of a star: their inputs from its facts and dimensions, and the rows of fact_red_flag. Pure.

The key of a flag combines the keys of its subject and its indicator by exclusive or. That of a process's flag keeps the
upper bits of the process's key, as other facts do.
"""

from collections.abc import Iterable
from dataclasses import replace

import polars as pl

from domain.lake.silver import Columns
from domain.red_flags.indicator import PROCESS
from domain.red_flags.inputs import AWARDS, BIDS, CONTEXT, ITEMS, PROCESSES, Inputs, clean_inputs
from domain.red_flags.registry import INDICATORS
from domain.red_flags.settings import RedFlagSettings
from domain.shared.surrogate_keys import clustered_key, surrogate_key
from domain.star.model import Star

ORGANIZATION = "organization"
ROWS: Columns = {
    "red_flag_key": pl.Int64,
    "process_key": pl.Int64,
    "silver_batch": pl.Int64,
    "ocid": pl.String,
    "subject": pl.String,
    "indicator_key": pl.Int64,
    "organization_key": pl.Int64,
    "organization_id": pl.String,
    "role": pl.String,
    "buyer_key": pl.Int64,
    "source_key": pl.Int64,
    "date_key": pl.Int32,
    "result": pl.String,
    "value": pl.Float64,
    "missing": pl.String,
    "evidence": pl.String,
    "compares_all": pl.Boolean,
}
INDICATOR_KEYS = {one.code: surrogate_key("indicator", one.code) for one in INDICATORS}
VERSIONS: Columns = {"process_key": pl.Int64, "organization_id": pl.String, "organization_key": pl.Int64}
"""The version of an organisation in a process; with a null process key, its current version."""


def with_red_flags(star: Star, settings: RedFlagSettings) -> Star:
    """Return the star with the flags that follow from the data of each process alone."""
    inputs = inputs_of(star)
    rows = fact_rows(results_of_processes(inputs, settings), inputs, star.bridge.select(list(VERSIONS)))
    return replace(star, facts={**star.facts, "fact_red_flag": rows})


def results_of_processes(inputs: Inputs, settings: RedFlagSettings) -> pl.DataFrame:
    """The results (RESULTS) that follow from the data of each process alone."""
    return pl.concat([one.of_process(inputs, settings) for one in INDICATORS if one.of_process])


def inputs_of(star: Star) -> Inputs:
    """The inputs of the processes of a star."""
    c = pl.col
    status, procedure = star.dimensions["dim_status"], star.dimensions["dim_procedure"]
    ids = star.organizations.select("organization_key", "organization_id")
    codes = star.dimensions["dim_classification"].select("classification_key", "code")
    currencies = star.dimensions["dim_currency"].select("currency_key", c("code").alias("currency"))
    statuses = status.select("status_key", "status")
    sources = star.dimensions["dim_source"].select("source_key", c("prefix").alias("source"))
    methods = procedure.select("procedure_key", c("method"), c("details").alias("method_details"))

    def organization(role: str) -> pl.DataFrame:
        return ids.rename({"organization_key": f"{role}_key", "organization_id": f"{role}_id"})

    def joined(fact: str, *dimensions: pl.DataFrame) -> pl.DataFrame:
        frame = star.facts[fact].lazy()
        for dimension in dimensions:
            frame = frame.join(dimension.lazy(), on=dimension.columns[0], how="left")
        return frame.collect()

    processes = joined(
        "fact_process", statuses, methods, sources, organization("buyer"), organization("procuring_entity")
    )
    bids = joined("fact_bid", statuses, currencies, organization("tenderer")).with_columns(
        c("bid_date").alias("date"), c("bid_amount").alias("amount")
    )
    items = joined("fact_item", codes).filter(c("level") == "award").with_columns(position="parent_position")
    return clean_inputs(
        processes.select(_typed(PROCESSES | CONTEXT)),
        bids.select(_typed(BIDS)),
        joined("fact_award", statuses, organization("supplier")).select(_typed(AWARDS)),
        items.select(_typed(ITEMS)),
    )


def fact_rows(
    results: pl.DataFrame, inputs: Inputs, versions: pl.DataFrame, *, compares_all: bool = False
) -> pl.DataFrame:
    """The rows of fact_red_flag (ROWS) of results; `versions` (VERSIONS) of the organisations in them."""
    c = pl.col
    context = inputs.processes.select("process_key", "ocid", *CONTEXT)
    named = versions.unique(["process_key", "organization_id"], keep="first")
    rows = results.join(context, on="process_key", how="left", maintain_order="left").join(
        named, on=["process_key", "organization_id"], how="left", maintain_order="left", nulls_equal=True
    )
    rows = rows.with_columns(
        pl.when(c("organization_id").is_null()).then(pl.lit(PROCESS)).otherwise(pl.lit(ORGANIZATION)).alias("subject"),
        c("indicator").replace_strict(INDICATOR_KEYS, return_dtype=pl.Int64).alias("indicator_key"),
        c("first_published_date_key").alias("date_key"),
        pl.lit(compares_all).alias("compares_all"),
    )
    organizations = rows.select("organization_id", "role").unique().drop_nulls("organization_id")
    hashes = organizations.with_columns(
        pl.Series("own", [surrogate_key(*row) for row in organizations.iter_rows()], dtype=pl.Int64)
    )
    rows = rows.join(hashes, on=["organization_id", "role"], how="left", maintain_order="left").with_columns(
        c("process_key").fill_null(0).xor(c("indicator_key")).xor(c("own").fill_null(0)).alias("red_flag_key")
    )
    clustered = (
        pl.when(c("process_key").is_null()).then("red_flag_key").otherwise(clustered_key("red_flag_key", "process_key"))
    )
    return rows.with_columns(clustered.alias("red_flag_key")).select(_typed(ROWS))


def _typed(columns: Columns) -> Iterable[pl.Expr]:
    return [pl.col(name).cast(dtype) for name, dtype in columns.items()]
