"""The versioned release: that of the reference implementation, with the dates as published."""

import warnings
from copy import deepcopy
from datetime import datetime
from typing import Any

import ocdsmerge
from hypothesis import given, settings

from domain.ocds.merging.party_entries import merge_duplicate_parties
from domain.ocds.merging.rules import rules_of
from domain.ocds.merging.versioned_release import version_releases
from tests.domain.ocds.merging.test_compiled_release import Release, histories, merge_rules, mixed, source


def with_dates(value: Any, dates: list[str]) -> Any:
    if isinstance(value, list):
        return [with_dates(one, dates) for one in value]
    if isinstance(value, dict):
        return {
            name: dates[int(one)] if name == "releaseDate" else with_dates(one, dates) for name, one in value.items()
        }
    return value


@settings(max_examples=100, deadline=None)
@given(histories())
def test_versioned_releases_are_those_of_the_reference(history: list[tuple[datetime, Release]]) -> None:
    ordered = sorted(history, key=lambda one: one[0])
    made = version_releases([source(release, at) for at, release in ordered])
    ranked = [
        {**merge_duplicate_parties(deepcopy(release)), "date": f"{rank:06d}"}
        for rank, (_, release) in enumerate(ordered)
    ]
    which = rules_of([release for _, release in ordered], [None])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference = ocdsmerge.Merger(merge_rules=merge_rules(which)).create_versioned_release(deepcopy(ranked))
    if not mixed(history):
        assert made == with_dates(reference, [release["date"] for _, release in ordered])
