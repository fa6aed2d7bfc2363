"""Inspects a release before merging, in one walk: ids that are no strings, repeated ids, and whether merging changes
it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from domain.ocds.merging.rules import Rules
from domain.ocds.quality import ID_ARRAYS

Path = tuple[str | int, ...]


@dataclass
class MergeInspection:
    """The findings; paths are those of arrays. `to_note` omits arrays whose repeated ids validation has noted
    already.
    """

    nothing_to_merge: bool = True
    repeated: bool = False
    to_note: dict[Path, list[str]] = field(default_factory=dict)
    renamed: list[Path] = field(default_factory=list)


def inspect_release(release: dict[str, Any], rules: Rules) -> MergeInspection:
    """Inspect the release; ids in arrays that merge by id and are neither strings nor integers become strings, in
    place.

    There is nothing to merge if it has no null, no empty object or array, and no repeated id in an array.
    """
    nothing = _has_nothing_to_merge(release)
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


def _has_nothing_to_merge(value: dict[str, Any]) -> bool | None:
    """Fast path for most releases: whether there is nothing to merge; None if ids may have to be renamed or noted.

    Also False, to be safe, if the empty value is in an array that is replaced as a whole.
    """
    nothing = True
    for one in value.values():
        kind = type(one)
        if kind is str:
            continue
        if kind is dict:
            found = _has_nothing_to_merge(one) if one else False
        elif kind is list:
            found = _array_has_nothing_to_merge(one) if one else False
        else:
            found = one is not None
        if found is None:
            return None
        nothing &= found
    return nothing


def _array_has_nothing_to_merge(array: list[Any]) -> bool | None:
    if type(array[0]) is str:
        return True if all(type(one) is str for one in array) else None
    nothing = True
    ids: set[str] = set()
    for one in array:
        if type(one) is not dict:
            return None
        found = _has_nothing_to_merge(one) if one else False
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
    """Whether its elements merge by id; otherwise the merger replaces the array as a whole."""
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
    renamed = [one for one in array if type(one.get("id")) not in (str, int, type(None))]
    for one in renamed:
        one["id"] = _text(one["id"])
    if renamed:
        found.renamed.append(path)


def unify_ids(releases: Sequence[dict[str, Any]], rules: Rules) -> None:
    """Give elements with ids such as 1 and "1" the id of the first release, in place: a merger may treat them as
    two.
    """
    first: dict[tuple[str, ...], Any] = {}
    stack: list[tuple[Any, tuple[str, ...], tuple[str, ...]]] = [(release, (), ()) for release in reversed(releases)]
    while stack:
        value, keys, route = stack.pop()  # `route` is `keys` with the ids of the elements on the path
        for key, one in value.items():
            if isinstance(one, dict):
                stack.append((one, (*keys, key), (*route, key)))
            elif isinstance(one, list) and (*keys, key) not in rules.replaced and all(isinstance(element, dict) for element in one):
                for element in one:
                    if element.get("id") is not None:
                        place = (*route, key, str(element["id"]))
                        element["id"] = first.setdefault(place, element["id"])
                        stack.append((element, (*keys, key), place))


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode() if not isinstance(value, int) or isinstance(value, bool) else str(value)
