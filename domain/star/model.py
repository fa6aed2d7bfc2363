"""The tables of the star: dimensions with their attributes, facts with their references."""

from dataclasses import dataclass

import polars as pl

from domain.lake.flattening.organization_identity import UNKNOWN
from domain.shared.surrogate_keys import surrogate_key

Frames = dict[str, pl.DataFrame]


ORGANIZATION = [
    "organization_id",
    "name",
    "scheme",
    "identifier",
    "legal_name",
    "street",
    "locality",
    "region",
    "postal_code",
    "country",
    "scale",
    "url",
]


DIMENSIONS: dict[str, tuple[str, list[str]]] = {
    "dim_procedure": ("procedure_key", ["method", "details", "category"]),
    "dim_classification": ("classification_key", ["scheme", "code", "description"]),
    "dim_location": ("location_key", ["country", "region", "locality"]),
    "dim_currency": ("currency_key", ["code"]),
    "dim_source": ("source_key", ["prefix", "publisher", "license"]),
    "dim_status": ("status_key", ["of", "status"]),
}


FACTS = (
    "fact_process",
    "fact_award",
    "fact_contract",
    "fact_item",
    "fact_bid",
    "fact_transaction",
    "fact_amendment",
    "fact_note",
    "fact_red_flag",
)


# Dimensions that each column of a fact refers to; organisations are counted over the bridge instead, and
# notes have the source of their process, which counts.
REFERENCES: dict[str, dict[str, str]] = {
    "fact_process": {
        "source_key": "dim_source",
        "procedure_key": "dim_procedure",
        "status_key": "dim_status",
        "classification_key": "dim_classification",
        "location_key": "dim_location",
        "currency_key": "dim_currency",
    },
    "fact_award": {
        "source_key": "dim_source",
        "procedure_key": "dim_procedure",
        "status_key": "dim_status",
        "classification_key": "dim_classification",
        "currency_key": "dim_currency",
    },
    "fact_contract": {
        "source_key": "dim_source",
        "procedure_key": "dim_procedure",
        "status_key": "dim_status",
        "currency_key": "dim_currency",
    },
    "fact_item": {
        "source_key": "dim_source",
        "classification_key": "dim_classification",
        "location_key": "dim_location",
        "unit_currency_key": "dim_currency",
    },
    "fact_bid": {
        "source_key": "dim_source",
        "procedure_key": "dim_procedure",
        "classification_key": "dim_classification",
        "status_key": "dim_status",
        "currency_key": "dim_currency",
    },
    "fact_transaction": {
        "source_key": "dim_source",
        "procedure_key": "dim_procedure",
        "classification_key": "dim_classification",
        "currency_key": "dim_currency",
    },
    "fact_amendment": {"source_key": "dim_source", "procedure_key": "dim_procedure"},
}


UNKNOWN_ORGANIZATION = surrogate_key(UNKNOWN, *[None] * (len(ORGANIZATION) - 1))


@dataclass(frozen=True)
class Star:
    """The star rows of a slice of processes: facts and dimensions by table name, the bridge of organisations, and the
    assessment of data quality (domain/quality/assessment.py).
    """

    facts: Frames
    dimensions: Frames
    organizations: pl.DataFrame
    bridge: pl.DataFrame
    quality: pl.DataFrame
