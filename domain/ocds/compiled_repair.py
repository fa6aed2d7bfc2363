"""Repairs releases that an earlier version accepted, to the types that this version reads. Pure."""

import orjson

from domain.ocds.model_types import checker
from domain.ocds.models import CompiledReleaseModel
from domain.ocds.repair import make_valid
from domain.raw_records.record import Note

CHECKER = checker(CompiledReleaseModel)


def repair_compiled_release(text: str) -> tuple[str, list[Note]]:
    """Repair a compiled release (JSON) like a new one; returns it with its notes.

    ValueError if it can't be repaired.
    """
    release, notes = orjson.loads(text), list[Note]()
    problem = make_valid(release, CHECKER, notes)
    if problem is not None:
        raise ValueError(f"{release.get('ocid')}: {problem[0]}: {problem[1]}")
    return orjson.dumps(release).decode(), notes
