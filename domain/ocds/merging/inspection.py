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
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            if item is None:
                found.nothing_to_merge = False
            elif isinstance(item, dict | list):
                if item:
                    stack.append((item, (*path, key)))
                else:
                    found.nothing_to_merge = False
    return found


def _has_nothing_to_merge(value: dict[str, Any]) -> bool | None:
    """Fast path for most releases: whether there is nothing to merge; None if ids may have to be renamed or noted.

    Also False, to be safe, if the empty value is in an array that is replaced as a whole.
    """
    nothing = True
    for member in value.values():
        kind = type(member)
        if kind is str:
            continue
        if kind is dict:
            found = _has_nothing_to_merge(member) if member else False
        elif kind is list:
            found = _array_has_nothing_to_merge(member) if member else False
        else:
            found = member is not None
        if found is None:
            return None
        nothing &= found
    return nothing


def _array_has_nothing_to_merge(array: list[Any]) -> bool | None:
    if type(array[0]) is str:
        return True if all(type(element) is str for element in array) else None
    nothing = True
    ids: set[str] = set()
    for element in array:
        if type(element) is not dict:
            return None
        found = _has_nothing_to_merge(element) if element else False
        if found is None:
            return None
        nothing &= found
        name = element.get("id")
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
    objects = sum(isinstance(element, dict) for element in array)
    if objects < len(array):
        found.nothing_to_merge &= not objects and not any(
            element is None or isinstance(element, list) for element in array
        )
        return False
    _read_ids(array, path, found)
    ids = [str(element["id"]) for element in array if element.get("id") is not None]
    if len(set(ids)) < len(ids):
        found.nothing_to_merge, found.repeated = False, True
        if keys not in ID_ARRAYS:
            found.to_note[path] = sorted({text for text in ids if ids.count(text) > 1})
    return True


def _read_ids(array: list[dict[str, Any]], path: Path, found: MergeInspection) -> None:
    renamed = [element for element in array if type(element.get("id")) not in (str, int, type(None))]
    for element in renamed:
        element["id"] = _text(element["id"])
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
        for key, member in value.items():
            if isinstance(member, dict):
                stack.append((member, (*keys, key), (*route, key)))
            elif (
                isinstance(member, list)
                and (*keys, key) not in rules.replaced
                and all(isinstance(element, dict) for element in member)
            ):
                for element in member:
                    if element.get("id") is not None:
                        place = (*route, key, str(element["id"]))
                        element["id"] = first.setdefault(place, element["id"])
                        stack.append((element, (*keys, key), place))


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return (
        orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
        if not isinstance(value, int) or isinstance(value, bool)
        else str(value)
    )
