"""Attributes that dimension rows derive from their others."""

from typing import Any

import polars as pl
import pytest

from domain.star.derived_attributes import DERIVED, derived_changes, derived_columns, with_derived
from domain.star.model import DIMENSIONS


def row(name: str, **attributes: Any) -> pl.DataFrame:
    key, names = DIMENSIONS[name]
    fields = {key: 1, **dict.fromkeys(names), **attributes}
    return pl.DataFrame([fields], schema={key: pl.Int64} | dict.fromkeys(names, pl.String))


@pytest.mark.parametrize(
    ("of", "status", "counts"),
    [
        ("award", "active", True),
        ("award", "ACTIVE", True),
        ("award", None, True),
        ("award", "pending", False),
        ("award", "unsuccessful", False),
        ("award", "Cancelled", False),
        ("award", "awarded", False),
        ("contract", "active", True),
        ("contract", "terminated", True),
        ("contract", None, True),
        ("contract", "pending", False),
        ("contract", "cancelled", False),
        ("bid", "valid", None),
        ("process", "complete", None),
        ("process", None, None),
    ],
)
def test_what_is_won_is_of_active_awards_and_of_contracts_in_force_or_ended(
    of: str, status: str | None, counts: bool | None
) -> None:
    assert with_derived("dim_status", row("dim_status", of=of, status=status))["counts"].to_list() == [counts]


@pytest.mark.parametrize("name", DERIVED)
def test_only_rows_that_differ_are_changed(name: str) -> None:
    attributes = {"scheme": "CPV", "code": "45233142", "of": "award", "country": "France", "code_": ""}
    plain = row(name, **{key: value for key, value in attributes.items() if key in DIMENSIONS[name][1]})
    made = with_derived(name, plain)
    assert derived_changes(name, made).height == 0
    derived = derived_columns(name)
    assert derived
    blank = made.with_columns(pl.lit(None, made.schema[column]).alias(column) for column in derived)
    assert derived_changes(name, blank).equals(made.select(DIMENSIONS[name][0], *derived))
