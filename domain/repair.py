"""Repairs of what the field often gets wrong; each leaves a note, and none invents a value. Works in place on the parsed release."""

from collections.abc import Sequence
from typing import Any

from domain.record import Note

NOTES: dict[str, str] = {
    "array_expected": "an object or a text stood where an array belongs; read as an array of one",
    "object_expected": "an array of one object stood where an object belongs",
    "number_as_text": "a number stood where a text (such as an id) belongs; read as text",
    "text_as_number": "a text that is a number stood where a number belongs",
    "null_element": "a null stood in an array; dropped",
    "nul_character": "U+0000 in a text; removed",
    "bad_surrogate": "half of a surrogate pair in a text; replaced",
    "date_repaired": "the release's date had no zone or was not in ISO 8601",
    "unreadable_date": "a date that can't be read; null in the star",
    "missing_release_id": "the release has no id; one was made of its content",
    "compiled_only": "only a compiled release was published; it stands for its releases",
    "duplicate_id": "an id stands twice in one array; the last one wins where they differ",
    "award_not_found": "a contract's awardID names no award of this release",
    "placeholder_amount": "an amount that looks like a placeholder (0, 1 or all nines)",
    "currency_missing": "an amount without a currency",
    "merge_conflict": "releases disagree on the type of a field; the newest one won",
}
Error = Any


def pointer(path: Sequence[str | int]) -> str:
    """The JSON Pointer (RFC 6901) of a path."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def repair(release: dict[str, Any], errors: Sequence[Error], notes: list[Note]) -> tuple[str, str] | None:
    """Mend what pydantic complains of; (path, reason) of the first thing that can't be mended."""
    for error in sorted(errors, key=lambda error: [str(part) for part in error["loc"]], reverse=True):
        path = error["loc"]
        if error["type"] == "missing":
            return pointer(path), f"{pointer(path)}: missing"
        mended = _mend(error["type"], error["input"])
        if mended is None:
            return pointer(path), f"{pointer(path)}: {error['msg'].lower()}, got {str(error['input'])[:80]!r}"
        code, value = mended
        holder = _holder(release, path)
        if code == "null_element":
            if not isinstance(holder, list):
                return pointer(path), f"{pointer(path)}: is null"
            del holder[int(path[-1])]
        else:
            holder[path[-1]] = value
        notes.append(Note(code=code, path=pointer(path), message=f"{NOTES[code]}: {str(error['input'])[:80]!r}"))
    return None


def _holder(release: Any, path: Sequence[Any]) -> Any:
    for part in path[:-1]:
        release = release[part]
    return release


def _mend(kind: str, value: Any) -> tuple[str, Any] | None:
    """(note code, the value repaired), or None."""
    if value is None:
        return "null_element", None
    if isinstance(value, bool):
        return None
    if kind == "string_type" and isinstance(value, int | float):
        return "number_as_text", str(int(value)) if float(value).is_integer() else repr(value)
    if kind in {"float_type", "int_type"}:
        return _number(value, whole=kind == "int_type")
    if kind == "int_from_float" and float(value).is_integer():
        return "text_as_number", int(value)
    if kind == "list_type" and isinstance(value, dict | str | int | float):
        return "array_expected", [value]
    if kind in {"model_type", "model_attributes_type"} and isinstance(value, list) and len(value) == 1:
        return "object_expected", value[0]
    return None


def _number(value: Any, *, whole: bool) -> tuple[str, Any] | None:
    if isinstance(value, float) and whole and value.is_integer():
        return "text_as_number", int(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    digits = text.replace(",", "") if "." in text and text.rfind(",") < text.rfind(".") else text
    try:
        number = int(digits) if whole else float(digits)
    except ValueError:
        return None
    return ("text_as_number", number) if "_" not in digits and abs(number) < 1e300 else None


def strip_nul(value: Any, path: str, notes: list[Note]) -> Any:
    """The value without U+0000 in any text, names of fields included."""
    if isinstance(value, str):
        if "\x00" not in value:
            return value
        notes.append(Note(code="nul_character", path=path, message=NOTES["nul_character"]))
        return value.replace("\x00", "")
    if isinstance(value, list):
        return [strip_nul(one, f"{path}/{index}", notes) for index, one in enumerate(value)]
    if isinstance(value, dict):
        return {strip_nul(key, path, notes): strip_nul(one, path + pointer([key.replace("\x00", "")]), notes) for key, one in value.items()}
    return value
