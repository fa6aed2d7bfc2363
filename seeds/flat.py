"""Releases as a flat table: one row per release, one column per path such as `awards/0/value/amount`."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import Any

Json = dict[str, Any]
MAX_ELEMENTS = 3  # of an array; the rest is cut, as in hand-made tables


def flat(releases: Sequence[Json]) -> bytes:
    """Return the CSV of the releases."""
    rows = [dict(cells(release)) for release in releases]
    headings = list(dict.fromkeys(["ocid", "id", "date", "tag", *(name for row in rows for name in sorted(row))]))
    out = io.StringIO()
    writer = csv.DictWriter(out, headings, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def cells(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield the paths in the value with their values as text."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from cells(inner, f"{path}/{key}" if path else key)
    elif isinstance(value, list) and not all(isinstance(element, dict) for element in value):
        yield path, ";".join(str(element) for element in value)
    elif isinstance(value, list):
        for index, inner in enumerate(value[:MAX_ELEMENTS]):
            yield from cells(inner, f"{path}/{index}")
    elif value is not None:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)
