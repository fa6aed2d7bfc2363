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


@pytest.mark.parametrize(
    ("code", "levels", "parent"),
    [
        ("45233142", ("45", "452", "4523", "45233"), "45233140"),
        ("45233142-6", ("45", "452", "4523", "45233"), "45233140"),
        ("45233140", ("45", "452", "4523", "45233"), "45233100"),
        ("45233000", ("45", "452", "4523", "45233"), "45230000"),
        ("45200000", ("45", "452", "4520", "45200"), "45000000"),
        ("45000000", ("45", "450", "4500", "45000"), None),
        ("03000000", ("03", "030", "0300", "03000"), None),
        ("03100000", ("03", "031", "0310", "03100"), "03000000"),
        ("4523", (None, None, None, None), None),
        ("works", (None, None, None, None), None),
    ],
)
def test_cpv_codes_have_their_levels_and_the_code_above(
    code: str, levels: tuple[str | None, ...], parent: str | None
) -> None:
    made = with_derived("dim_classification", row("dim_classification", scheme="CPV", code=code)).row(0, named=True)
    assert tuple(made[name] for name in ("division", "group", "class", "category")) == levels
    assert made["parent"] == parent
    other = with_derived("dim_classification", row("dim_classification", scheme="UNSPSC", code=code))
    assert other["parent"].to_list() == [None]
