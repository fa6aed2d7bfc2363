"""The releases of one contracting process merged into its compiled release.

Releases that agree in shape are merged by domain/ocds/merging/overlay.py, others by the library ocdsmerge-rs; tests
compare both with the reference implementation. Merging never fails on validated releases: if they conflict in shape,
the newest one wins, with a note.
"""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

import ocdsmerge_rs
import orjson
from ocdsmerge_rs import exceptions

from domain.ocds.merging.inspection import MergeInspection, inspect_release, unify_ids
from domain.ocds.merging.overlay import overlay
from domain.ocds.merging.party_entries import merge_duplicate_parties
from domain.ocds.merging.rules import Rules, rules_of
from domain.ocds.merging.type_conflicts import Release, settle
from domain.raw_records.note_codes import note
from domain.raw_records.record import Note
from domain.shared.exact_json import dumps, exact_to_text, loads, may_lose_digits, text_to_exact
from domain.shared.json_pointer import pointer

OMITTED = ("id", "date", "tag")
MAX_CONFLICTS = 100  # conflicting fields per process, above which only the newest release is used


class RecordNote(Note):
    """A note on one of the releases that were merged."""

    record_id: str | None


@dataclass(frozen=True)
class ReleaseSource:
    """One release of the process: its payload (JSON), its date as an instant, and the metadata of its package
    (JSON).
    """

    record_id: str
    payload: bytes
    date: datetime
    package: str | None = None
    long: bool | None = None  # whether it has numbers with more digits than 64 bits hold; None if unknown


@dataclass(frozen=True)
class CompiledRelease:
    """The compiled release as JSON with sorted keys, and the tags of its releases in order of first appearance."""

    release: bytes
    tags: list[str]
    notes: list[RecordNote]


def compile_releases(sources: Sequence[ReleaseSource]) -> CompiledRelease:
    """The compiled release of one process. `sources` has at least one release, in order of date (instant), then
    arrival.
    """
    releases: list[Release] = [merge_duplicate_parties(loads(source.payload, source.long)) for source in sources]
    rules = rules_of(releases, [source.package for source in sources])
    inspections = [inspect_release(release, rules) for release in releases]
    notes = [
        found
        for inspection, source in zip(inspections, sources, strict=True)
        for found in _notes(inspection, source.record_id)
    ]
    tags = list(dict.fromkeys(tag for release in releases for tag in release.get("tag") or ()))
    ocid, date = releases[-1]["ocid"], releases[-1]["date"]
    merged = overlay(
        [_kept(release) for release in releases], [inspection.nothing_to_merge for inspection in inspections], rules
    )
    if merged is None:
        merged = merge_by_library(sources, rules, notes, create_compiled)
    merged |= {"tag": ["compiled"], "date": date, "id": f"{ocid}-{date}"}
    return CompiledRelease(dumps(merged, orjson.OPT_SORT_KEYS), tags, notes)


def _kept(release: Release) -> Release:
    return {name: value for name, value in release.items() if name not in OMITTED}


def merge_by_library(
    sources: Sequence[ReleaseSource],
    rules: Rules,
    notes: list[RecordNote],
    create: Callable[[list[Release], Rules], Release],
) -> Release:
    """The releases merged by ocdsmerge-rs: by `create`, which gets the order of each release as its date."""
    releases: list[Release] = [merge_duplicate_parties(_for_merger(source)) for source in sources]
    record_ids = [source.record_id for source in sources]
    inspections = [inspect_release(release, rules) for release in releases]  # again, as it turns ids into strings
    unify_ids(releases, rules)
    if any(inspection.repeated for inspection in inspections):
        # Noted already; a filter, as catch_warnings is not thread-safe.
        warnings.filterwarnings("ignore", category=exceptions.DuplicateIdValueWarning)
    for order, release in enumerate(releases):
        # The merger sorts dates as strings, which mixed UTC offsets put out of order; the releases are in order
        # already.
        release["date"] = f"{order:09d}"
    for _ in range(MAX_CONFLICTS):
        try:
            return create(releases, rules)
        except exceptions.InconsistentTypeError as error:
            overruled = settle(releases, f"/{error.path}")
            if not overruled:
                break
            notes += [_note("merge_conflict", path, record_ids[index], str(error)[:300]) for index, path in overruled]
        except exceptions.MergeError as error:
            notes.append(_note("merge_conflict", "", record_ids[-1], str(error)[:300]))
            break
    notes.append(
        _note("merge_conflict", "", record_ids[-1], "the releases can't be merged; the newest one stands alone")
    )
    try:
        return create(releases[-1:], rules)
    except exceptions.MergeError:  # as published
        return _restore_numbers(releases[-1])


def _for_merger(source: ReleaseSource) -> Release:
    """The release with its long numbers as strings, as the merger does not support them."""
    long = may_lose_digits(source.payload) if source.long is None else source.long
    release: Release = exact_to_text(loads(source.payload, long)) if long else loads(source.payload, long)
    return release


def create_compiled(releases: list[Release], rules: Rules) -> Release:
    """The compiled release by ocdsmerge-rs."""
    return _restore_numbers(ocds_merger(rules).create_compiled_release(releases))


def _restore_numbers(release: Release) -> Release:
    found: Release = text_to_exact(release)
    return found


def _notes(inspection: MergeInspection, record_id: str) -> list[RecordNote]:
    repeated = [
        _note("duplicate_id", pointer(path), record_id, ", ".join(ids[:5])) for path, ids in inspection.to_note.items()
    ]
    return repeated + [
        _note("number_as_text", pointer(path), record_id, "ids of this array") for path in inspection.renamed
    ]


def _note(code: str, path: str, record_id: str, detail: str) -> RecordNote:
    return RecordNote(**note(code, path, detail).model_dump(), record_id=record_id)


@cache
def ocds_merger(rules: Rules) -> Any:
    """The ocdsmerge-rs merger with the rules of a version of OCDS."""
    made = dict.fromkeys(rules.replaced, ocdsmerge_rs.Rule.REPLACE) | {
        (name,): ocdsmerge_rs.Rule.OMIT for name in OMITTED
    }
    return ocdsmerge_rs.Merger(rules=made)
