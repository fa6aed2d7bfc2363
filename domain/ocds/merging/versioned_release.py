"""The versioned release of a contracting process: the history of each of its fields.

As OCDS 1.1 defines it: a field holds a list of {releaseID, releaseDate, releaseTag, value}, oldest first.
"""

from collections.abc import Sequence
from typing import Any

from domain.ocds.merging.compiled_release import ReleaseSource, merge_by_library, ocds_merger
from domain.ocds.merging.rules import Rules, rules_of
from domain.ocds.merging.type_conflicts import Release
from domain.shared.exact_json import loads, text_to_exact

VERSION_FIELDS = {"releaseID", "releaseDate", "releaseTag", "value"}


def version_releases(sources: Sequence[ReleaseSource]) -> Release:
    """The versioned release of one process. `sources` has at least one release, in order of date (instant), then
    arrival.
    """
    releases = [loads(source.payload, source.long) for source in sources]
    merged = merge_by_library(sources, rules_of(releases, [source.package for source in sources]), [], _create)
    versioned: Release = _with_dates(merged, [release["date"] for release in releases])
    return versioned


def _create(releases: list[Release], rules: Rules) -> Release:
    versioned: Release = text_to_exact(ocds_merger(rules).create_versioned_release(releases))
    return versioned


def _with_dates(value: Any, dates: Sequence[str]) -> Any:
    """The value with dates of releases in place of their order."""
    if isinstance(value, list):
        return [_with_dates(one, dates) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == VERSION_FIELDS:
        return value | {"releaseDate": dates[int(value["releaseDate"])]}
    return {name: _with_dates(one, dates) for name, one in value.items()}
