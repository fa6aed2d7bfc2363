"""Builds the rows of the star from silver: facts, dimensions and the bridge of organisations, as polars frames. Pure.

A dimension key is a hash of the row's own business attributes, so the star of a slice of processes depends on no other
process: gold is the same in whatever order the records arrive.
"""

import polars as pl

from domain.exchange_rates.conversion import ExchangeQuotes, with_ceilings
from domain.lake.flattening.organization_identity import UNKNOWN
from domain.quality.assessment import assess
from domain.shared.amounts import amount_notes
from domain.shared.surrogate_keys import with_key
from domain.star.bid_facts import amendment_fact, bid_fact, transaction_fact
from domain.star.columns import (
    BASE_COLUMNS,
    CEILING_COLUMNS,
    converted,
    date_key,
    in_calendar,
    or_position,
    point,
    with_fact_key,
    with_organization,
)
from domain.star.derived_attributes import with_derived
from domain.star.model import DIMENSIONS, ORGANIZATION, Frames, Star

COUNTED = ["award", "contract", "item", "document", "note", "bid", "transaction", "amendment"]
PROCESS_COLUMNS = [
    "ocid",
    "process_key",
    "buyer_key",
    "source_key",
    "procedure_key",
    "classification_key",
    "stated",
    "framework",
]


def build_star(silver: Frames, money: ExchangeQuotes) -> Star:
    """Return the star of the processes in `silver` (tables of domain/lake/silver.py, without deleted processes).

    `money` converts the amounts to the base currency.
    """
    dimensions: Frames = {}
    assessment = assess(silver)
    silver = silver | {"note": pl.concat([silver["note"], assessment.notes])}
    parties = with_key(silver["party"], "organization_key", ORGANIZATION)
    members = parties.unique(["ocid", "organization_id"], keep="first", maintain_order=True).select(
        "ocid", "organization_id", "organization_key"
    )
    process = _process(silver, members, dimensions, money)
    shared = process.select(PROCESS_COLUMNS)
    facts = {
        "fact_process": process.drop("stated"),
        "fact_award": _award(silver, members, shared, dimensions, money),
        "fact_contract": _contract(silver, shared, dimensions, money),
        "fact_item": _item(silver, shared, dimensions, money),
        "fact_bid": bid_fact(silver, members, shared, dimensions, money),
        "fact_transaction": transaction_fact(silver, members, shared, dimensions, money),
        "fact_amendment": amendment_fact(silver, shared),
        "fact_note": _note(silver, shared),
    }
    bridge = _bridge(parties, process)
    organizations = parties.select("organization_key", *ORGANIZATION).unique("organization_key", maintain_order=True)
    described = {name: _dimension(name, dimensions) for name in DIMENSIONS}
    return Star(facts, described, organizations, bridge, assessment.processes)


def _dimension(name: str, found: Frames) -> pl.DataFrame:
    key, _ = DIMENSIONS[name]
    return with_derived(name, found[name].group_by(key, maintain_order=True).agg(pl.all().first()))


def _counts(silver: Frames, table: str) -> pl.DataFrame:
    return silver[table].group_by("ocid").agg(pl.len().alias(f"{table}s"))


def _process(silver: Frames, members: pl.DataFrame, found: Frames, money: ExchangeQuotes) -> pl.DataFrame:
    frame = with_key(silver["process"], "process_key", ["ocid"])
    frame = frame.with_columns(pl.col("framework").fill_null(value=False))  # silver of an earlier version lacks it
    frame = with_organization(frame, members, "buyer_organization_id", "buyer_key")
    frame = with_organization(frame, members, "procuring_entity_organization_id", "procuring_entity_key")
    prefix = pl.col("ocid").str.extract(r"^([^-]+-[^-]+)")
    c = pl.col
    frame = point(frame, "dim_source", [prefix, c("publisher"), c("publisher_license")], found)
    frame = point(
        frame, "dim_procedure", [c("procurement_method"), c("procurement_method_details"), c("main_category")], found
    )
    frame = point(frame, "dim_status", [pl.lit("process"), c("status")], found)
    frame = point(
        frame,
        "dim_classification",
        [c("classification_scheme"), c("classification_id"), c("classification_description")],
        found,
    )
    frame = point(frame, "dim_location", [c("country"), c("region"), c("locality")], found)
    frame = point(frame, "dim_currency", [c("currency")], found)
    for table in COUNTED:
        frame = frame.join(_counts(silver, table), on="ocid", how="left", maintain_order="left")
    frame = frame.with_columns(
        c([f"{table}s" for table in COUNTED]).fill_null(0),
        *(date_key(name) for name in ("first_published", "last_published", "tender_start", "tender_end")),
    )
    # A tender's value is converted with the rate of the day it was first published or opened, whichever is earlier:
    # bulk exports are published long after the tender, plans long before it.
    frame = frame.with_columns(
        pl.min_horizontal(in_calendar("tender_start"), in_calendar("first_published")).alias("stated")
    )
    frame = with_ceilings(converted(frame, money, amount_notes(c("amount"), "currency"), c("stated")))
    columns = [
        "process_key",
        "ocid",
        "silver_batch",
        "source_key",
        "procedure_key",
        "status_key",
        "buyer_key",
        "procuring_entity_key",
        "classification_key",
    ]
    columns += [
        "location_key",
        "currency_key",
        "first_published_date_key",
        "last_published_date_key",
        "tender_start_date_key",
        "tender_end_date_key",
    ]
    columns += [
        "first_published",
        "last_published",
        "tender_start",
        "tender_end",
        "title",
        "description",
        "language",
        "tags",
        "releases",
    ]
    columns += [
        "amount",
        "min_amount",
        "budget_amount",
        "budget_currency",
        "number_of_tenderers",
    ]
    columns += [*(f"{table}s" for table in COUNTED), *BASE_COLUMNS, *CEILING_COLUMNS, "stated"]
    return frame.select(columns)


def _award(
    silver: Frames, members: pl.DataFrame, shared: pl.DataFrame, found: Frames, money: ExchangeQuotes
) -> pl.DataFrame:
    award = silver["award"].join(shared, on="ocid", how="inner", maintain_order="left")
    suppliers = (
        silver["award_supplier"]
        .select("ocid", pl.col("award_position").alias("position"), "organization_id")
        .unique(maintain_order=True)
    )
    frame = award.join(suppliers, on=["ocid", "position"], how="left", maintain_order="left_right")
    frame = with_organization(frame, members, "organization_id", "supplier_key")
    shares = pl.len().over("ocid", "position")
    frame = frame.with_columns(
        pl.col("amount").alias("award_amount"),
        (pl.col("amount") / shares).alias("amount"),
        pl.col("organization_id").fill_null(UNKNOWN),
    )
    frame = point(frame, "dim_status", [pl.lit("award"), pl.col("status")], found)
    frame = point(frame, "dim_currency", [pl.col("currency")], found)
    frame = with_fact_key(
        frame, "award_key", [pl.lit("award"), pl.col("ocid"), or_position("award_id"), pl.col("organization_id")]
    )
    frame = frame.with_columns(date_key("date").alias("date_key"), pl.col("date").alias("award_date"))
    note = amount_notes(pl.col("award_amount"), "currency")
    frame = with_ceilings(converted(frame, money, note, in_calendar("date"), pl.col("stated")))
    columns = [
        "award_key",
        "process_key",
        "silver_batch",
        "ocid",
        "position",
        "award_id",
        "supplier_key",
        "buyer_key",
        "source_key",
        "procedure_key",
    ]
    columns += [
        "status_key",
        "classification_key",
        "currency_key",
        "date_key",
        "award_date",
        "title",
        "description",
        "suppliers",
        "award_amount",
        "amount",
    ]
    return frame.select(columns + BASE_COLUMNS + CEILING_COLUMNS)


def _contract(silver: Frames, shared: pl.DataFrame, found: Frames, money: ExchangeQuotes) -> pl.DataFrame:
    frame = silver["contract"].join(shared, on="ocid", how="inner", maintain_order="left")
    frame = point(frame, "dim_status", [pl.lit("contract"), pl.col("status")], found)
    frame = point(frame, "dim_currency", [pl.col("currency")], found)
    frame = with_fact_key(frame, "contract_key", [pl.lit("contract"), pl.col("ocid"), or_position("contract_id")])
    frame = frame.with_columns(
        date_key("date_signed").alias("signed_date_key"),
        date_key("start").alias("start_date_key"),
        date_key("end").alias("end_date_key"),
    )
    note = amount_notes(pl.col("amount"), "currency")
    frame = with_ceilings(converted(frame, money, note, in_calendar("date_signed"), pl.col("stated")))
    columns = [
        "contract_key",
        "process_key",
        "silver_batch",
        "ocid",
        "position",
        "contract_id",
        "award_id",
        "buyer_key",
        "source_key",
        "procedure_key",
    ]
    columns += [
        "status_key",
        "currency_key",
        "signed_date_key",
        "start_date_key",
        "end_date_key",
        "date_signed",
        "start",
        "end",
        "title",
        "description",
        "amount",
    ]
    return frame.select(columns + BASE_COLUMNS + CEILING_COLUMNS)


def _item(silver: Frames, shared: pl.DataFrame, found: Frames, money: ExchangeQuotes) -> pl.DataFrame:
    c = pl.col
    frame = silver["item"].join(shared.drop("classification_key"), on="ocid", how="inner", maintain_order="left")
    frame = point(
        frame,
        "dim_classification",
        [c("classification_scheme"), c("classification_id"), c("classification_description")],
        found,
    )
    frame = point(frame, "dim_location", [c("country"), c("region"), c("locality")], found)
    frame = point(frame, "dim_currency", [c("unit_currency")], found, alias="unit_currency_key")
    key = [
        pl.lit("item"),
        c("ocid"),
        c("level"),
        pl.coalesce("parent_id", pl.format("#{}", "parent_position")),
        or_position("item_id"),
    ]
    frame = with_fact_key(frame, "item_key", key).with_columns(c("codes").list.join(" "))
    agreed = _agreement_dates(silver)
    frame = frame.join(agreed, on=["ocid", "level", "parent_position"], how="left", maintain_order="left")
    prices = frame.with_columns(amount=c("unit_amount"), currency=c("unit_currency"))
    frame = converted(prices, money, amount_notes(None, "currency"), c("agreed"), c("stated"))
    columns = [
        "item_key",
        "process_key",
        "silver_batch",
        "ocid",
        "level",
        "parent_position",
        "parent_id",
        "position",
        "item_id",
        "buyer_key",
        "source_key",
    ]
    columns += [
        "classification_key",
        "location_key",
        "unit_currency_key",
        "description",
        "codes",
        "quantity",
        "unit",
        "unit_amount",
    ]
    base = [c(name).alias(f"unit_{name}") if name == "amount_base" else c(name) for name in BASE_COLUMNS]
    return frame.select(*columns, *base)


def _note(silver: Frames, shared: pl.DataFrame) -> pl.DataFrame:
    rows = silver["note"].sort("ocid", "record_id", "code", "path", "message")
    frame = rows.join(shared, on="ocid", how="inner", maintain_order="left")
    key = [pl.lit("note"), *(pl.col(name) for name in ("ocid", "record_id", "code", "path"))]
    columns = ["note_key", "process_key", "silver_batch", "ocid", "buyer_key", "source_key"]
    return with_fact_key(frame, "note_key", key).select(*columns, "code", "path", "message", "record_id")


def _agreement_dates(silver: Frames) -> pl.DataFrame:
    """Return the dates of awards and signatures of contracts, by ocid, level and position, for their items."""
    award = silver["award"].select(
        "ocid",
        pl.lit("award").alias("level"),
        pl.col("position").alias("parent_position"),
        in_calendar("date").alias("agreed"),
    )
    contract = silver["contract"].select(
        "ocid",
        pl.lit("contract").alias("level"),
        pl.col("position").alias("parent_position"),
        in_calendar("date_signed").alias("agreed"),
    )
    return pl.concat([award, contract])


def _bridge(parties: pl.DataFrame, process: pl.DataFrame) -> pl.DataFrame:
    roles = parties.select("ocid", "organization_key", "organization_id", pl.col("roles").alias("role")).explode("role")
    rows = roles.with_columns(pl.col("role").fill_null("party")).unique(
        ["ocid", "organization_key", "role"], maintain_order=True
    )
    dated = rows.join(
        process.select("ocid", "process_key", "last_published"), on="ocid", how="inner", maintain_order="left"
    )
    return dated.select("process_key", "organization_key", "role", "organization_id", "last_published")
