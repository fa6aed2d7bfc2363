"""Reference records: organisations, exchange rates and classifications as strict pydantic models, and the judging of them. Pure.

What is good is kept with its unknown fields; what is not is refused with the field and the reason. Nothing is guessed.
"""

from datetime import UTC, date, datetime, time
from hashlib import blake2b
from typing import Annotated, Any

import orjson
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, field_validator, model_validator

from domain.raw_records.note_codes import NOTES
from domain.raw_records.record import AcceptedRecord, Kind, Note, RefusedElement, SourceLocation, ValidationResult, why_too_long
from domain.raw_records.text_repair import number_as_text, replace_surrogates, strip_nul
from domain.shared.canonical_json import canonical_json
from domain.shared.exact_json import ExactNumber, dumps, loads
from domain.shared.json_pointer import pointer
from domain.shared.url_safe import url_safe
from domain.shared.whitespace import tidy_text

REFUSALS: dict[str, str] = {
    "missing_value": "a reference record lacks a field that it can't do without, or has it empty",
    "invalid_value": "a field of a reference record has a value that can't be right",
}
EXCERPT_CHARACTERS = 2_000  # characters
MAX_RATE = 1e12  # no currency's unit buys more of another
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
    """Strict: a number is no text and a text is no number. Fields that no model names are kept in the payload."""

    model_config = ConfigDict(strict=True, extra="ignore")

    @property
    def record_id(self) -> str:
        """The id that the record has in the catalogue, safe in a URL."""
        raise NotImplementedError

    @property
    def instant(self) -> datetime | None:
        """The day that the record is of, in UTC; None where it is of none."""
        return None


class OrganizationRecord(ReferenceRecord):
    """An organisation as a register knows it."""

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
    """On `date`, one unit of `base` was `rate` units of `currency`."""

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
    """A code of a scheme, such as 45000000 of CPV, and what it stands for."""

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
DEFAULT_FIELDS: dict[Kind, dict[str, Any]] = {Kind.EXCHANGE_RATES: {"base": "EUR"}}  # written out, so that the same rate has one form


def validate_reference_record(raw: bytes, place: SourceLocation, kind: Kind) -> list[ValidationResult]:
    """What becomes of a reference record as UTF-8 JSON, or of each of an array of them; KeyError for a kind that is no reference."""
    model = MODELS[kind]
    try:
        element = loads(replace_surrogates(raw) if b"\\ud" in raw.lower() else raw)
    except orjson.JSONDecodeError as error:
        return [_refused("invalid_json", f"not valid JSON: {error}", "", raw, place)]
    if not isinstance(element, list):
        return [_judge(element, model, kind, raw, place)]
    return [_judge_element(one, model, kind, raw, place.model_copy(update={"path": f"{place.path}/{index}"})) for index, one in enumerate(element)]


def _judge_element(record: Any, model: type[ReferenceRecord], kind: Kind, array: bytes, place: SourceLocation) -> ValidationResult:
    try:
        return _judge(record, model, kind, dumps(record), place)
    except orjson.JSONEncodeError:
        return _refused("too_deep", "objects or arrays are nested too deep to be kept", "", array, place)


def _judge(record: Any, model: type[ReferenceRecord], kind: Kind, raw: bytes, place: SourceLocation) -> ValidationResult:
    if not isinstance(record, dict):
        return _refused("not_an_object", f"expected an object with the fields of one of the {kind}", "", raw, place)
    notes: list[Note] = []
    if b"\\u0000" in raw:
        strip_nul(record, notes)
    _texts_for_ids(record, notes)
    try:
        found = model.model_validate(record)
    except ValidationError as error:
        return _refused(*_problem(error), raw, place)
    reason = why_too_long(found.record_id)
    if reason:
        return _refused("too_long", reason, "", raw, place)
    _leave_out_blanks(record, model, notes)
    read = {
        name: value
        for name, value in found.model_dump(exclude_unset=True).items()
        if value is not None and name in record and not isinstance(record[name], ExactNumber)
    }
    _note_whitespace({name: record[name] for name in read if isinstance(record.get(name), str)}, notes)
    try:
        payload = canonical_json(DEFAULT_FIELDS.get(kind, {}) | record | read)
    except orjson.JSONEncodeError:
        return _refused("too_deep", "objects or arrays are nested too deep to be kept", "", raw, place)
    content_hash = blake2b(payload, digest_size=16).digest()
    return AcceptedRecord(
        kind=kind, record_id=found.record_id, ocid=None, date=found.instant, payload=payload, content_hash=content_hash, notes=tuple(notes), place=place
    )


def _texts_for_ids(record: dict[str, Any], notes: list[Note]) -> None:
    """Ids that are numbers become texts, as in releases."""
    for name in IDS:
        text = number_as_text(record.get(name))
        if text is not None:
            record[name] = text
            notes.append(Note(code="integer_id", path=pointer([name]), message=f"{NOTES['integer_id']}: {name}"))


def _note_whitespace(texts: dict[str, str], notes: list[Note]) -> None:
    """Silver has the texts without it, as those of releases (domain/shared/whitespace.py)."""
    for name, text in texts.items():
        if text != tidy_text(text) and text:
            notes.append(Note(code="whitespace_removed", path=pointer([name]), message=f"{NOTES['whitespace_removed']}: {text[:80]!r}"))


def _leave_out_blanks(record: dict[str, Any], model: type[ReferenceRecord], notes: list[Note]) -> None:
    """A blank text of a field that a record may lack says nothing, as a blank cell does."""
    for name, field in model.model_fields.items():
        if field.is_required() or not isinstance(record.get(name), str) or record[name].strip():
            continue
        del record[name]
        notes.append(Note(code="blank_value", path=pointer([name]), message=f"a blank text; left out: {name}"))


def _problem(error: ValidationError) -> tuple[str, str, str]:
    """(code, reason, JSON Pointer) of the first thing that is wrong."""
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


def _refused(code: str, reason: str, path: str, raw: bytes, place: SourceLocation) -> RefusedElement:
    excerpt = raw[: EXCERPT_CHARACTERS * 4].decode("utf-8", "replace")[:EXCERPT_CHARACTERS].replace("\x00", "\\u0000")
    return RefusedElement(place=place, code=code, reason=reason[:2_000], path=path, excerpt=excerpt)
