"""The merge of OCDS for releases that agree in shape: each release is laid over what the earlier ones left, in place.

The field's own merger takes every value of every release apart and puts all of them together again, which costs many times as much. Where
shapes contradict each other, `overlay` gives up and leaves the releases to that merger.
"""

from collections.abc import Sequence
from typing import Any

from domain.ocds.merging.rules import Rules, Tree, tree

Value = dict[str, Any]
NO_RULES: Tree = {}


class ShapeConflictError(Exception):
    """Raised where a value contradicts an earlier one in shape, or an id is none."""


def overlay(releases: Sequence[Value], plain: Sequence[bool], rules: Rules) -> Value | None:
    """The releases, given in order and without what a merged one omits, merged; None where they are odd, and they are spoilt then.

    `plain` says of each release that there is nothing to merge in it alone (domain/ocds/merging/inspection.py): parts of it are taken as they stand.
    """
    merged: Value = {}
    root = tree(rules)
    try:
        for release, whole in zip(releases, plain, strict=True):
            _lay(merged, release, root, whole)
    except ShapeConflictError:
        return None
    return merged


def _lay(target: Value, source: Value, rules: Tree, plain: bool) -> bool:
    """Lay an object over another; whether it says anything: what holds nothing but empty objects and arrays does not."""
    says = False
    for key, value in source.items():
        below = rules.get(key, NO_RULES)
        there = target.get(key)
        kind = type(value)
        if plain and there is None:
            target[key] = value
            says = True
        elif kind is dict:
            says |= _lay_object(target, key, value, below, plain)
        elif kind is list and below is not None and all(type(one) is dict for one in value):
            says |= _lay_array(target, key, value, below, plain)
        else:
            if type(there) is dict or (type(there) is list and below is not None and all(type(one) is dict for one in there)):
                raise ShapeConflictError
            if value is None:
                target.pop(key, None)
            else:
                target[key] = value
            says = True
    return says


def _lay_object(target: Value, key: str, value: Value, below: Tree | None, plain: bool) -> bool:
    there = target.get(key)
    if below is None or type(there) not in (dict, type(None)):
        raise ShapeConflictError
    if there is not None:
        return _lay(there, value, below, plain)
    made: Value = {}
    says = _lay(made, value, below, plain)
    if says:
        target[key] = made
    return says


def _lay_array(target: Value, key: str, value: list[Value], below: Tree, plain: bool) -> bool:
    """Lay objects over those of the same id; others, and those without an id, come behind them."""
    there = target.get(key, [])
    if type(there) is not list or any(type(one) is not dict for one in there):
        raise ShapeConflictError
    known = {str(one["id"]): one for one in there if one.get("id") is not None}
    says = False
    for one in value:
        name = one.get("id")
        if type(name) not in (str, int) and "id" in one:
            raise ShapeConflictError
        node = known.get(str(name)) if name is not None else None
        if node is not None:
            first = node["id"]
            says |= _lay(node, one, below, plain)
            node["id"] = first  # 1 and "1" are the same element, under the id that came first
            continue
        node = one if plain else {}
        if plain or _lay(node, one, below, plain):
            there.append(node)
            says = True
            if name is not None:
                known[str(name)] = node
    if there:
        target[key] = there
    return says
