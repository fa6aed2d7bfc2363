"""`filter_by` and `sort_by` of the stand-in: conditions joined by &&, orders by up to three fields."""

import re
from collections.abc import Callable, Mapping
from typing import Any

Json = dict[str, Any]
CONDITION = re.compile(r"^([\w]+):(!=|:=|=|>=|<=|>|<)?\s*(.+)$")
FIELD = re.compile(r"^([\w]+)(?:\(missing_values:\s*(first|last|normal)\))?:(asc|desc)$")


class RefusedError(Exception):
    """Raised for what a real server answers with 400 (or another status)."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def condition(filter_by: str, fields: Mapping[str, Json]) -> Callable[[Json], bool]:
    """Whether a document meets all conditions."""
    parts = [_one(part.strip(), fields) for part in filter_by.split("&&")] if filter_by.strip() else []
    return lambda document: all(part(document) for part in parts)


def _one(text: str, fields: Mapping[str, Json]) -> Callable[[Json], bool]:
    found = CONDITION.match(text)
    if not found:
        raise RefusedError(f"Could not parse the filter query: {text}")
    name, operator, value = found.groups()
    if name != "id" and (name not in fields or fields[name].get("index") is False):
        raise RefusedError(f"Could not find a filter field named `{name}` in the schema.", 404)
    wanted = {one.strip() for one in value.strip("[]").split(",")}
    if name != "id" and not fields[name]["type"].startswith("int64"):
        raise RefusedError(f"the stand-in filters by id and whole numbers alone, not by {name}")
    if name != "id" and any(not re.fullmatch(r"-?\d+", one) or abs(int(one)) >= 1 << 63 for one in wanted):
        raise RefusedError(f"Error with filter field `{name}`: Not an int64.")
    return lambda document: _holds(_list(document.get(name)), operator or "=", wanted)


def _holds(values: list[Any], operator: str, wanted: set[str]) -> bool:
    if operator in {"=", ":="}:
        return any(str(value) in wanted for value in values)
    if operator == "!=":
        return not any(str(value) in wanted for value in values)
    edge = int(next(iter(wanted)))
    compare = {">=": int.__ge__, "<=": int.__le__, ">": int.__gt__, "<": int.__lt__}[operator]
    return any(compare(int(value), edge) for value in values)


def _list(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def order(sort_by: str, fields: Mapping[str, Json], hits: list[Json]) -> list[Json]:
    """The hits (`document`, `text_match`) in that order."""
    clauses = sort_by.split(",")
    if len(clauses) > 3:
        raise RefusedError("Only upto 3 sort_by fields can be specified.", 422)
    for clause in reversed(clauses):
        found = FIELD.match(clause)
        if not found:
            raise RefusedError(f"Could not parse the sort clause {clause}")
        name, missing, direction = found.groups()
        if name == "_text_match":
            hits = sorted(hits, key=lambda hit: hit["text_match"], reverse=direction == "desc")
            continue
        if not fields.get(name, {}).get("sort"):
            raise RefusedError(f"Could not find a field named `{name}` in the schema for sorting.", 404)
        there = sorted((hit for hit in hits if name in hit["document"]), key=lambda hit: hit["document"][name], reverse=direction == "desc")
        absent = [hit for hit in hits if name not in hit["document"]]
        hits = absent + there if missing == "first" else there + absent
    return hits
