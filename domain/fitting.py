"""Releases accepted by an earlier version, made readable for this one: what it reads of them beyond that may be of any type. Pure."""

import orjson
from pydantic import ValidationError

from domain.ocds import Compiled
from domain.ocds_types import checker
from domain.record import Note
from domain.repair import repair

CHECKER = checker(Compiled)
ROUNDS = 10  # a repair may bring to light what is wrong inside


def fitted(text: str) -> tuple[str, list[Note]]:
    """The compiled release (JSON) with the repairs of the judge, and their notes. ValueError for what can't be repaired."""
    release, notes = orjson.loads(text), list[Note]()
    for _ in range(ROUNDS):
        try:
            CHECKER.validate_python(release)
        except ValidationError as error:
            problem = repair(release, error.errors(include_url=False, include_context=False), notes)
            if problem is not None:
                raise ValueError(f"{release.get('ocid')}: {problem[0]}: {problem[1]}") from None
        else:
            return orjson.dumps(release).decode(), notes
    raise ValueError(f"{release.get('ocid')}: too many errors inside each other to repair")
