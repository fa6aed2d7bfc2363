"""Validates an element of a source by the rules of its record kind. Pure."""

from typing import Any

import orjson

from domain.document_files.document_file import validate_document_file
from domain.ocds import validation as releases
from domain.raw_records.record import Kind, SourceLocation, ValidationResult
from domain.raw_records.text_repair import number_as_text, replace_surrogates
from domain.reference_data.records import validate_reference_record
from domain.shared.dates import DateOrder
from domain.shared.url_safe import url_safe


def validate_element(
    raw: bytes, place: SourceLocation, kind: Kind = Kind.RELEASES, order: DateOrder | None = None
) -> list[ValidationResult]:
    """Accept, repair or refuse the element; `order` is the order of day and month in its file's dates, if detected."""
    if kind is Kind.RELEASES:
        return releases.validate_release_element(raw, place, order)
    return validate_document_file(raw, place) if kind is Kind.DOCUMENTS else validate_reference_record(raw, place, kind)


def named_record_ids(raw: bytes, kind: Kind) -> set[str]:
    """Return the ids that the element names, even if it is refused: its own, or those of an array's elements.

    Empty for releases, which go by their ocid.
    """
    try:
        value = orjson.loads(replace_surrogates(raw))
    except orjson.JSONDecodeError:
        return set()
    records = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
    return {found for one in records if (found := _record_id(one, kind)) is not None}


def _record_id(record: dict[str, Any], kind: Kind) -> str | None:
    match kind:
        case Kind.ORGANIZATIONS:
            return _joined(record, ("id",), ":")
        case Kind.CLASSIFICATIONS:
            return _joined(record, ("scheme", "code"), ":")
        case Kind.EXCHANGE_RATES:
            return _joined({"base": "EUR"} | record, ("base", "currency", "date"), "-")
        case Kind.DOCUMENTS:
            sha256 = record.get("sha256")
            made = sha256[:32] if isinstance(sha256, str) else None
            return _joined(record, ("id",), ":") or _joined({"id": made}, ("id",), ":")
        case _:
            return None


def _joined(record: dict[str, Any], names: tuple[str, ...], between: str) -> str | None:
    texts = [number_as_text(record.get(name)) or record.get(name) for name in names]
    parts = [url_safe(text.strip()) for text in texts if isinstance(text, str) and text.strip()]
    return between.join(parts) if len(parts) == len(names) else None
