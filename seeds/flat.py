"""Releases as a flat table: a row a release, a column a path such as `awards/0/value/amount`."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

Json = dict[str, Any]
MOST = 3  # elements of an array that a row has room for; the rest is cut, as in the tables that people type


def flat(releases: Sequence[Json]) -> bytes:
    """The CSV of the releases."""
    rows = [dict(cells(release)) for release in releases]
    headings = list(dict.fromkeys(["ocid", "id", "date", "tag", *(name for row in rows for name in sorted(row))]))
    out = io.StringIO()
    writer = csv.DictWriter(out, headings, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def cells(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """The paths in the value and what stands there, as texts."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from cells(inner, f"{path}/{key}" if path else key)
    elif isinstance(value, list) and not all(isinstance(one, dict) for one in value):
        yield path, ";".join(str(one) for one in value)
    elif isinstance(value, list):
        for index, inner in enumerate(value[:MOST]):
            yield from cells(inner, f"{path}/{index}")
    elif value is not None:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)
