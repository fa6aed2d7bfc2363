"""Names in a drop folder: that of a file in its last place, and that of its report, both short enough for the file system."""

import hashlib
import os
from itertools import count
from pathlib import Path

import orjson

REPORT = ".report.json"
DRAFT = "."  # what a report is called before it is whole begins with it
HASH_DIGITS = 8
LONGEST_SUFFIX_BYTES = 20  # a longer one is part of the name


def printable(name: str) -> str:
    """The name as text; bytes that are no UTF-8 as `\\xe9`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def is_text(name: str) -> bool:
    """Whether the name is UTF-8."""
    return name.isascii() or printable(name) == name


def report_of(path: Path) -> Path:
    """The report beside a file: under its name, or the beginning of it and a hash where that is too long."""
    most = _longest(path.parent) - len(DRAFT)
    if len(os.fsencode(path.name)) + len(REPORT) <= most:
        return path.with_name(f"{path.name}{REPORT}")
    told = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:HASH_DIGITS]
    return path.with_name(f"{_cut(path.name, most - len(REPORT) - len(told) - 1)}~{told}{REPORT}")


def free(folder: Path, name: str, job_id: str | None) -> Path:
    """A place for the file: under its name, or with the first number behind it that is free. A report of the same job shows what a kill cut short."""
    stem, suffix = os.path.splitext(name)  # noqa: PTH122  Path.stem thinks otherwise of names like ".a"
    if len(os.fsencode(suffix)) > LONGEST_SUFFIX_BYTES:
        stem, suffix = name, ""
    most = _longest(folder)
    for number in count(1):
        behind = "" if number == 1 else f"-{number}"
        path = folder / f"{_cut(stem, most - len(os.fsencode(f'{behind}{suffix}')))}{behind}{suffix}"
        if not path.exists() and _ours(report_of(path), job_id):
            return path
    raise AssertionError("unreachable")


def _longest(folder: Path) -> int:
    return os.pathconf(folder, "PC_NAME_MAX")


def _cut(name: str, most: int) -> str:
    """The beginning of the name, at most so many bytes and no half of a letter."""
    encoded = os.fsencode(name)
    if len(encoded) <= most:
        return name
    cut = encoded[: max(0, most)]
    return cut.decode("utf-8", "ignore") if is_text(name) else os.fsdecode(cut)


def _ours(report: Path, job_id: str | None) -> bool:
    try:
        told = orjson.loads(report.read_bytes())
    except FileNotFoundError:
        return True
    except ValueError:
        return False
    return isinstance(told, dict) and (told.get("job") or {}).get("id") == job_id
