"""The releases of one contracting process merged into its compiled release, by the field's own merger.

A process with one release that leaves nothing to merge takes a short way with the same result (tests hold the two against each other
and against the reference implementation).
"""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import ocdsmerge_rs
import orjson
from ocdsmerge_rs import exceptions

from domain.record import Note
from domain.repair import NOTES

# From the OCDS 1.1.5 release schema (Apache-2.0), by ocdsmerge_rs.Merger.get_rules: arrays marked wholeListMerge, or of scalars, at these paths.
REPLACED = """
awards/amendment/changes awards/amendments/changes awards/items/additionalClassifications awards/suppliers/additionalIdentifiers
buyer/additionalIdentifiers contracts/amendment/changes contracts/amendments/changes contracts/implementation/transactions/payee/additionalIdentifiers
contracts/implementation/transactions/payer/additionalIdentifiers contracts/items/additionalClassifications contracts/relatedProcesses/relationship
parties/additionalIdentifiers parties/roles relatedProcesses/relationship tender/additionalProcurementCategories tender/amendment/changes
tender/amendments/changes tender/items/additionalClassifications tender/procuringEntity/additionalIdentifiers tender/submissionMethod
tender/tenderers/additionalIdentifiers
"""
OMITTED = ("id", "date", "tag")
CONFLICT = re.compile(r" for (/\S*), but ")
Release = dict[str, Any]


@dataclass(frozen=True)
class Source:
    """One release of the process: its payload (JSON) and its date as an instant."""

    record_id: str
    payload: bytes
    date: datetime


@dataclass(frozen=True)
class Compiled:
    """`release` is the compiled release as JSON with sorted keys; `tags` those of its releases in order of first appearance."""

    release: bytes
    tags: list[str]
    notes: list[Note]


def compile_releases(sources: Sequence[Source]) -> Compiled:
    """The compiled release of one process from its releases, given in order of date (as instants), then arrival."""
    releases: list[Release] = [orjson.loads(source.payload) for source in sources]
    tags = list(dict.fromkeys(tag for release in releases for tag in release.get("tag") or ()))
    last = releases[-1]
    notes: list[Note] = []
    merged = dict(last) if len(releases) == 1 and _nothing_to_merge(last) else _merge(releases, sources, notes)
    merged |= {"tag": ["compiled"], "date": last["date"], "id": f"{last['ocid']}-{last['date']}"}
    return Compiled(orjson.dumps(merged, option=orjson.OPT_SORT_KEYS), tags, notes)


def _nothing_to_merge(value: Any) -> bool:
    """No null, no empty object or array, and no id twice in one array: merging would change nothing."""
    if isinstance(value, dict):
        return bool(value) and all(_nothing_to_merge(one) for one in value.values() if one is None or isinstance(one, dict | list))
    if isinstance(value, list):
        if not value:
            return False
        objects = [one for one in value if isinstance(one, dict)]
        if not objects:
            return not any(one is None or isinstance(one, list) for one in value)
        ids = [str(one["id"]) for one in objects if "id" in one]
        return len(objects) == len(value) and len(set(ids)) == len(ids) and all(map(_nothing_to_merge, objects))
    return value is not None


def _merge(releases: list[Release], sources: Sequence[Source], notes: list[Note]) -> Release:
    for release, source in zip(releases, sources, strict=True):
        # The merger compares dates as texts, which mixed offsets put out of order; the published date is put back afterwards.
        release["date"] = source.date.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    dates = [release.pop("date") for release in releases]
    originals = [sources[index].payload for index in range(len(releases))]
    try:
        for _ in range(50):
            for release, date in zip(releases, dates, strict=True):
                release["date"] = date
            try:
                return _merged(releases, notes)
            except exceptions.InconsistentTypeError as error:
                notes.append(_give_way(releases, str(error)))
        return _merged(releases[-1:], notes)
    finally:
        releases[-1]["date"] = orjson.loads(originals[-1])["date"]


def _merged(releases: list[Release], notes: list[Note]) -> Release:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        merged: Release = merger().create_compiled_release(releases)
    for warning in caught:
        if issubclass(warning.category, exceptions.DuplicateIdValueWarning):
            notes.append(Note(code="duplicate_id", path="", message=str(warning.message)))
    return merged


def _give_way(releases: list[Release], message: str) -> Note:
    """Take the field on which the releases disagree out of all but the newest release that has it."""
    found = CONFLICT.search(message)
    parts = found[1].strip("/").split("/") if found else []
    top = parts[0] if parts else ""
    depth = len(parts) if _holds(releases, parts) > 1 else 1
    having = [release for release in releases if _holds([release], parts[:depth])]
    for release in having[:-1]:
        holder = release
        for part in parts[: depth - 1]:
            holder = holder[part]
        holder.pop(parts[depth - 1], None)
    if not top or len(having) < 2:
        del releases[:-1]
    return Note(code="merge_conflict", path="/" + "/".join(parts), message=f"{NOTES['merge_conflict']}: {message[:300]}")


def _holds(releases: Sequence[Release], parts: Sequence[str]) -> int:
    count = 0
    for release in releases:
        holder: Any = release
        for part in parts:
            holder = holder.get(part) if isinstance(holder, dict) else None
        count += bool(parts) and holder is not None
    return count


@cache
def merger() -> Any:
    """The field's merger with the rules of OCDS 1.1."""
    rules = {tuple(path.split("/")): ocdsmerge_rs.Rule.REPLACE for path in REPLACED.split()}
    return ocdsmerge_rs.Merger(rules=rules | {(name,): ocdsmerge_rs.Rule.OMIT for name in OMITTED})
