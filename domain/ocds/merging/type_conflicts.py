"""Releases of one process that contradict each other in shape (an object here, a text there): which of them gives way. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from domain.shared.json_pointer import pointer

Release = dict[str, Any]
Spot = tuple[tuple[str | int, ...], tuple[str, ...], dict[str, Any], str]


def settle(releases: Sequence[Release], route: str) -> list[tuple[int, str]]:
    """Take the field that the merger names out of every release where its shape is not that of the newest one.

    `route` is the merger's path, e.g. `/tender/items/12/unit`. Works in place, on all elements of the arrays that the path goes through.
    Returns (index of the release that gave way, JSON Pointer in it); empty where nothing could be settled.
    """
    spots: dict[tuple[str, ...], list[tuple[int, Spot]]] = defaultdict(list)
    for index, release in enumerate(releases):
        for spot in _spots(release, route, (), ()):
            spots[spot[1]].append((index, spot))
    gave_way = []
    for rivals in spots.values():
        _, (_, _, holder, key) = rivals[-1]
        newest = _shape(holder[key])
        for index, (path, _, holder, key) in rivals:
            if _shape(holder[key]) != newest:
                del holder[key]
                gave_way.append((index, pointer(path)))
    return gave_way


def _spots(value: Any, rest: str, path: tuple[str | int, ...], ids: tuple[str, ...]) -> Iterator[Spot]:
    """Where `rest` leads to from the value: (path, the same with ids for indexes, the object that holds the field, its key).

    The merger writes an element's id for its index, and escapes nothing: a name with a slash is found by trying.
    """
    if isinstance(value, dict):
        for key, one in value.items():
            if rest == f"/{key}" and one is not None:
                yield (*path, key), (*ids, key), value, key
            elif rest.startswith(f"/{key}/"):
                yield from _spots(one, rest[len(key) + 1 :], (*path, key), (*ids, key))
    elif isinstance(value, list):
        elements = [(index, one) for index, one in enumerate(value) if isinstance(one, dict) and one.get("id") is not None]
        after = {rest[len(str(one["id"])) + 1 :] for _, one in elements if rest.startswith(f"/{one['id']}/")}
        for rest_of in sorted(after):
            for index, one in elements:
                yield from _spots(one, rest_of, (*path, index), (*ids, str(one["id"])))


def _shape(value: Any) -> str:
    return "object" if isinstance(value, dict) else "array" if isinstance(value, list) else "text"
