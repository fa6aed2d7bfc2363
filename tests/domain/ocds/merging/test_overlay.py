"""The fast merge of releases: what it merges, and what it leaves to ocdsmerge-rs."""

from typing import Any

import pytest

from domain.ocds.merging.overlay import overlay
from domain.ocds.merging.rules import OCDS_1_1


def test_objects_merge_by_key_and_arrays_by_id() -> None:
    first = {
        "tender": {"title": "a", "items": [{"id": "1", "quantity": 1}, {"id": "2"}]},
        "parties": [{"id": "p", "roles": ["buyer", "payer"]}],
    }
    second = {
        "tender": {"title": "b", "items": [{"id": "3"}, {"id": "1", "quantity": 2}]},
        "parties": [{"id": "p", "roles": ["buyer"]}],
    }
    assert overlay([first, second], [True, True], OCDS_1_1) == {
        "tender": {"title": "b", "items": [{"id": "1", "quantity": 2}, {"id": "2"}, {"id": "3"}]},
        "parties": [{"id": "p", "roles": ["buyer"]}],
    }


def test_null_takes_a_value_out_and_what_holds_nothing_says_nothing() -> None:
    first = {"a": 1, "b": {"c": 1}, "e": [{"id": "1"}]}
    second: dict[str, Any] = {"a": None, "b": {"c": None}, "d": {"x": {}}, "e": [{}, {"id": "1", "f": []}]}
    assert overlay([first, second], [True, False], OCDS_1_1) == {"b": {}, "e": [{"id": "1"}]}


def test_objects_without_an_id_are_added_each_time() -> None:
    assert overlay([{"a": [{"b": 1}]}, {"a": [{"b": 1}]}], [True, True], OCDS_1_1) == {"a": [{"b": 1}, {"b": 1}]}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"a": {"b": 1}}, {"a": 1}),
        ({"a": 1}, {"a": {"b": 1}}),
        ({"a": {"b": 1}}, {"a": None}),
        ({"a": {"b": 1}}, {"a": [{"id": "1"}]}),
        ({"a": [{"id": "1"}]}, {"a": {"b": 1}}),
        ({"a": [{"id": "1"}]}, {"a": ["x"]}),
        ({"a": ["x"]}, {"a": [{"id": "1"}]}),
        ({"a": [{"id": "1"}]}, {"a": [{"id": None}]}),
        ({"parties": [{"id": "1", "roles": ["x"]}]}, {"parties": [{"id": "1", "roles": {"x": 1}}]}),
    ],
)
def test_what_contradicts_an_earlier_release_is_left_to_the_merger(
    first: dict[str, Any], second: dict[str, Any]
) -> None:
    assert overlay([first, second], [False, False], OCDS_1_1) is None
