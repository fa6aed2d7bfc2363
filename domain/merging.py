"""What merging would do to one release, found by one walk over it: the rules of OCDS 1.1, ids as texts, ids given twice, nothing to do."""

from dataclasses import dataclass, field
from typing import Any

import orjson

from domain.quality import ARRAYS

# From the OCDS 1.1.5 release schema (Apache-2.0), by ocdsmerge_rs.Merger.get_rules: arrays marked wholeListMerge, or of scalars, at these paths.
_REPLACED = """
awards/amendment/changes awards/amendments/changes awards/items/additionalClassifications awards/suppliers/additionalIdentifiers
buyer/additionalIdentifiers contracts/amendment/changes contracts/amendments/changes contracts/implementation/transactions/payee/additionalIdentifiers
contracts/implementation/transactions/payer/additionalIdentifiers contracts/items/additionalClassifications contracts/relatedProcesses/relationship
parties/additionalIdentifiers parties/roles relatedProcesses/relationship tender/additionalProcurementCategories tender/amendment/changes
tender/amendments/changes tender/items/additionalClassifications tender/procuringEntity/additionalIdentifiers tender/submissionMethod
tender/tenderers/additionalIdentifiers
"""
REPLACED = frozenset(tuple(path.split("/")) for path in _REPLACED.split())
Path = tuple[str | int, ...]


@dataclass
class Look:
    """What the walk found; paths are those of arrays. `to_note` lacks the arrays that the judge has looked at already."""

    nothing_to_merge: bool = True
    repeated: bool = False
    to_note: dict[Path, list[str]] = field(default_factory=dict)
    renamed: list[Path] = field(default_factory=list)


def look(release: dict[str, Any]) -> Look:
    """Walk the release; ids in arrays that merge by id are made texts in place, for 1 and "1" mean the same element.

    There is nothing to merge where there is no null, no empty object or array, and no id twice in one array.
    """
    nothing = _glance(release)
    if nothing is not None:
        return Look(nothing)
    found = Look()
    stack: list[tuple[dict[str, Any] | list[Any], Path]] = [(release, ())]
    while stack:
        value, path = stack.pop()
        if isinstance(value, list) and not _merges_by_id(value, path, found):
            continue
        for key, one in value.items() if isinstance(value, dict) else enumerate(value):
            if one is None:
                found.nothing_to_merge = False
            elif isinstance(one, dict | list):
                if one:
                    stack.append((one, (*path, key)))
                else:
                    found.nothing_to_merge = False
    return found


def _glance(value: dict[str, Any]) -> bool | None:
    """Whether there is nothing to merge, where a quick glance shows nothing to rename or to note, as in most releases; else None.

    False, to be on the safe side, also where what is empty stands in an array that is replaced as a whole.
    """
    nothing = True
    for one in value.values():
        kind = type(one)
        if kind is str:
            continue
        if kind is dict:
            found = _glance(one) if one else False
        elif kind is list:
            found = _glance_array(one) if one else False
        else:
            found = one is not None
        if found is None:
            return None
        nothing &= found
    return nothing


def _glance_array(array: list[Any]) -> bool | None:
    if type(array[0]) is str:
        return True if all(type(one) is str for one in array) else None
    nothing = True
    ids: set[str] = set()
    for one in array:
        if type(one) is not dict:
            return None
        found = _glance(one) if one else False
        if found is None:
            return None
        nothing &= found
        name = one.get("id")
        if name is not None:
            if type(name) is not str or name in ids:
                return None
            ids.add(name)
    return nothing


def _merges_by_id(array: list[Any], path: Path, found: Look) -> bool:
    """Whether its elements merge by id; if not, the merger takes the array as it stands."""
    keys = tuple(part for part in path if isinstance(part, str))
    if keys in REPLACED:
        return False
    objects = sum(isinstance(one, dict) for one in array)
    if objects < len(array):
        found.nothing_to_merge &= not objects and not any(one is None or isinstance(one, list) for one in array)
        return False
    _read_ids(array, path, found)
    ids = [one["id"] for one in array if one.get("id") is not None]
    if len(set(ids)) < len(ids):
        found.nothing_to_merge, found.repeated = False, True
        if keys not in ARRAYS:
            found.to_note[path] = sorted({one for one in ids if ids.count(one) > 1})
    return True


def _read_ids(array: list[dict[str, Any]], path: Path, found: Look) -> None:
    others = [one for one in array if not isinstance(one.get("id"), str | None)]
    for one in others:
        one["id"] = _text(one["id"])
    if others:
        found.renamed.append(path)


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() if not isinstance(value, int) or isinstance(value, bool) else str(value)
