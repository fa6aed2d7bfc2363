"""Resolves conflicts of shape between releases of one process, such as an object and a string in one field. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from domain.shared.json_pointer import pointer

Release = dict[str, Any]
Spot = tuple[tuple[str | int, ...], tuple[str, ...], dict[str, Any], str]


def settle(releases: Sequence[Release], route: str) -> list[tuple[int, str]]:
    """Remove the field that the merger names from every release in which its shape differs from the newest one.

    `route` is the merger's path, e.g. `/tender/items/12/unit`. Releases are modified in place, in all array elements on
    the path. Returns (index of the changed release, JSON Pointer in it); empty if nothing could be resolved.
    """
    spots: dict[tuple[str, ...], list[tuple[int, Spot]]] = defaultdict(list)
    for index, release in enumerate(releases):
        for spot in _spots(release, route, (), ()):
            spots[spot[1]].append((index, spot))
    overruled = []
    for conflicting in spots.values():
        _, (_, _, holder, key) = conflicting[-1]
        newest = _shape(holder[key])
        for index, (path, _, holder, key) in conflicting:
            if _shape(holder[key]) != newest:
                del holder[key]
                overruled.append((index, pointer(path)))
    return overruled


def _spots(value: Any, rest: str, path: tuple[str | int, ...], ids: tuple[str, ...]) -> Iterator[Spot]:
    """The fields that `rest` leads to from the value: (path, path with ids for indexes, the containing object, the
    key).

    The merger writes an element's id instead of its index, and escapes nothing, so names with a slash are found by
    trying.
    """
    if isinstance(value, dict):
        for key, element in value.items():
            if rest == f"/{key}" and element is not None:
                yield (*path, key), (*ids, key), value, key
            elif rest.startswith(f"/{key}/"):
                yield from _spots(element, rest[len(key) + 1 :], (*path, key), (*ids, key))
    elif isinstance(value, list):
        elements = [
            (index, element)
            for index, element in enumerate(value)
            if isinstance(element, dict) and element.get("id") is not None
        ]
        after = {
            rest[len(str(element["id"])) + 1 :] for _, element in elements if rest.startswith(f"/{element['id']}/")
        }
        for rest_of in sorted(after):
            for index, element in elements:
                yield from _spots(element, rest_of, (*path, index), (*ids, str(element["id"])))


def _shape(value: Any) -> str:
    return "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "text"
