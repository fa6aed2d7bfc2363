"""Matches organisation references to the parties of a process. Pure."""

import polars as pl

from domain.lake.silver import TABLES
from domain.raw_records.note_codes import NOTES

NOT_FOUND_CODE = "party_not_found"
PLACE = ["ocid", "position"]


def match_references(references: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """Return the references with the `position` of their party: by id, else registered identifier, else folded name,
    else null.

    A name matches only if its parties and references have at most one registered identifier between them.
    """
    rows = references
    for column in ("party_id", "registered"):
        known = listed.drop_nulls(column).unique(["ocid", column], keep="first", maintain_order=True)
        rows = _with_position(rows, known.select("ocid", column, pl.col("position").alias(f"by_{column}")), column)
    rows = rows.with_columns(pl.coalesce("by_party_id", "by_registered").alias("position")).drop(
        "by_party_id", "by_registered"
    )
    of_name = pl.col("registered").drop_nulls()
    named = listed.drop_nulls("folded").group_by("ocid", "folded", maintain_order=True)
    known = named.agg(
        pl.col("position").first().alias("by_name"),
        of_name.n_unique().alias("registers"),
        pl.col("registered").first().alias("own"),
    )
    rows = _with_position(rows, known.filter(pl.col("registers") <= 1).drop("registers"), "folded")
    unmatched = pl.col("registered").filter(pl.col("position").is_null())
    identifiers = unmatched.drop_nulls().n_unique().over("ocid", "folded")
    same = pl.col("registered") == pl.col("own")
    fits = pl.col("registered").is_null() | same | (pl.col("own").is_null() & (identifiers == 1))
    return rows.with_columns(pl.coalesce("position", pl.when(fits).then("by_name")).alias("position")).drop(
        "by_name", "own"
    )


def _with_position(rows: pl.DataFrame, known: pl.DataFrame, column: str) -> pl.DataFrame:
    return rows.join(known, on=["ocid", column], how="left", maintain_order="left")


def number_unlisted(found: pl.DataFrame, listed: pl.DataFrame) -> pl.DataFrame:
    """Number the references without a listed party after the listed parties, in order of appearance; column `listed`.

    References mean the same organisation if they share a registered identifier: their own, else the one of other
    references with their id, else the only one of other references with their name. Without an identifier they share
    the first folded name found with their id, else the id.
    """
    c = pl.col
    missing = found.filter(c("position").is_null()).drop("position")
    registers = c("registered").drop_nulls()
    of_id = pl.when(c("party_id").is_not_null()).then(registers.first().over("ocid", "party_id"))
    of_name = pl.when(c("folded").is_not_null() & (registers.n_unique().over("ocid", "folded") == 1)).then(
        registers.first().over("ocid", "folded")
    )
    name_of_id = pl.when(c("party_id").is_not_null()).then(c("folded").drop_nulls().first().over("ocid", "party_id"))
    register = pl.format("register {}", pl.coalesce("registered", of_id, of_name))
    name = pl.format("name {}", pl.coalesce(name_of_id, "folded"))
    who = pl.coalesce(
        register,
        name,
        pl.format("id {}", "party_id"),
        pl.format("text {}", pl.coalesce("name", "legal_name", "identifier")),
    )
    missing = missing.with_columns(who.alias("_who"))
    first = missing.select("ocid", "_who").unique(maintain_order=True)
    counts = listed.group_by("ocid").agg((c("position").max() + 1).alias("_listed"))
    first = first.join(counts, on="ocid", how="left", maintain_order="left")
    position = (c("_listed").fill_null(0) + pl.int_range(pl.len()).over("ocid")).cast(pl.Int32).alias("position")
    unlisted = missing.join(
        first.select("ocid", "_who", position), on=["ocid", "_who"], how="left", maintain_order="left"
    ).drop("_who")
    known = found.filter(c("position").is_not_null()).with_columns(pl.lit(value=True).alias("listed"))
    return pl.concat([known, unlisted.with_columns(pl.lit(value=False).alias("listed")).select(known.columns)]).sort(
        "order"
    )


def unlisted_notes(references: pl.DataFrame) -> pl.DataFrame:
    """Return silver `note` rows for numbered references that are not in `parties`: one per process and role."""
    c = pl.col
    unlisted = references.filter(~c("listed"))
    first = unlisted.group_by("ocid", "role", maintain_order=True).agg(
        c("silver_batch").first(),
        c("at").first().str.replace("#", c("parent").first().cast(pl.String), literal=True).alias("path"),
        c("position").n_unique().alias("organizations"),
    )
    message = pl.format("{}: {} as {}", pl.lit(NOTES[NOT_FOUND_CODE]), "organizations", "role")
    record, code = pl.lit(None).alias("record_id"), pl.lit(NOT_FOUND_CODE).alias("code")
    rows = first.with_columns(record, code, message.alias("message"))
    return rows.select(pl.col(name).cast(kind) for name, kind in TABLES["note"].items())
