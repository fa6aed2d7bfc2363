"""Results of indicators: rows by subject, with what is missing, and the evidence of what is flagged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import orjson
import polars as pl

from domain.lake.silver import Columns

EVIDENCE_MAX_ENTRIES = 100  # of one kind; the total is given beside them


class Result(StrEnum):
    """`not_computable` names what is missing; it is not the same as `not_flagged`."""

    FLAGGED = "flagged"
    NOT_FLAGGED = "not_flagged"
    NOT_COMPUTABLE = "not_computable"


# The subject is a process; an organisation in a process (both keys), which a flagged process names; or an organisation
# over all its processes (`process_key` is null). `evidence` is JSON: ids by kind of fact.
RESULTS: Columns = {
    "indicator": pl.String,
    "process_key": pl.Int64,
    "organization_id": pl.String,
    "role": pl.String,
    "result": pl.String,
    "value": pl.Float64,
    "missing": pl.String,
    "evidence": pl.String,
}
Evidence = Mapping[str, pl.DataFrame]
"""Kind of fact → rows of the subject's columns and `id`: the fact's key, or an ocid."""


@dataclass(frozen=True)
class Quartiles:
    """What a fence was computed from: the number of subjects and their quartiles; of organisations in which role."""

    subjects: int
    q1: float | None
    q3: float | None
    fence: float | None
    role: str | None = None
    percentile: float | None = None


@dataclass(frozen=True)
class Evaluation:
    """The results (RESULTS) of an indicator that compares all data, with what they were compared with."""

    results: pl.DataFrame
    quartiles: tuple[Quartiles, ...]


def missing_inputs(*inputs: tuple[pl.Expr, str]) -> pl.Expr:
    """The names of the inputs whose condition holds, separated by commas; null if none does."""
    names = [pl.when(absent).then(pl.lit(name)) for absent, name in inputs]
    joined = pl.concat_str(names, separator=", ", ignore_nulls=True)
    return pl.when(joined != "").then(joined)


def reason(applies: pl.Expr, text: str) -> pl.Expr:
    """The text where the condition holds."""
    return pl.when(applies).then(pl.lit(text))


def cancelled() -> pl.Expr:
    """Why a cancelled process is skipped."""
    return reason(pl.col("status") == "cancelled", "tender.status (cancelled processes are skipped)")


def judged(flagged: pl.Expr, missing: pl.Expr) -> list[pl.Expr]:
    """The columns `missing` and `result`; what could not be compared is not flagged."""
    result = (
        pl.when(missing.is_not_null())
        .then(pl.lit(Result.NOT_COMPUTABLE.value))
        .when(flagged.fill_null(value=False))
        .then(pl.lit(Result.FLAGGED.value))
        .otherwise(pl.lit(Result.NOT_FLAGGED.value))
    )
    return [missing.alias("missing"), result.alias("result")]


def with_evidence(rows: pl.DataFrame, subject: Sequence[str], evidence: Evidence) -> pl.DataFrame:
    """Add the column `evidence` to the flagged rows."""
    flagged = rows.filter(pl.col("result") == Result.FLAGGED)
    if not flagged.height:
        return rows.with_columns(pl.lit(None, pl.String).alias("evidence"))
    texts = flagged.select(subject).unique(maintain_order=True)
    for kind, facts in evidence.items():
        ids = pl.col("id").drop_nulls().unique().sort()
        listed = ids.head(EVIDENCE_MAX_ENTRIES).cast(pl.String).alias(kind)
        grouped = facts.join(texts, on=subject, how="semi").group_by(subject)
        texts = texts.join(grouped.agg(listed, ids.len().alias(f"{kind}_total")), on=subject, how="left")
    text = pl.Series("evidence", [_text(row, evidence) for row in texts.iter_rows(named=True)], dtype=pl.String)
    return rows.join(
        texts.select(*subject, pl.lit(Result.FLAGGED.value).alias("result"), text),
        on=[*subject, "result"],
        how="left",
        maintain_order="left",
    )


def _text(row: Mapping[str, object], kinds: Evidence) -> str:
    listed = {kind: row[kind] for kind in kinds if row[kind]}
    totals = {f"{kind}_total": row[f"{kind}_total"] for kind in listed if _count(row, kind) > EVIDENCE_MAX_ENTRIES}
    return orjson.dumps(listed | totals, option=orjson.OPT_SORT_KEYS).decode()


def _count(row: Mapping[str, object], kind: str) -> int:
    count = row[f"{kind}_total"]
    return count if isinstance(count, int) else 0


def result_rows(indicator: str, frame: pl.DataFrame) -> pl.DataFrame:
    """The frame's columns of RESULTS, with null for those that it lacks."""
    given = {"indicator": pl.lit(indicator)} | {name: pl.col(name) for name in frame.columns if name in RESULTS}
    return frame.select(given.get(name, pl.lit(None)).cast(dtype).alias(name) for name, dtype in RESULTS.items())


def tenderers_of_flagged(rows: pl.DataFrame, tenderers: pl.DataFrame, value: float) -> pl.DataFrame:
    """Rows for the organisations that flagged processes name (process_key, organization_id), with their evidence."""
    flagged = rows.filter(pl.col("result") == Result.FLAGGED).select("process_key", "result", "evidence")
    named = tenderers.drop_nulls("organization_id").unique().sort("process_key", "organization_id")
    return named.join(flagged, on="process_key", how="inner", maintain_order="left").with_columns(
        pl.lit("tenderer").alias("role"), pl.lit(value, pl.Float64).alias("value")
    )
