"""Which rows of fact_red_flag change. Pure."""

from dataclasses import dataclass

import orjson
import polars as pl

from domain.lake.silver import Columns
from domain.red_flags.inputs import Inputs, with_identities
from domain.red_flags.registry import INDICATORS
from domain.red_flags.results import Evaluation, Quartiles
from domain.red_flags.settings import RedFlagSettings

# What is compared of a stored row. `evidence` is read as JSON text or as an object, depending on the database.
STORED: Columns = {
    "red_flag_key": pl.Int64,
    "organization_key": pl.Int64,
    "buyer_key": pl.Int64,
    "result": pl.String,
    "value": pl.Float64,
    "missing": pl.String,
    "evidence": pl.Object,
}
COMPARED = [name for name in STORED if name not in {"red_flag_key", "evidence"}]


@dataclass(frozen=True)
class RowChanges:
    """Keys of rows to delete, which includes those that change, and rows to insert."""

    deleted: pl.Series
    inserted: pl.DataFrame


def evaluate_all(
    inputs: Inputs, identities: pl.DataFrame, settings: RedFlagSettings
) -> tuple[pl.DataFrame, dict[str, tuple[Quartiles, ...]]]:
    """The results of the indicators that compare all data, and by indicator what they were compared with."""
    identified = with_identities(inputs, identities)
    found: dict[str, Evaluation] = {
        one.code: one.over_all(identified if one.by_identity else inputs, settings)
        for one in INDICATORS
        if one.over_all is not None
    }
    results = pl.concat([evaluation.results for evaluation in found.values()])
    return results, {code: evaluation.quartiles for code, evaluation in found.items()}


def row_changes(stored: pl.DataFrame, wanted: pl.DataFrame) -> RowChanges:
    """The changes that make the stored rows (STORED) the wanted ones (ROWS)."""
    texts = pl.Series("evidence", [_canonical(value) for value in stored["evidence"]], dtype=pl.String)
    present = stored.drop("evidence").with_columns(texts)
    same = wanted.join(present, on=["red_flag_key", *COMPARED, "evidence"], how="semi", nulls_equal=True)
    inserted = wanted.join(same, on="red_flag_key", how="anti")
    kept = same["red_flag_key"].implode()
    return RowChanges(present.filter(~pl.col("red_flag_key").is_in(kept))["red_flag_key"], inserted)


def _canonical(evidence: object) -> str | None:
    return None if evidence is None else orjson.dumps(evidence, option=orjson.OPT_SORT_KEYS).decode()
