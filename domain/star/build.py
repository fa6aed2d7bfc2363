"""Builds the rows of the star from silver: facts, dimensions and the bridge of organisations, as polars frames. Pure.

A dimension key is a hash of the row's own business attributes, so the star of a slice of processes depends on no other
process: gold is the same in whatever order the records arrive.
"""

import polars as pl

from domain.exchange_rates.conversion import ExchangeQuotes, convert_amounts, value_date
from domain.lake.flattening.organization_identity import UNKNOWN
from domain.quality.assessment import assess
from domain.shared.dates import CALENDAR_YEARS
from domain.shared.surrogate_keys import business_key, clustered_key, with_key
from domain.star.model import DIMENSIONS, ORGANIZATION, UNKNOWN_ORGANIZATION, Frames, Star

PROCESS_COLUMNS = ["ocid", "process_key", "buyer_key", "source_key", "procedure_key", "classification_key", "stated"]


BASE_COLUMNS = ["value_date", "amount_base", "base_currency", "rate", "rate_date"]


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
        "fact_note": _note(silver, shared),
    }
    bridge = _bridge(parties, process)
    organizations = parties.select("organization_key", *ORGANIZATION).unique("organization_key", maintain_order=True)
    described = {name: _dimension(name, dimensions) for name in DIMENSIONS}
    return Star(facts, described, organizations, bridge, assessment.processes)


def in_calendar(column: str) -> pl.Expr:
    """The instant, or null outside the calendar: software writes 0001-01-01 or 1900-01-01 for an unknown date."""
    return pl.when(pl.col(column).dt.year().is_between(*CALENDAR_YEARS)).then(pl.col(column))


def date_key(column: str) -> pl.Expr:
    """yyyymmdd (UTC) of an instant, null outside the calendar."""
    day = in_calendar(column).dt
    return (
        (day.year() * 10_000 + day.month().cast(pl.Int32) * 100 + day.day()).cast(pl.Int32).alias(f"{column}_date_key")
    )


def _point(
    frame: pl.DataFrame, dimension: str, attributes: list[pl.Expr], found: Frames, alias: str | None = None
) -> pl.DataFrame:
    """Return the frame with the key of the dimension row of these `attributes`; the rows are collected in `found`."""
    key, names = DIMENSIONS[dimension]
    temporary = [f"_{name}" for name in names]
    wide = frame.with_columns(
        expression.cast(pl.String).alias(name) for expression, name in zip(attributes, temporary, strict=True)
    )
    wide = with_key(wide, alias or key, list(temporary))
    rows = wide.select(
        pl.col(alias or key).alias(key), *[pl.col(old).alias(new) for old, new in zip(temporary, names, strict=True)]
    )
    found[dimension] = pl.concat([found[dimension], rows]) if dimension in found else rows
    return wide.drop(temporary)


def _dimension(name: str, found: Frames) -> pl.DataFrame:
    key, _ = DIMENSIONS[name]
    frame = found[name].group_by(key, maintain_order=True).agg(pl.all().first())
    if name != "dim_classification":
        return frame
    return with_cpv_levels(frame)


def with_cpv_levels(frame: pl.DataFrame) -> pl.DataFrame:
    """Add division, group and class: the first 2, 3 and 4 digits of a CPV code (Regulation (EC) 213/2008)."""
    code = pl.when(pl.col("scheme") == "CPV").then(pl.col("code").str.extract(r"^(\d{8})"))
    return frame.with_columns(
        code.str.head(2).alias("division"), code.str.head(3).alias("group"), code.str.head(4).alias("class")
    )


def _organization(frame: pl.DataFrame, members: pl.DataFrame, column: str, alias: str) -> pl.DataFrame:
    named = members.rename({"organization_id": column, "organization_key": alias})
    return frame.join(named, on=["ocid", column], how="left", maintain_order="left").with_columns(
        pl.col(alias).fill_null(UNKNOWN_ORGANIZATION)
    )


def _counts(silver: Frames, table: str, name: str) -> pl.DataFrame:
    return silver[table].group_by("ocid").agg(pl.len().alias(name))


def _process(silver: Frames, members: pl.DataFrame, found: Frames, money: ExchangeQuotes) -> pl.DataFrame:
    frame = with_key(silver["process"], "process_key", ["ocid"])
    frame = _organization(frame, members, "buyer_organization_id", "buyer_key")
    frame = _organization(frame, members, "procuring_entity_organization_id", "procuring_entity_key")
    prefix = pl.col("ocid").str.extract(r"^([^-]+-[^-]+)")
    c = pl.col
    frame = _point(frame, "dim_source", [prefix, c("publisher"), c("publisher_license")], found)
    frame = _point(
        frame, "dim_procedure", [c("procurement_method"), c("procurement_method_details"), c("main_category")], found
    )
    frame = _point(frame, "dim_status", [pl.lit("process"), c("status")], found)
    frame = _point(
        frame,
        "dim_classification",
        [c("classification_scheme"), c("classification_id"), c("classification_description")],
        found,
    )
    frame = _point(frame, "dim_location", [c("country"), c("region"), c("locality")], found)
    frame = _point(frame, "dim_currency", [c("currency")], found)
    for table, name in (
        ("award", "awards"),
        ("contract", "contracts"),
        ("item", "items"),
        ("document", "documents"),
        ("note", "notes"),
    ):
        frame = frame.join(_counts(silver, table, name), on="ocid", how="left", maintain_order="left").with_columns(
            c(name).fill_null(0)
        )
    frame = frame.with_columns(
        date_key(name) for name in ("first_published", "last_published", "tender_start", "tender_end")
    )
    # A tender's value is converted with the rate of the day it was first published or opened, whichever is earlier:
    # bulk exports are published long after the tender, plans long before it.
    frame = frame.with_columns(
        pl.min_horizontal(in_calendar("tender_start"), in_calendar("first_published")).alias("stated")
    )
    frame = convert_amounts(frame.with_columns(value_date("amount", "currency", c("stated"))), money)
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
        "awards",
        "contracts",
        "items",
        "documents",
        "notes",
    ]
    columns += [*BASE_COLUMNS, "stated"]
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
    frame = _organization(frame, members, "organization_id", "supplier_key")
    shares = pl.len().over("ocid", "position")
    frame = frame.with_columns(
        pl.col("amount").alias("award_amount"),
        (pl.col("amount") / shares).alias("amount"),
        pl.col("organization_id").fill_null(UNKNOWN),
    )
    frame = _point(frame, "dim_status", [pl.lit("award"), pl.col("status")], found)
    frame = _point(frame, "dim_currency", [pl.col("currency")], found)
    frame = _fact_key(
        frame, "award_key", [pl.lit("award"), pl.col("ocid"), _or_position("award_id"), pl.col("organization_id")]
    )
    frame = frame.with_columns(date_key("date").alias("date_key"), pl.col("date").alias("award_date"))
    frame = convert_amounts(
        frame.with_columns(value_date("amount", "currency", in_calendar("date"), pl.col("stated"))), money
    )
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
    return frame.select(columns + BASE_COLUMNS)


def _contract(silver: Frames, shared: pl.DataFrame, found: Frames, money: ExchangeQuotes) -> pl.DataFrame:
    frame = silver["contract"].join(shared, on="ocid", how="inner", maintain_order="left")
    frame = _point(frame, "dim_status", [pl.lit("contract"), pl.col("status")], found)
    frame = _point(frame, "dim_currency", [pl.col("currency")], found)
    frame = _fact_key(frame, "contract_key", [pl.lit("contract"), pl.col("ocid"), _or_position("contract_id")])
    frame = frame.with_columns(
        date_key("date_signed").alias("signed_date_key"),
        date_key("start").alias("start_date_key"),
        date_key("end").alias("end_date_key"),
    )
    frame = convert_amounts(
        frame.with_columns(value_date("amount", "currency", in_calendar("date_signed"), pl.col("stated"))), money
    )
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
    return frame.select(columns + BASE_COLUMNS)


def _item(silver: Frames, shared: pl.DataFrame, found: Frames, money: ExchangeQuotes) -> pl.DataFrame:
    c = pl.col
    frame = silver["item"].join(shared.drop("classification_key"), on="ocid", how="inner", maintain_order="left")
    frame = _point(
        frame,
        "dim_classification",
        [c("classification_scheme"), c("classification_id"), c("classification_description")],
        found,
    )
    frame = _point(frame, "dim_location", [c("country"), c("region"), c("locality")], found)
    frame = _point(frame, "dim_currency", [c("unit_currency")], found, alias="unit_currency_key")
    key = [
        pl.lit("item"),
        c("ocid"),
        c("level"),
        pl.coalesce("parent_id", pl.format("#{}", "parent_position")),
        _or_position("item_id"),
    ]
    frame = _fact_key(frame, "item_key", key).with_columns(c("codes").list.join(" "))
    agreed = _agreement_dates(silver)
    frame = frame.join(agreed, on=["ocid", "level", "parent_position"], how="left", maintain_order="left")
    frame = frame.with_columns(value_date("unit_amount", "unit_currency", c("agreed"), c("stated")))
    frame = convert_amounts(frame, money, "unit_amount", "unit_currency")
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
    return frame.select(columns + ["unit_amount_base" if name == "amount_base" else name for name in BASE_COLUMNS])


def _note(silver: Frames, shared: pl.DataFrame) -> pl.DataFrame:
    rows = silver["note"].sort("ocid", "record_id", "code", "path", "message")
    frame = rows.join(shared, on="ocid", how="inner", maintain_order="left")
    key = [pl.lit("note"), *(pl.col(name) for name in ("ocid", "record_id", "code", "path"))]
    columns = ["note_key", "process_key", "silver_batch", "ocid", "buyer_key", "source_key"]
    return _fact_key(frame, "note_key", key).select(*columns, "code", "path", "message", "record_id")


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


def _or_position(column: str) -> pl.Expr:
    return pl.coalesce(pl.col(column), pl.format("#{}", pl.col("position")))


def _fact_key(frame: pl.DataFrame, name: str, columns: list[pl.Expr]) -> pl.DataFrame:
    """Add the fact's key, clustered by its process's key; facts with the same business key are numbered in order."""
    numbered = frame.with_columns(business_key(columns).alias("_grain")).with_columns(
        pl.int_range(pl.len()).over("_grain").alias("_again")
    )
    nth = pl.when(pl.col("_again") > 0).then(pl.col("_again")).cast(pl.String).fill_null("")
    return (
        with_key(numbered, name, [*columns, nth])
        .with_columns(clustered_key(name, "process_key"))
        .drop("_grain", "_again")
    )


def _bridge(parties: pl.DataFrame, process: pl.DataFrame) -> pl.DataFrame:
    roles = parties.select("ocid", "organization_key", "organization_id", pl.col("roles").alias("role")).explode("role")
    rows = roles.with_columns(pl.col("role").fill_null("party")).unique(
        ["ocid", "organization_key", "role"], maintain_order=True
    )
    dated = rows.join(
        process.select("ocid", "process_key", "last_published"), on="ocid", how="inner", maintain_order="left"
    )
    return dated.select("process_key", "organization_key", "role", "organization_id", "last_published")
