"""What merging would do to one release, found by one walk over it: ids that are no texts, ids given twice, nothing to do."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from domain.ocds.merging.rules import Rules
from domain.ocds.quality import ID_ARRAYS

Path = tuple[str | int, ...]


@dataclass
class MergeInspection:
    """What the walk found; paths are those of arrays. `to_note` lacks the arrays that the judge has looked at already."""

    nothing_to_merge: bool = True
    repeated: bool = False
    to_note: dict[Path, list[str]] = field(default_factory=dict)
    renamed: list[Path] = field(default_factory=list)


def inspect_release(release: dict[str, Any], rules: Rules) -> MergeInspection:
    """Walk the release; ids in arrays that merge by id and are neither texts nor whole numbers are made texts in place.

    There is nothing to merge where there is no null, no empty object or array, and no id twice in one array.
    """
    nothing = _glance(release)
    if nothing is not None:
        return MergeInspection(nothing)
    found = MergeInspection()
    stack: list[tuple[dict[str, Any] | list[Any], Path]] = [(release, ())]
    while stack:
        value, path = stack.pop()
        if isinstance(value, list) and not _merges_by_id(value, path, rules, found):
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
            name = str(name) if type(name) is int else name
            if type(name) is not str or name in ids:
                return None
            ids.add(name)
    return nothing


def _merges_by_id(array: list[Any], path: Path, rules: Rules, found: MergeInspection) -> bool:
    """Whether its elements merge by id; if not, the merger takes the array as it stands."""
    keys = tuple(part for part in path if isinstance(part, str))
    if keys in rules.replaced:
        return False
    objects = sum(isinstance(one, dict) for one in array)
    if objects < len(array):
        found.nothing_to_merge &= not objects and not any(one is None or isinstance(one, list) for one in array)
        return False
    _read_ids(array, path, found)
    ids = [str(one["id"]) for one in array if one.get("id") is not None]
    if len(set(ids)) < len(ids):
        found.nothing_to_merge, found.repeated = False, True
        if keys not in ID_ARRAYS:
            found.to_note[path] = sorted({one for one in ids if ids.count(one) > 1})
    return True


def _read_ids(array: list[dict[str, Any]], path: Path, found: MergeInspection) -> None:
    others = [one for one in array if type(one.get("id")) not in (str, int, type(None))]
    for one in others:
        one["id"] = _text(one["id"])
    if others:
        found.renamed.append(path)


def unify_ids(releases: Sequence[dict[str, Any]], rules: Rules) -> None:
    """Have an element whose id is a number here and a text there bear the id that came first, in place: a merger may take 1 and "1" for two."""
    first: dict[tuple[str, ...], Any] = {}
    stack: list[tuple[Any, tuple[str, ...], tuple[str, ...]]] = [(release, (), ()) for release in reversed(releases)]
    while stack:
        value, keys, route = stack.pop()  # `route` is that of the keys, with the ids of elements on the way
        for key, one in value.items():
            if isinstance(one, dict):
                stack.append((one, (*keys, key), (*route, key)))
            elif isinstance(one, list) and (*keys, key) not in rules.replaced and all(isinstance(element, dict) for element in one):
                for element in one:
                    if element.get("id") is not None:
                        there = (*route, key, str(element["id"]))
                        element["id"] = first.setdefault(there, element["id"])
                        stack.append((element, (*keys, key), there))


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() if not isinstance(value, int) or isinstance(value, bool) else str(value)
