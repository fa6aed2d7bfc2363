"""Assesses processes: which fields they have, which checks apply and fail, and notes on failures. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from domain.lake.silver import TABLES, Columns
from domain.quality.check import Check
from domain.quality.checks import CHECKS
from domain.quality.context import Frames, rows_with_context
from domain.quality.duplicates import likeness
from domain.quality.fields import FIELDS
from domain.shared.surrogate_keys import with_key

# One row per process. `present`, `checked` and `failed` are sets of bits: positions in FIELDS and CHECKS.
ASSESSED: Columns = {
    "process_key": pl.Int64,
    "source": pl.String,  # prefix of the ocid
    **dict.fromkeys(("present", "checked", "failed"), pl.Int64),
    "likeness": pl.Int64,  # equal for processes that may be one; null where that can't be told
}
NO_ASSESSMENTS = pl.DataFrame(schema=ASSESSED)
NOTED = {check.code: bit for bit, check in enumerate(CHECKS) if check.fails is None}


@dataclass(frozen=True)
class Assessment:
    """The assessed processes (ASSESSED), and silver `note` rows for their failures."""

    processes: pl.DataFrame
    notes: pl.DataFrame


def assess(silver: Frames) -> Assessment:
    """Assess the processes in `silver`, none of which is deleted."""
    context = rows_with_context(silver)
    tables = {table: [bit for bit, check in enumerate(CHECKS) if check.table == table] for table in context}
    judged = pl.collect_all([_judged(context[table], bits) for table, bits in tables.items()])
    parts = [_bits(frame.lazy(), bits) for frame, bits in zip(judged, tables.values(), strict=True)]
    parts += [_present(silver, table) for table in {field.table: None for field in FIELDS}]
    parts.append(_noted(silver["note"].lazy()))
    names = ["present", "checked", "failed"]
    # Each bit is set by one table only, except for failures that notes tell: these imply that the check applied.
    summed = pl.concat(parts, how="diagonal").group_by("ocid").agg(pl.col(names).fill_null(0).bitwise_or())
    source = pl.col("ocid").str.extract(r"^([^-]+-[^-]+)").alias("source")
    processes = silver["process"].lazy().select("ocid", source).join(summed, on="ocid", how="left").collect()
    keyed = with_key(processes, "process_key", ["ocid"]).join(likeness(silver["process"]), on="ocid", how="left")
    notes = [
        _notes(frame, CHECKS[bit], bit) for frame, bits in zip(judged, tables.values(), strict=True) for bit in bits
    ]
    empty = pl.DataFrame(schema=TABLES["note"])
    return Assessment(
        keyed.select(pl.col(name).cast(kind) for name, kind in ASSESSED.items()),
        pl.concat([empty, *(found for found in notes if found is not None)]),
    )


def _judged(rows: pl.LazyFrame, bits: Sequence[int]) -> pl.LazyFrame:
    """The rows, with the columns applies_N and fails_N of each check."""
    judged = rows.with_columns(CHECKS[bit].applies.fill_null(value=False).alias(f"applies_{bit}") for bit in bits)
    fails = [(bit, CHECKS[bit].fails) for bit in bits]
    return judged.with_columns(
        (pl.col(f"applies_{bit}") & test.fill_null(value=False)).alias(f"fails_{bit}")
        for bit, test in fails
        if test is not None
    )


def _bits(judged: pl.LazyFrame, bits: Sequence[int]) -> pl.LazyFrame:
    checked = [_bit(f"applies_{bit}", bit) for bit in bits]
    failed = [_bit(f"fails_{bit}", bit) for bit in bits if CHECKS[bit].fails is not None]
    return judged.group_by("ocid").agg(
        pl.sum_horizontal(checked).bitwise_or().alias("checked"), pl.sum_horizontal(failed).bitwise_or().alias("failed")
    )


def _bit(column: str, bit: int) -> pl.Expr:
    return pl.when(pl.col(column)).then(pl.lit(1 << bit, dtype=pl.Int64)).otherwise(pl.lit(0, dtype=pl.Int64))


def _present(silver: Frames, table: str) -> pl.LazyFrame:
    set_bits = [
        pl.when(field.present).then(pl.lit(1 << bit, dtype=pl.Int64)).otherwise(pl.lit(0, dtype=pl.Int64))
        for bit, field in enumerate(FIELDS)
        if field.table == table
    ]
    rows = silver[table].lazy().select("ocid", pl.sum_horizontal(set_bits).alias("present"))
    return rows.group_by("ocid").agg(pl.col("present").bitwise_or())


def _noted(notes: pl.LazyFrame) -> pl.LazyFrame:
    """The checks that notes of silver tell to fail."""
    code = pl.col("code").cast(pl.String)
    bits = code.replace_strict(list(NOTED), [1 << bit for bit in NOTED.values()], default=None, return_dtype=pl.Int64)
    failed = notes.select("ocid", bits.alias("failed")).drop_nulls("failed")
    return failed.group_by("ocid").agg(pl.col("failed").bitwise_or()).with_columns(checked=pl.col("failed"))


def _notes(judged: pl.DataFrame, check: Check, bit: int) -> pl.DataFrame | None:
    """Silver `note` rows for the failures of a check; None without one."""
    if check.fails is None or not judged[f"fails_{bit}"].any():
        return None
    values = [pl.format(f"{name} {{}}", _shown(name, judged.schema[name])) for name in check.values]
    path = pl.format(check.path, pl.col("position")) if "{}" in check.path else pl.lit(check.path)
    failing = judged.filter(pl.col(f"fails_{bit}")).sort("ocid", *(["position"] if "{}" in check.path else []))
    return failing.select(
        "silver_batch",
        "ocid",
        pl.lit(None, dtype=pl.String).alias("record_id"),
        pl.lit(check.code).alias("code"),
        path.alias("path"),
        pl.concat_str([pl.lit(f"expected: {check.description}; "), pl.concat_str(values, separator=", ")]).alias(
            "message"
        ),
    )


def _shown(name: str, kind: pl.DataType) -> pl.Expr:
    value = pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%SZ") if isinstance(kind, pl.Datetime) else pl.col(name)
    return value.cast(pl.String).fill_null("missing")
