"""Facts of bids, payments and amendments from silver. Pure."""

import polars as pl

from domain.exchange_rates.conversion import ExchangeQuotes
from domain.lake.flattening.organization_identity import UNKNOWN
from domain.shared.amounts import amount_notes
from domain.star.columns import (
    BASE_COLUMNS,
    converted,
    date_key,
    in_calendar,
    or_position,
    point,
    with_fact_key,
    with_organization,
)
from domain.star.model import Frames

PROCESS_KEYS = ["process_key", "silver_batch", "ocid"]


def bid_fact(
    silver: Frames, members: pl.DataFrame, shared: pl.DataFrame, found: Frames, money: ExchangeQuotes
) -> pl.DataFrame:
    """Return fact_bid: a bid x a tenderer, with equal shares of the bid's value."""
    tenderers = silver["bid_tenderer"].select("ocid", pl.col("bid_position").alias("position"), "organization_id")
    frame = silver["bid"].join(shared, on="ocid", how="inner", maintain_order="left")
    frame = frame.join(
        tenderers.unique(maintain_order=True), on=["ocid", "position"], how="left", maintain_order="left_right"
    )
    frame = with_organization(frame, members, "organization_id", "tenderer_key").with_columns(
        pl.col("amount").alias("bid_amount"),
        (pl.col("amount") / pl.len().over("ocid", "position")).alias("amount"),
        pl.col("organization_id").fill_null(UNKNOWN),
        date_key("date").alias("date_key"),
        pl.col("date").alias("bid_date"),
    )
    frame = point(frame, "dim_status", [pl.lit("bid"), pl.col("status")], found)
    frame = point(frame, "dim_currency", [pl.col("currency")], found)
    note = amount_notes(pl.col("bid_amount"), "currency")
    key = [pl.lit("bid"), pl.col("ocid"), or_position("bid_id"), pl.col("organization_id")]
    frame = converted(with_fact_key(frame, "bid_key", key), money, note, in_calendar("date"), pl.col("stated"))
    columns = ["position", "bid_id", "tenderer_key", "buyer_key", "source_key", "procedure_key", "classification_key"]
    columns += ["status_key", "currency_key", "date_key", "bid_date", "tenderers", "bid_amount", "amount"]
    return frame.select("bid_key", *PROCESS_KEYS, *columns, *BASE_COLUMNS)


def transaction_fact(
    silver: Frames, members: pl.DataFrame, shared: pl.DataFrame, found: Frames, money: ExchangeQuotes
) -> pl.DataFrame:
    """Return fact_transaction: a payment of a contract."""
    frame = silver["transaction"].join(shared, on="ocid", how="inner", maintain_order="left")
    for role in ("payer", "payee"):
        frame = with_organization(frame, members, f"{role}_organization_id", f"{role}_key")
    frame = point(frame, "dim_currency", [pl.col("currency")], found)
    contract = pl.coalesce("contract_id", pl.format("#{}", "parent_position"))
    key = [pl.lit("transaction"), pl.col("ocid"), contract, or_position("transaction_id")]
    frame = with_fact_key(frame, "transaction_key", key).with_columns(
        date_key("date").alias("date_key"), pl.col("date").alias("transaction_date"), data_source="source"
    )
    note = amount_notes(pl.col("amount"), "currency", payment=True)
    frame = converted(frame, money, note, in_calendar("date"), pl.col("stated"))
    columns = ["parent_position", "contract_id", "position", "transaction_id", "payer_key", "payee_key", "buyer_key"]
    columns += ["source_key", "procedure_key", "classification_key", "currency_key", "date_key", "transaction_date"]
    return frame.select("transaction_key", *PROCESS_KEYS, *columns, "amount", *BASE_COLUMNS, "data_source", "url")


def amendment_fact(silver: Frames, shared: pl.DataFrame) -> pl.DataFrame:
    """Return fact_amendment: an amendment of a tender, an award or a contract."""
    frame = silver["amendment"].join(shared, on="ocid", how="inner", maintain_order="left")
    parent = pl.coalesce("parent_id", pl.format("#{}", "parent_position"))
    key = [pl.lit("amendment"), pl.col("ocid"), pl.col("level"), parent, or_position("amendment_id")]
    frame = with_fact_key(frame, "amendment_key", key).with_columns(
        date_key("date").alias("date_key"), pl.col("date").alias("amendment_date")
    )
    columns = ["level", "parent_position", "parent_id", "position", "amendment_id", "buyer_key", "source_key"]
    columns += ["procedure_key", "date_key", "amendment_date", "rationale", "description"]
    return frame.select("amendment_key", *PROCESS_KEYS, *columns, "amends_release_id", "release_id")
