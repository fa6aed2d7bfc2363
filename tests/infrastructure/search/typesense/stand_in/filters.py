"""`filter_by` and `sort_by` of the stand-in: conditions joined by &&, sorting by up to three fields."""

import re
import struct
from collections.abc import Callable, Mapping
from operator import eq, ge, gt, le, lt, ne
from typing import Any

Json = dict[str, Any]
CONDITION = re.compile(r"^([\w]+):(!=|=|>=|<=|>|<)?\s*(.+)$", re.DOTALL)
FIELD = re.compile(r"^([\w]+)(?:\(missing_values:\s*(first|last|normal)\))?:(asc|desc)$")


class RefusedError(Exception):
    """Raised for requests that a real server answers with 400 (or another status)."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def condition(filter_by: str, collection: Any) -> Callable[[Json], bool]:
    """Whether a document meets all conditions; those joined by || are in brackets."""
    parts = [_any(part.strip(), collection) for part in _split(filter_by, "&&")] if filter_by.strip() else []
    return lambda document: all(part(document) for part in parts)


def _split(text: str, sign: str) -> list[str]:
    """The parts between separators that are outside backquotes and brackets."""
    parts, start, quoted, depth = [], 0, False, 0
    for i, letter in enumerate(text):
        quoted ^= letter == "`"
        depth += 0 if quoted else (letter == "(") - (letter == ")")
        if not quoted and not depth and i >= start and text.startswith(sign, i):
            parts.append(text[start:i])
            start = i + len(sign)
    return [*parts, text[start:]]


def _any(text: str, collection: Any) -> Callable[[Json], bool]:
    if not (text.startswith("(") and text.endswith(")")):
        return _one(text, collection)
    choices = [_one(part.strip(), collection) for part in _split(text[1:-1], "||")]
    return lambda document: any(choice(document) for choice in choices)


def _one(text: str, collection: Any) -> Callable[[Json], bool]:
    found = CONDITION.match(text)
    if not found:
        raise RefusedError(f"Could not parse the filter query: {text}")
    name, operator, value = found.groups()
    fields: Mapping[str, Json] = collection.fields
    if name != "id" and (name not in fields or fields[name].get("index") is False):
        raise RefusedError(f"Could not find a filter field named `{name}` in the schema.", 404)
    kind = "id" if name == "id" else fields[name]["type"].removesuffix("[]")
    bare = value[1:-1] if value.startswith("[") and value.endswith("]") else value
    values = [one.strip().replace("`", "") for one in _split(bare, ",")]
    if kind == "string":
        wanted = [collection.tokens(name, one) for one in values]
        if not all(wanted):
            raise RefusedError(f"Error with filter field `{name}`: Filter value cannot be empty.")
        if operator != "=":
            raise RefusedError(f"the stand-in filters strings by := alone, not by :{operator}")
        return lambda document: any(collection.tokens(name, str(one)) in wanted for one in _list(document.get(name)))
    if kind in {"int64", "float"} and any(
        re.fullmatch(r"-?\d+" if kind == "int64" else r"-?\d+(\.\d+)?", one) is None for one in values
    ):
        raise RefusedError(f"Error with filter field `{name}`: Not an {kind}.")
    return lambda document: _holds(_list(document.get(name)), operator or "=", values, kind)


def _holds(values: list[Any], operator: str, wanted: list[str], kind: str) -> bool:
    if kind == "id":
        return any(str(value) in wanted for value in values) != (operator == "!=")
    edge = _float(wanted[0]) if kind == "float" else int(wanted[0])
    compare = {">=": ge, "<=": le, ">": gt, "<": lt, "=": eq, "!=": ne}[operator]
    return any(compare(_float(value) if kind == "float" else int(value), edge) for value in values)


def _float(value: Any) -> float:
    """The number rounded to 32 bits, as the server stores floats."""
    return float(struct.unpack("f", struct.pack("f", float(value)))[0])


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
        if name not in fields or not (fields[name].get("sort") or fields[name]["type"] in {"float", "int64"}):
            raise RefusedError(f"Could not find a field named `{name}` in the schema for sorting.", 404)
        there = sorted(
            (hit for hit in hits if name in hit["document"]),
            key=lambda hit: hit["document"][name],
            reverse=direction == "desc",
        )
        absent = [hit for hit in hits if name not in hit["document"]]
        hits = absent + there if missing == "first" else there + absent
    return hits
