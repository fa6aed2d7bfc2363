"""Normalised names, countries, postal codes and numbers of organisations."""

import polars as pl
import pytest

from domain.organizations.normalization import (
    country_code,
    country_of_region,
    folded,
    normalised_name,
    postal_code,
    register_number,
)


def one(expression: pl.Expr, **values: str | None) -> object:
    return pl.DataFrame([values], schema=dict.fromkeys(values, pl.String)).select(expression.alias("it")).item()


@pytest.mark.parametrize(
    ("name", "core", "form"),
    [
        ("Holt & Sons Limited", "holt sons", "ltd"),
        ("HOLT AND SONS LTD.", "holt sons", "ltd"),
        ("Sons (Holt) Ltd", "holt sons", "ltd"),
        ("The Borough Council of Holt", "borough council holt", None),
        ("Müller & Söhne G.m.b.H.", "muller sohne", "gmbh"),
        ("Łąka Sp. z o.o.", "laka", "spzoo"),
        ("Cantieri Rossi S.p.A.", "cantieri rossi", "spa"),
        ("Obras Ibáñez, Sociedad Limitada", "ibanez obras", "sl"),
        ("Vialidad del Norte S.A. de C.V.", "norte vialidad", "sadecv"),
        ("Bygg AS", "bygg", "as"),
        ("AS Bygg", "as bygg", None),  # a first word is no legal form
        ("Dept. of Health", "department health", None),
        ("Dwyfor C.B.C.", "cbc dwyfor", None),
        ("Dwyfor County Borough Council", "cbc dwyfor", None),
        ("Harbour County Council (HCC)", "council county harbour", None),
        ("Harbour (Scotland) Housing", "harbour housing scotland", None),
        ("Marsh Motors Ltd t/a Marsh Taxis", "marsh motors", "ltd"),
        ("Marsh Motors Ltd (trading as Marsh Taxis)", "marsh motors", "ltd"),
        ("Homes North (formerly Agency for Houses)", "homes north", None),
        ("St. Anne's School No. 4", "4 annes number saint school", None),
        ("Ltd", "ltd", None),
        ("The The", "the", None),
        ("t/a Cabs", "cabs ta", None),
        ("東京都", "東京都", None),
        ("", "", None),
        (None, None, None),
    ],
)
def test_names_are_their_words_without_form_order_and_marks(name: str | None, core: str, form: str | None) -> None:
    found = one(normalised_name(pl.col("name")), name=name)
    assert isinstance(found, dict)
    assert (found["core"], found["form"]) == (core, form)


def test_the_same_words_written_apart_are_joined_alike() -> None:
    names = [one(normalised_name(pl.col("name")), name=name) for name in ("Open View Ltd", "OpenView Limited")]
    assert {found["joined"] for found in names if isinstance(found, dict)} == {"openview"}


@pytest.mark.parametrize(
    ("country", "code"),
    [
        ("United Kingdom", "GB"),
        ("UK", "GB"),
        ("ENG", "GB"),
        ("gb", "GB"),
        ("España", "ES"),
        ("DEU", "DE"),
        ("xx", "XX"),
        ("somewhere", None),
        (None, None),
    ],
)
def test_countries_are_iso_codes(country: str | None, code: str | None) -> None:
    assert one(country_code(pl.col("it")), it=country) == code


@pytest.mark.parametrize(("region", "code"), [("UKM72", "GB"), ("UK", "GB"), ("PL9", "PL"), ("Fife", None), ("", None)])
def test_the_code_of_a_region_names_its_country(region: str, code: str | None) -> None:
    assert one(country_of_region(pl.col("it")), it=region) == code


@pytest.mark.parametrize(
    ("code", "street", "expected"),
    [
        ("ab1 2cd", None, "AB12CD"),
        (None, "3 Quay, Holt, AB1 2CD", "AB12CD"),
        (None, "3 Quay, Holt", None),
        ("-", "3 Quay AB12CD", "AB12CD"),
        ("00-950", "3 Quay AB12CD", "00950"),
    ],
)
def test_postal_codes_are_found_in_the_text_too(code: str | None, street: str | None, expected: str | None) -> None:
    assert one(postal_code(pl.col("code"), pl.col("street")), code=code, street=street) == expected


def test_numbers_have_no_zeros_before_them() -> None:
    assert [one(register_number(pl.col("it")), it=text) for text in ("00 412-3", "4123", "sc 07", "000")] == [
        "4123",
        "4123",
        "SC07",
        None,
    ]


def test_folded_text_keeps_marks_of_other_scripts() -> None:
    assert one(folded(pl.col("it")), it="नेपाल सरकार!") == "नेपाल सरकार"
