"""File names in a drop folder: of finished files and of reports, within the file system's limit on length."""

import hashlib
import os
from itertools import count
from pathlib import Path

import orjson

REPORT = ".report.json"
DRAFT = "."  # prefix of the name of an incomplete report
HASH_DIGITS = 8
LONGEST_SUFFIX_BYTES = 20  # a longer suffix counts as part of the name


def printable(name: str) -> str:
    """Return the name as text; bytes that are not UTF-8 become escapes such as `\\xe9`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def is_text(name: str) -> bool:
    """Whether the name is UTF-8."""
    return name.isascii() or printable(name) == name


def report_of(path: Path) -> Path:
    """Return the path of a file's report: the file's name (shortened, with a hash, if too long) and `.report.json`."""
    max_bytes = _name_max_bytes(path.parent) - len(DRAFT)
    if len(os.fsencode(path.name)) + len(REPORT) <= max_bytes:
        return path.with_name(f"{path.name}{REPORT}")
    digest = hashlib.sha256(os.fsencode(path.name)).hexdigest()[:HASH_DIGITS]
    shortened = _cut(path.name, max_bytes - len(REPORT) - len(digest) - 1)
    return path.with_name(f"{shortened}~{digest}{REPORT}")


def free(folder: Path, name: str, job_id: str | None) -> Path:
    """Return a free path in `folder` for the file: its name, with a number appended if it is taken.

    A path whose report names the same job counts as free: a crash came between the report and the move.
    """
    stem, suffix = os.path.splitext(name)  # noqa: PTH122  Path.stem differs for names like ".a"
    if len(os.fsencode(suffix)) > LONGEST_SUFFIX_BYTES:
        stem, suffix = name, ""
    max_bytes = _name_max_bytes(folder)
    for number in count(1):
        counter = "" if number == 1 else f"-{number}"
        path = folder / f"{_cut(stem, max_bytes - len(os.fsencode(f'{counter}{suffix}')))}{counter}{suffix}"
        if not path.exists() and _absent_or_of_job(report_of(path), job_id):
            return path
    raise AssertionError("unreachable")


def _name_max_bytes(folder: Path) -> int:
    return os.pathconf(folder, "PC_NAME_MAX")


def _cut(name: str, max_bytes: int) -> str:
    """Return the beginning of the name: at most `max_bytes` bytes, without splitting a character."""
    encoded = os.fsencode(name)
    if len(encoded) <= max_bytes:
        return name
    cut = encoded[: max(0, max_bytes)]
    return cut.decode("utf-8", "ignore") if is_text(name) else os.fsdecode(cut)


def _absent_or_of_job(report: Path, job_id: str | None) -> bool:
    try:
        content = orjson.loads(report.read_bytes())
    except FileNotFoundError:
        return True
    except ValueError:
        return False
    return isinstance(content, dict) and (content.get("job") or {}).get("id") == job_id
