"""JSON numbers keep their digits, from the text to the text."""

import copy
import json
import pickle
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.shared.exact_json import ExactNumber, dumps, exact_to_text, loads, number, text_to_exact

LONG = [
    "18446744073709551616",
    "-9223372036854775809",
    "12345678901234567.89",
    "1e-400",
    "0.1000000000000000055511151231257827",
    "123456789012345678901e3",
]


@pytest.mark.parametrize("text", LONG)
def test_a_number_that_64_bits_do_not_hold_is_written_as_it_was(text: str) -> None:
    raw = f'{{"x":[{text}]}}'.encode()
    (value,) = loads(raw)["x"]
    assert isinstance(value, ExactNumber)
    assert value == float(text)
    assert dumps(loads(raw)) == raw
    assert dumps(text_to_exact(json.loads(json.dumps(exact_to_text(loads(raw)))))) == raw
    assert [one.text for one in (copy.deepcopy(value), pickle.loads(pickle.dumps(value)))] == [text, text]


@pytest.mark.parametrize(
    "text",
    [
        "1",
        "18446744073709551615",
        "-9223372036854775808",
        "0.30000000000000004",
        "1.0000000000000000000",
        "1e300",
        "9007199254740993",
    ],
)
def test_a_number_that_64_bits_hold_is_plain(text: str) -> None:
    value = loads(f"[{text}]".encode())[0]
    assert type(value) in (int, float)
    assert Decimal(value if type(value) is int else repr(value)) == Decimal(text)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30))
def test_no_number_changes_its_value_on_the_way(value: Decimal) -> None:
    text = str(value)
    assert json.loads(dumps(loads(f"[{text}]")), parse_float=Decimal, parse_int=Decimal) == [Decimal(text)]


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("98765432109876543.21", b"98765432109876543.21"),
        (" .10000000000000000001", b"0.10000000000000000001"),
        ("2", b"2.0"),
    ],
)
def test_a_text_that_is_a_number_becomes_one_with_all_its_digits(text: str, written: bytes) -> None:
    assert dumps(number(text)) == written


def test_long_digits_in_texts_and_deep_nesting_change_nothing() -> None:
    assert loads(b'{"a": "12345678901234567890123", "b": 1}') == {"a": "12345678901234567890123", "b": 1}
    deep = loads(b"[" * 900 + b"12345678901234567.89" + b"]" * 900)
    for _ in range(900):
        (deep,) = deep
    assert deep == 12345678901234567.89
