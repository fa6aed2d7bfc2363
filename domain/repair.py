"""Repairs of what the field often gets wrong; each leaves a note, and none invents a value. Works in place on the parsed release."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from domain.exact import Exact, dumps, number
from domain.record import Note
from domain.unpack import kind

NOTES: dict[str, str] = {
    "array_expected": "an object or a text stood where an array belongs; read as an array of one",
    "object_expected": "an array of one stood where a single value belongs, or an empty array where an object does",
    "integer_id": "ids of reference records that are numbers; read as texts, so that 1 and '1' are the same",
    "number_as_text": "a number stood where a text belongs; read as text",
    "text_as_number": "a text that is a number stood where a number belongs",
    "null_element": "a null stood in an array; dropped",
    "blank_value": "a blank text stood where a number, a truth value, an object or an array belongs; left out",
    "nul_character": "U+0000 in a text; removed",
    "bad_surrogate": "half of a surrogate pair in a text; replaced by U+FFFD",
    "date_repaired": "the release's date is not an RFC 3339 date-time; written as one",
    "date_without_zone": "a date without a zone; kept as published, read as UTC in the star",
    "date_format": "a date that is not written as RFC 3339 has it; kept as published, read in the star",
    "date_order": "a date with two readings that another date of the release or of its file decides; written as ISO 8601",
    "ambiguous_date": "a date that can be read in two ways; null in the star",
    "unreadable_date": "a date that can't be read; null in the star",
    "missing_release_id": "the release has no id; one was made of its content",
    "repeated_release_id": "the upload has another release of this id; one was made of this one's content",
    "compiled_only": "a compiled release, which stands for its releases",
    "compiled_supersedes": "the compiled release stands for the releases of its process that are not newer, compiled ones too; so many were left out",
    "duplicate_id": "an id stands twice in one array; the last one wins where they differ",
    "organization_differs": "a reference says otherwise of an organisation than `parties`, or, where that is silent, than an earlier reference",
    "unreadable_detail": "what is said of an organisation outside of `parties` can't be read; left out",
    "whitespace_removed": "whitespace at the ends of a name or code, or more than a space inside; removed",
    "award_status_unknown": "the status of an award is not one of the standard's; the award counts in no total",
    "award_not_found": "a contract's awardID names no award of the process",
    "placeholder_amount": "an amount that looks like a placeholder (0, 1 or all nines)",
    "currency_missing": "an amount without a currency",
    "rounded_number": "a number with more digits than a 64-bit number holds; kept as published, rounded in the star",
    "merge_conflict": "releases disagree on the type of a field; the newest one won",
}
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
DROPPED = {"null_element", "blank_value", "unreadable_detail"}
BLANK_IS_MISSING = {"float_type", "int_type", "int_from_float", "bool_type", "dict_type", "list_type"}
UNREPAIRED = {("ocid",)}  # what a process is called is not for us to guess
EXACT = 2**53  # from here on a floating-point number may stand for another whole number
ESCAPE = re.compile(rb"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(u[dD][89a-fA-F][0-9a-fA-F]{2})|.)", re.S)


def pointer(path: Sequence[str | int]) -> str:
    """The JSON Pointer (RFC 6901) of a path."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def repair(release: dict[str, Any], errors: Sequence[Any], notes: list[Note]) -> tuple[str, str] | None:
    """Mend what pydantic's `errors()` complain of; (path, reason) of the first thing that can't be mended."""
    problem: tuple[str, str] | None = None
    made: list[Note] = []
    # From the last to the first, so that dropping an element of an array moves none that is still to be mended.
    for error in sorted(errors, key=lambda error: error["loc"], reverse=True):
        path, value = error["loc"], error["input"]
        holder = release if error["type"] == "missing" else _holder(release, path)
        if error["type"] == "missing" or (value is None and not isinstance(holder, list)):
            problem = pointer(path), f"{pointer(path)[1:]}: missing"
            continue
        mended = None if path in UNREPAIRED else _mend(error["type"], value)
        if mended is None and _is_detail(path):
            mended = "unreadable_detail", None
        if mended is None:
            problem = pointer(path), f"{pointer(path)[1:]}: expected {EXPECTED.get(error['type'], error['msg'])}, got {_shown(value)}"
            continue
        code, holder[path[-1]] = mended
        if code in DROPPED:
            del holder[path[-1]]
        made.append(Note(code=code, path=pointer(path), message=f"{NOTES[code]}: {_excerpt(value)}"))
    notes += reversed(made)
    return problem


def _is_detail(path: Sequence[Any]) -> bool:
    """Whether it is of an organisation embedded in a reference, or of the suppliers that an extension gives a contract: the rest is of use without."""
    if path[0] == "contracts" and "suppliers" in path:
        return True
    return path[0] != "parties" and ("identifier" in path or "address" in path)


def _holder(release: Any, path: Sequence[Any]) -> Any:
    for part in path[:-1]:
        release = release[part]
    return release


def _shown(value: Any) -> str:
    return kind(value) if isinstance(value, dict | list | bool) else f"{kind(value)}: {_excerpt(value)}"


def _excerpt(value: Any) -> str:
    try:
        return dumps(value).decode()[:80]
    except orjson.JSONEncodeError:  # nested deeper than is kept; refused later
        return kind(value)


def _mend(error: str, value: Any) -> tuple[str, Any] | None:
    """(note code, the value repaired), or None."""
    if value is None:
        return "null_element", None
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and not value.strip() and error in BLANK_IS_MISSING:
        return "blank_value", None
    if isinstance(value, list) and len(value) == 1 and error != "list_type" and not isinstance(value[0], list):
        return "object_expected", value[0]
    if error == "string_type":
        text = text_of(value)
        return ("number_as_text", text) if text is not None else None
    if error in {"float_type", "int_type", "int_from_float"}:
        read = _number(value, whole=error != "float_type")
        return ("text_as_number", read) if read is not None else None
    if error == "list_type":
        return "array_expected", _elements(value)
    return ("object_expected", {}) if error == "dict_type" and value == [] else None


def _elements(value: Any) -> list[Any]:
    """The array that an object (or a scalar) stands for; PHP writes arrays with gaps as objects, and empty ones as either."""
    if not isinstance(value, dict):
        return [value]
    return list(value.values()) if all(key.isdecimal() for key in value) else [value]


def text_of(value: Any) -> str | None:
    """A number as the text that it would be as an id; None where it is no number or its digits are lost."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, Exact):
        return value.text
    if isinstance(value, float) and value.is_integer():
        return str(int(value)) if abs(value) < EXACT else None
    return repr(value)


def _number(value: Any, *, whole: bool) -> int | float | None:
    if isinstance(value, str):
        text = value.strip()
        digits = text.replace(",", "") if "." in text and text.rfind(",") < text.rfind(".") else text
        try:
            value = number(digits) if "_" not in digits else None
        except (ArithmeticError, ValueError):
            return None
    if not (isinstance(value, float) and abs(value) <= 1e300):  # NaN is not less than anything
        return None
    if not whole:
        return value
    return int(value) if value.is_integer() and abs(value) < EXACT else None


def walk(release: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Every object and array in it with its path, holders first; without recursion, so that no nesting is too deep."""
    pending: list[tuple[str, Any]] = [("", release)]
    while pending:
        path, holder = pending.pop()
        yield path, holder
        inside = holder.items() if isinstance(holder, dict) else enumerate(holder)
        below = [(path + pointer([key]), value) for key, value in inside if isinstance(value, dict | list)]
        pending += reversed(below)


def note_rounded(release: dict[str, Any], notes: list[Note]) -> None:
    """One note on the numbers that have more digits than the star holds."""
    paths = []
    for path, holder in walk(release):
        inside = holder.items() if isinstance(holder, dict) else enumerate(holder)
        paths += [path + pointer([key]) for key, value in inside if isinstance(value, Exact)]
    if paths:
        notes.append(Note(code="rounded_number", path=paths[0], message=f"{NOTES['rounded_number']}: {_counted(paths)}"))


def strip_nul(release: dict[str, Any], notes: list[Note]) -> None:
    """Remove U+0000 from every text, names of fields included; one note a release."""
    paths: list[str] = []
    for path, holder in walk(release):
        inside = list(holder.items() if isinstance(holder, dict) else enumerate(holder))
        for key, value in inside:
            if isinstance(value, str) and "\x00" in value:
                holder[key] = value.replace("\x00", "")
                paths.append(path + pointer([str(key).replace("\x00", "")]))
        if isinstance(holder, dict) and any("\x00" in key for key in holder):
            paths.append(path)
            renamed = {key.replace("\x00", ""): value for key, value in holder.items()}
            holder.clear()
            holder.update(renamed)
    if paths:
        notes.append(Note(code="nul_character", path=paths[0], message=f"{NOTES['nul_character']}: {_counted(paths)}"))


def replace_surrogates(raw: bytes) -> bytes:
    r"""The JSON text with `\ufffd` in place of each half of a surrogate pair."""
    return ESCAPE.sub(lambda found: rb"\ufffd" if found[1] else found[0], raw)


def _counted(paths: Sequence[str]) -> str:
    return ", ".join(path.removeprefix("/") for path in paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")
