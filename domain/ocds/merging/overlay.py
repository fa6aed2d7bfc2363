"""OCDS merging for releases that agree in shape: each release is merged into the result of the earlier ones, in place.

It is many times faster than ocdsmerge-rs, which flattens every release. On conflicting shapes `overlay` returns None,
and the caller uses ocdsmerge-rs.
"""

from collections.abc import Sequence
from typing import Any

from domain.ocds.merging.rules import Rules, Tree, tree

Value = dict[str, Any]
NO_RULES: Tree = {}


class ShapeConflictError(Exception):
    """Raised when a value conflicts with an earlier one in shape, or an id is neither a string nor an integer."""


def overlay(releases: Sequence[Value], plain: Sequence[bool], rules: Rules) -> Value | None:
    """The merged releases, given in order and without OMITTED members; None if their shapes conflict.

    The releases are modified, also if None is returned. `plain` is per release whether there is nothing to merge in it
    (domain/ocds/merging/inspection.py): then its new values are taken without a copy.
    """
    merged: Value = {}
    root = tree(rules)
    try:
        for release, is_plain in zip(releases, plain, strict=True):
            _merge_object(merged, release, root, is_plain)
    except ShapeConflictError:
        return None
    return merged


def _merge_object(target: Value, source: Value, rules: Tree, plain: bool) -> bool:
    """Merge `source` into `target`; returns whether it has a value: nested empty objects and arrays count as none."""
    has_value = False
    for key, value in source.items():
        member_rules = rules.get(key, NO_RULES)
        current = target.get(key)
        kind = type(value)
        if plain and current is None:
            target[key] = value
            has_value = True
        elif kind is dict:
            has_value |= _merge_member(target, key, value, member_rules, plain)
        elif kind is list and member_rules is not None and all(type(element) is dict for element in value):
            has_value |= _merge_array(target, key, value, member_rules, plain)
        else:
            if type(current) is dict or (
                type(current) is list and member_rules is not None and all(type(element) is dict for element in current)
            ):
                raise ShapeConflictError
            if value is None:
                target.pop(key, None)
            else:
                target[key] = value
            has_value = True
    return has_value


def _merge_member(target: Value, key: str, value: Value, member_rules: Tree | None, plain: bool) -> bool:
    current = target.get(key)
    if member_rules is None or type(current) not in (dict, type(None)):
        raise ShapeConflictError
    if current is not None:
        return _merge_object(current, value, member_rules, plain)
    made: Value = {}
    has_value = _merge_object(made, value, member_rules, plain)
    if has_value:
        target[key] = made
    return has_value


def _merge_array(target: Value, key: str, value: list[Value], member_rules: Tree, plain: bool) -> bool:
    """Merge objects into those of the same id; append the others, and those without an id."""
    current = target.get(key, [])
    if type(current) is not list or any(type(element) is not dict for element in current):
        raise ShapeConflictError
    known = {str(element["id"]): element for element in current if element.get("id") is not None}
    has_value = False
    for element in value:
        name = element.get("id")
        if type(name) not in (str, int) and "id" in element:
            raise ShapeConflictError
        node = known.get(str(name)) if name is not None else None
        if node is not None:
            first = node["id"]
            has_value |= _merge_object(node, element, member_rules, plain)
            node["id"] = first  # 1 and "1" are the same element, which keeps the first id
            continue
        node = element if plain else {}
        if plain or _merge_object(node, element, member_rules, plain):
            current.append(node)
            has_value = True
            if name is not None:
                known[str(name)] = node
    if current:
        target[key] = current
    return has_value
