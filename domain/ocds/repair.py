"""Repairs frequent errors of releases in place. Each repair leaves a note; no repair invents a value."""

from collections.abc import Sequence
from typing import Any

import orjson
from pydantic import TypeAdapter, ValidationError

from domain.ocds.packages import json_type_name
from domain.raw_records.note_codes import note
from domain.raw_records.record import Note
from domain.raw_records.text_repair import MAX_EXACT_FLOAT, number_as_text
from domain.shared.exact_json import dumps, number
from domain.shared.json_pointer import pointer

EXPECTED = {
    "string_type": "a text",
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "list_type": "an array",
    "dict_type": "an object",
    "greater_than_equal": "a number that is not negative",
    "less_than_equal": "a smaller number",
}
DROPPED = {"null_element", "blank_value", "unreadable_detail", "unreadable_element"}
BLANK_IS_MISSING = {"float_type", "int_type", "int_from_float", "bool_type", "dict_type", "list_type"}
OPTIONAL_ELEMENTS = {"amendments", "amendment", "transactions", "techniques"}
UNREPAIRED = {("ocid",)}  # the identity of a process can't be guessed
MAX_ROUNDS = 12  # of validation and repair


def make_valid(release: dict[str, Any], checker: TypeAdapter[Any], notes: list[Note]) -> tuple[str, str] | None:
    """Repair the release in place until `checker` accepts it; returns (path, reason) if an error is irreparable.

    A repair can expose errors inside the repaired value, so validation is repeated up to MAX_ROUNDS times.
    """
    for _ in range(MAX_ROUNDS):
        try:
            checker.validate_python(release)
        except ValidationError as error:
            problem = repair_release(release, error.errors(include_url=False, include_context=False), notes)
            if problem is not None:
                return problem
        else:
            return None
    return "", "too many nested errors to repair"


def repair_release(release: dict[str, Any], errors: Sequence[Any], notes: list[Note]) -> tuple[str, str] | None:
    """Repair what pydantic's `errors()` report; returns (path, reason) of an irreparable error, or None."""
    problem: tuple[str, str] | None = None
    made: list[Note] = []
    # In reverse order, so that dropping an array element does not shift elements that are still to be repaired.
    for error in sorted(errors, key=lambda error: error["loc"], reverse=True):
        path, value = error["loc"], error["input"]
        holder = release if error["type"] == "missing" else _holder(release, path)
        if error["type"] == "missing" or (value is None and not isinstance(holder, list)):
            problem = pointer(path), f"{pointer(path)[1:]}: missing"
            continue
        repaired = None if path in UNREPAIRED else _repair_value(path, error["type"], value)
        if repaired is None and (code := _dropped_as(path)) is not None:
            repaired = code, None
        if repaired is None:
            problem = (
                pointer(path),
                f"{pointer(path)[1:]}: expected {EXPECTED.get(error['type'], error['msg'])}, got {_shown(value)}",
            )
            continue
        code, holder[path[-1]] = repaired
        if code in DROPPED:
            del holder[path[-1]]
        made.append(note(code, pointer(path), _excerpt(value)))
    notes += reversed(made)
    return problem


def _dropped_as(path: Sequence[Any]) -> str | None:
    """The note's code if the path is a detail that may be dropped: of an organisation reference, a contract's
    suppliers, an amendment, a transaction or a technique."""
    if path[0] == "contracts" and "suppliers" in path:
        return "unreadable_detail"
    if path[0] != "parties" and ("identifier" in path or "address" in path):
        return "unreadable_detail"
    return None if OPTIONAL_ELEMENTS.isdisjoint(path) else "unreadable_element"


def _holder(release: Any, path: Sequence[Any]) -> Any:
    for part in path[:-1]:
        release = release[part]
    return release


def _shown(value: Any) -> str:
    return (
        json_type_name(value)
        if isinstance(value, dict | list | bool)
        else f"{json_type_name(value)}: {_excerpt(value)}"
    )


def _excerpt(value: Any) -> str:
    try:
        return dumps(value).decode()[:80]
    except orjson.JSONEncodeError:  # nested deeper than is kept; refused later
        return json_type_name(value)


def _repair_value(path: Sequence[Any], error: str, value: Any) -> tuple[str, Any] | None:
    """(note code, repaired value), or None if it can't be repaired."""
    if value is None:
        return "null_element", None
    if path == ("bids",) and isinstance(value, list) and value:
        return "bids_as_array", {"details": value}
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and not value.strip() and error in BLANK_IS_MISSING:
        return "blank_value", None
    if isinstance(value, list) and len(value) == 1 and error != "list_type" and not isinstance(value[0], list):
        return "object_expected", value[0]
    if error == "string_type":
        text = number_as_text(value)
        return ("number_as_text", text) if text is not None else None
    if error in {"float_type", "int_type", "int_from_float"}:
        read = _number(value, whole=error != "float_type")
        return ("text_as_number", read) if read is not None else None
    if error == "list_type":
        return "array_expected", _elements(value)
    return ("object_expected", {}) if error == "dict_type" and value == [] else None


def _elements(value: Any) -> list[Any]:
    """The array that an object or scalar represents. PHP encodes sparse arrays as objects and empty ones as either."""
    if not isinstance(value, dict):
        return [value]
    return list(value.values()) if all(key.isdecimal() for key in value) else [value]


def _number(value: Any, *, whole: bool) -> int | float | None:
    if isinstance(value, str):
        text = value.strip()
        digits = text.replace(",", "") if "." in text and text.rfind(",") < text.rfind(".") else text
        try:
            value = number(digits) if "_" not in digits else None
        except (ArithmeticError, ValueError):
            return None
    if not (isinstance(value, float) and abs(value) <= 1e300):  # also excludes NaN
        return None
    if not whole:
        return value
    return int(value) if value.is_integer() and abs(value) < MAX_EXACT_FLOAT else None
