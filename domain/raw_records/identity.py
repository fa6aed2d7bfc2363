"""Derives the id of a raw record from the identifying fields of its kind. Pure."""

from typing import Any

from domain.raw_records.record import Kind
from domain.shared.url_safe import url_safe

FIELDS: dict[Kind, str] = {
    Kind.RELEASES: "ocid and id",
    Kind.ORGANIZATIONS: "id",
    Kind.EXCHANGE_RATES: "base (default EUR), currency and date",
    Kind.CLASSIFICATIONS: "scheme and code",
    Kind.DOCUMENTS: "id",
}


def record_id_of(kind: Kind, record: dict[str, Any]) -> str | None:
    """The id of a whole or partial record; None if an identifying field is missing."""
    text = {
        name: str(value)
        for name, value in record.items()
        if isinstance(value, str | int) and not isinstance(value, bool) and value != ""
    }
    try:
        match kind:
            case Kind.RELEASES:
                return release_record_id(text["ocid"], text["id"])
            case Kind.EXCHANGE_RATES:
                return f"{text.get('base', 'EUR')}-{text['currency']}-{text['date']}"
            case Kind.CLASSIFICATIONS:
                return f"{url_safe(text['scheme'])}:{url_safe(text['code'])}"
            case _:
                return url_safe(text["id"])
    except KeyError:
        return None


def release_record_id(ocid: str, release_id: str) -> str:
    """`{ocid}:{release id}`, both URL-safe: every byte except letters, digits, '.', '_' and '-' is written as `=XX`.

    Unique per pair.
    """
    return f"{url_safe(ocid)}:{url_safe(release_id)}"
