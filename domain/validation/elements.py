"""Validates an element of a source by the rules of its record kind. Pure."""

from typing import Any

import orjson

from domain.document_files.document_file import validate_document_file
from domain.ocds import validation as releases
from domain.raw_records.identity import record_id_of
from domain.raw_records.record import Kind, SourceLocation, ValidationResult
from domain.raw_records.text_repair import number_as_text, replace_surrogates
from domain.reference_data.records import validate_reference_record
from domain.shared.dates import DateOrder


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
    if kind is Kind.RELEASES:
        return set()
    records = [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
    return {found for one in records if (found := record_id_of(kind, _texts(one, kind))) is not None}


def _texts(record: dict[str, Any], kind: Kind) -> dict[str, str]:
    """The texts of the record as validation reads them: numbers as texts, a document's default id."""
    values = {name: number_as_text(value) or value for name, value in record.items()}
    texts = {name: text for name, value in values.items() if isinstance(value, str) and (text := value.strip())}
    default = {"id": texts["sha256"][:32]} if kind is Kind.DOCUMENTS and "sha256" in texts else {}
    return default | texts
