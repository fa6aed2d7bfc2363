"""Parses headings of flat OCDS to paths, and finds the OCDS type of their cells. Pure."""

import re
import types
from collections.abc import Sequence
from functools import cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

from domain.ocds.models import Release
from domain.tables.cell_values import Converter, boolean, number, text_list, whole_number

Path = tuple[str | int, ...]
PREFIXES: tuple[Path, ...] = (("releases", 0), ("compiledRelease",), ("records", 0, "compiledRelease"))
LISTS = "additionalProcurementCategories submissionMethod relationship roles tag coveredBy languages relatedLots"
BOOLEANS = "hasRecurrence hasOptions hasRenewal hasFrameworkAgreement hasElectronicAuction hasDynamicPurchasingSystem"
# Fields of OCDS 1.1 and its extensions that are no strings and not in domain/ocds/models.py.
EXTENSION_TYPES: dict[str, Any] = (
    {"amount": float, "quantity": float, "durationInDays": int, "hasEnquiries": bool}
    | dict.fromkeys(LISTS.split(), list[str])
    | dict.fromkeys(BOOLEANS.split(), bool)
)
DATE = re.compile(r"date([A-Z]\w*)?|\w+Date")
PATH_MAX_CHARACTERS = 500
PATH_MAX_PARTS = 20


class HeadingError(ValueError):
    """Raised when a heading is no path, or two headings conflict."""


def parse(heading: str) -> Path:
    """The path of a heading, with OCDS names in their OCDS spelling. HeadingError if it is no path."""
    parts: list[str | int] = [
        int(part) if part.isdecimal() else part for name in heading.strip().split("/") if (part := name.strip())
    ]
    for prefix in PREFIXES:
        if tuple(parts[: len(prefix)]) == prefix:
            parts = parts[len(prefix) :]
            break
    if not parts or len(heading) > PATH_MAX_CHARACTERS or len(parts) > PATH_MAX_PARTS or isinstance(parts[0], int):
        raise HeadingError(f"{heading[:80]!r} is no path")
    return _spelt(parts)


def converter(path: Path, numbers: Converter = number) -> Converter | None:
    """The converter of the path's cells; None for strings. `numbers` converts numbers with a fraction."""
    kind = _kind(path)
    if kind is None or kind is str:
        return None
    if get_origin(kind) is list and get_args(kind)[0] is str:
        return None if isinstance(path[-1], int) else text_list
    if kind is float:
        return numbers
    if kind is int:
        return whole_number
    return boolean if kind is bool else _no_object


def is_known(path: Path) -> bool:
    """Whether the path is in the OCDS models."""
    return _kind(path) is not None


def is_value(path: Path) -> bool:
    """Whether the path is in the OCDS models and is a value or a list of values."""
    kind = _kind(path)
    return kind is not None and not _is_model(get_args(kind)[0] if get_origin(kind) is list else kind)


def is_number(path: Path) -> bool:
    """Whether its values are numbers that may have a fraction."""
    return _kind(path) is float


def is_date(path: Path) -> bool:
    """Whether its last name is that of a date, such as `date`, `dateSigned`, `startDate`; also in extensions."""
    return isinstance(path[-1], str) and DATE.fullmatch(path[-1]) is not None


def heading_of(path: Path) -> str:
    """The path as a heading."""
    return "/".join(map(str, path))


def _no_object(text: str) -> Any:
    raise ValueError(f"expected an object, whose fields need headings of their own; got {text[:80]!r}")


def _spelt(parts: Sequence[str | int]) -> Path:
    """The path with OCDS capitalisation, and with index 0 where the heading omits the index of an OCDS array."""
    found: list[str | int] = []
    kind: Any = Release
    for position, part in enumerate(parts):
        if isinstance(part, str):
            fields = _fields(kind)
            part = fields.get(part.lower(), part)
            kind = _inside(kind, part)
            found.append(part)
            if (
                get_origin(kind) is list
                and position + 1 < len(parts)
                and isinstance(parts[position + 1], str)
                and _is_model(get_args(kind)[0])
            ):
                found.append(0)
                kind = get_args(kind)[0]
        else:
            found.append(part)
            kind = get_args(kind)[0] if get_origin(kind) is list else None
    return tuple(found)


def _kind(path: Path) -> Any:
    kind: Any = Release
    for part in path:
        if isinstance(part, str):
            kind = _inside(kind, part)
        elif get_origin(kind) is list and _is_model(get_args(kind)[0]):
            kind = get_args(kind)[0]
    last = next((part for part in reversed(path) if isinstance(part, str)), "")
    return kind if kind is not None else EXTENSION_TYPES.get(last)


@cache
def _fields(kind: Any) -> dict[str, str]:
    return {name.lower(): name for name in kind.model_fields} if _is_model(kind) else {}


@cache
def _inside(kind: Any, name: str) -> Any:
    if not _is_model(kind) or name not in kind.model_fields:
        return None
    annotation = kind.model_fields[name].annotation
    while get_origin(annotation) in (Union, types.UnionType, Annotated):
        annotation = next(argument for argument in get_args(annotation) if argument is not type(None))
    return annotation


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)
