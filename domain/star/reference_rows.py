"""Reference records as dimension rows. Keys hash kind and record id, so corrections keep the key. Pure."""

from collections.abc import Iterable

import polars as pl

from domain.shared.surrogate_keys import surrogate_key
from domain.star.derived_attributes import with_cpv_levels

NAMES = [
    "organization_id",
    "name",
    "scheme",
    "identifier",
    "legal_name",
    "locality",
    "region",
    "country",
    "scale",
    "url",
    "parent_id",
]


def reference_keys(kind: str, record_ids: Iterable[str]) -> list[int]:
    """Return the surrogate keys of reference records' dimension rows; rows made from processes never have them."""
    return [surrogate_key("reference", kind, record_id) for record_id in record_ids]


def organization_rows(records: pl.DataFrame) -> pl.DataFrame:
    """Return rows of dim_organization from silver `organization`; they are valid from the beginning."""
    keyed = _keyed(records, "organization_key", "organizations")
    return keyed.select(
        "organization_key",
        *NAMES,
        pl.lit(value=True).alias("reference"),
        pl.lit(value=True).alias("is_current"),
        pl.lit(1).alias("uses"),
    )


def classification_rows(records: pl.DataFrame) -> pl.DataFrame:
    """Return rows of dim_classification from silver `classification`."""
    keyed = with_cpv_levels(_keyed(records, "classification_key", "classifications"))
    columns = [
        "classification_key",
        "scheme",
        "code",
        "description",
        "division",
        "group",
        "class",
        "category",
        "parent",
    ]
    return keyed.select(*columns, pl.lit(value=True).alias("reference"), pl.lit(1).alias("uses"))


def _keyed(records: pl.DataFrame, name: str, kind: str) -> pl.DataFrame:
    return records.with_columns(pl.Series(name, reference_keys(kind, records["record_id"]), dtype=pl.Int64))
