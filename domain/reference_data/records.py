"""Reference records: strict pydantic models of organisations, exchange rates and classifications, and validation. Pure.

Accepted records keep their unknown fields; refused ones have the field and the reason. Nothing is guessed.
"""

from datetime import UTC, date, datetime, time
from hashlib import blake2b
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from domain.exchange_rates.conversion import MAX_RATE
from domain.raw_records.note_codes import note
from domain.raw_records.record import (
    AcceptedRecord,
    Kind,
    Note,
    SourceLocation,
    ValidationResult,
    refused,
    why_too_long,
)
from domain.raw_records.text_repair import number_as_text, replace_surrogates, strip_nul
from domain.shared.canonical_json import canonical_json
from domain.shared.exact_json import ExactNumber, dumps, loads
from domain.shared.json_pointer import pointer
from domain.shared.url_safe import url_safe
from domain.shared.whitespace import tidy_text

REFUSALS: dict[str, str] = {
    "missing_value": "a required field of a reference record is missing or empty",
    "invalid_value": "a field of a reference record has an impossible value",
}
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
IDS = ("id", "identifier", "parent_id", "code", "parent")
EXPECTED = {
    "string_type": "a text",
    "float_type": "a number",
    "string_pattern_mismatch": "three capital letters, such as USD",
    "greater_than": "a number above 0",
    "less_than_equal": f"a number up to {MAX_RATE:.0e}",
    "finite_number": "a finite number",
}


class ReferenceRecord(BaseModel):
    """A strictly typed model: numbers are no texts, and texts no numbers. Unknown fields are kept in the payload."""

    model_config = ConfigDict(strict=True, extra="ignore")

    @property
    def record_id(self) -> str:
        """The record's id in the catalogue, URL-safe."""
        raise NotImplementedError

    @property
    def instant(self) -> datetime | None:
        """The record's day in UTC; None for kinds without one."""
        return None


class OrganizationRecord(ReferenceRecord):
    """An organisation of a register."""

    id: Text
    name: Text
    legal_name: str | None = None
    scheme: str | None = None
    identifier: str | None = None
    country: str | None = None
    region: str | None = None
    locality: str | None = None
    scale: str | None = None
    parent_id: str | None = None
    url: str | None = None

    @property
    def record_id(self) -> str:
        return url_safe(self.id)


class ExchangeRateRecord(ReferenceRecord):
    """An exchange rate: on `date`, 1 `base` = `rate` `currency`."""

    date: str
    base: Currency = "EUR"
    currency: Currency
    rate: float = Field(gt=0, le=MAX_RATE, allow_inf_nan=False)

    @field_validator("date")
    @classmethod
    def _is_a_day(cls, text: str) -> str:
        if len(text) != 10 or _day(text) is None:
            raise ValueError("expected a day such as 2024-01-31")
        return text

    @model_validator(mode="after")
    def _is_one_to_itself(self) -> "ExchangeRateRecord":
        if self.base == self.currency and self.rate != 1:
            raise ValueError(f"one {self.base} can't be {self.rate} {self.currency}")
        return self

    @property
    def record_id(self) -> str:
        return f"{self.base}-{self.currency}-{self.date}"

    @property
    def instant(self) -> datetime | None:
        day = _day(self.date)
        return datetime.combine(day, time(), UTC) if day else None


class ClassificationRecord(ReferenceRecord):
    """A code of a classification scheme, such as 45000000 of CPV, and its description."""

    scheme: Text
    code: Text
    description: Text
    parent: str | None = None

    @property
    def record_id(self) -> str:
        return f"{url_safe(self.scheme)}:{url_safe(self.code)}"


MODELS: dict[Kind, type[ReferenceRecord]] = {
    Kind.ORGANIZATIONS: OrganizationRecord,
    Kind.EXCHANGE_RATES: ExchangeRateRecord,
    Kind.CLASSIFICATIONS: ClassificationRecord,
}
# Always written, so that equal rates have equal content.
DEFAULT_FIELDS: dict[Kind, dict[str, Any]] = {Kind.EXCHANGE_RATES: {"base": "EUR"}}


def validate_reference_record(raw: bytes, place: SourceLocation, kind: Kind) -> list[ValidationResult]:
    """Validate a reference record, or an array of them, as UTF-8 JSON. KeyError for other kinds."""
    model = MODELS[kind]
    try:
        element = loads(replace_surrogates(raw) if b"\\ud" in raw.lower() else raw)
    except orjson.JSONDecodeError as error:
        return [refused(place, "invalid_json", f"not valid JSON: {error}", raw)]
    if not isinstance(element, list):
        return [_validate(element, model, kind, raw, place)]
    return [
        _validate_element(record, model, kind, raw, place.model_copy(update={"path": f"{place.path}/{index}"}))
        for index, record in enumerate(element)
    ]


def _validate_element(
    record: Any, model: type[ReferenceRecord], kind: Kind, array: bytes, place: SourceLocation
) -> ValidationResult:
    try:
        return _validate(record, model, kind, dumps(record), place)
    except orjson.JSONEncodeError:
        return refused(place, "too_deep", "objects or arrays are nested too deep to be kept", array)


def _validate(
    record: Any, model: type[ReferenceRecord], kind: Kind, raw: bytes, place: SourceLocation
) -> ValidationResult:
    if not isinstance(record, dict):
        return refused(place, "not_an_object", f"expected an object with the fields of one of the {kind}", raw)
    notes: list[Note] = []
    if b"\\u0000" in raw:
        strip_nul(record, notes)
    _texts_for_ids(record, notes)
    try:
        found = model.model_validate(record)
    except ValidationError as error:
        code, problem, path = _problem(error)
        return refused(place, code, problem, raw, path)
    reason = why_too_long(found.record_id)
    if reason:
        return refused(place, "too_long", reason, raw)
    _remove_blanks(record, model, notes)
    read = {
        name: value
        for name, value in found.model_dump(exclude_unset=True).items()
        if value is not None and name in record and not isinstance(record[name], ExactNumber)
    }
    _note_whitespace({name: record[name] for name in read if isinstance(record.get(name), str)}, notes)
    try:
        payload = canonical_json(DEFAULT_FIELDS.get(kind, {}) | record | read)
    except orjson.JSONEncodeError:
        return refused(place, "too_deep", "objects or arrays are nested too deep to be kept", raw)
    content_hash = blake2b(payload, digest_size=16).digest()
    return AcceptedRecord(
        kind=kind,
        record_id=found.record_id,
        ocid=None,
        date=found.instant,
        payload=payload,
        content_hash=content_hash,
        notes=tuple(notes),
        place=place,
    )


def _texts_for_ids(record: dict[str, Any], notes: list[Note]) -> None:
    """Turn ids that are numbers into texts, as in releases."""
    for name in IDS:
        text = number_as_text(record.get(name))
        if text is not None:
            record[name] = text
            notes.append(note("integer_id", pointer([name]), name))


def _note_whitespace(texts: dict[str, str], notes: list[Note]) -> None:
    """Note texts that silver stores without surrounding or repeated whitespace (domain/shared/whitespace.py)."""
    for name, text in texts.items():
        if text != tidy_text(text) and text:
            notes.append(note("whitespace_removed", pointer([name]), repr(text[:80])))


def _remove_blanks(record: dict[str, Any], model: type[ReferenceRecord], notes: list[Note]) -> None:
    """Remove blank texts of optional fields: they are missing values, as blank cells are."""
    for name, field in model.model_fields.items():
        if field.is_required() or not isinstance(record.get(name), str) or record[name].strip():
            continue
        del record[name]
        notes.append(Note(code="blank_value", path=pointer([name]), message=f"a blank text; left out: {name}"))


def _problem(error: ValidationError) -> tuple[str, str, str]:
    """(code, reason, JSON Pointer) of the first validation error."""
    first = error.errors(include_url=False, include_context=False)[0]
    path, name, value = pointer(first["loc"]), "/".join(map(str, first["loc"])), first["input"]
    if first["type"] == "missing" or first["type"] == "string_too_short" or value is None:
        return "missing_value", f"{name}: missing or empty", path
    expected = EXPECTED.get(first["type"])
    if expected is None:
        message = first["msg"].removeprefix("Value error, ")
        return "invalid_value", f"{name}: {message}, got {value!r:.80}" if name else message, path
    code = "wrong_type" if first["type"].endswith("_type") else "invalid_value"
    return code, f"{name}: expected {expected}, got {value!r:.80}", path


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
