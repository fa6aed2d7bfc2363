"""Finds the element of a release that a row of a fact describes, by the ids on its path. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from domain.shared.json_pointer import pointer

Row = Mapping[str, Any]
Steps = Sequence[tuple[str, str | None]]  # (member, id of the element of that array; None: the member is an object)


def _tender_or(parent: Row) -> Steps:
    """The steps to the tender, or to the award or contract with the id `parent_id`."""
    if parent["level"] in {"tender", "planning"}:
        return [(parent["level"], None)]
    return [(f"{parent['level']}s", parent["parent_id"])]


# The steps from a release to the element of a row, by fact; a fact without an entry is made of several elements.
PATHS: Mapping[str, Callable[[Row], Steps]] = {
    "process": lambda row: [],
    "award": lambda row: [("awards", row["award_id"])],
    "contract": lambda row: [("contracts", row["contract_id"])],
    "item": lambda row: [*_tender_or(row), ("items", row["item_id"])],
    "bid": lambda row: [("bids", None), ("details", row["bid_id"])],
    "transaction": lambda row: [
        ("contracts", row["contract_id"]),
        ("implementation", None),
        ("transactions", row["transaction_id"]),
    ],
    "amendment": lambda row: [*_tender_or(row), ("amendments", row["amendment_id"])],
}


def element_pointers(fact: str, row: Row, release: Mapping[str, Any]) -> list[str]:
    """JSON Pointers to the elements of the release with the ids of the row.

    Elements without an id can't be told apart: all of their array are given.
    """
    return [pointer(path) for path in _walk(release, PATHS[fact](row), ())] if fact in PATHS else []


def _walk(value: Any, steps: Steps, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if not steps:
        yield path
        return
    (member, wanted), rest = steps[0], steps[1:]
    inner = value.get(member) if isinstance(value, Mapping) else None
    if isinstance(inner, Mapping):
        yield from _walk(inner, rest, (*path, member))
    elif isinstance(inner, list):
        for index, element in enumerate(inner):
            if isinstance(element, Mapping) and _id(element) == wanted:
                yield from _walk(element, rest, (*path, member, index))


def _id(element: Mapping[str, Any]) -> str | None:
    found = element.get("id")
    return None if found is None else str(found)
