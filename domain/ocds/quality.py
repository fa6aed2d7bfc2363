"""Notes on doubtful values of a valid release; the values stay as published."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from domain.raw_records.note_codes import note
from domain.raw_records.record import Note
from domain.shared.amounts import CURRENCIES, PLACEHOLDER, UNKNOWN_CURRENCY, is_placeholder
from domain.shared.whitespace import tidy_text

ID_ARRAYS = (
    ("parties",),
    ("awards",),
    ("contracts",),
    ("tender", "items"),
    ("tender", "documents"),
    ("tender", "lots"),
    ("planning", "documents"),
)


def quality_notes(release: dict[str, Any]) -> list[Note]:
    """Notes on a valid release."""
    notes = [*_duplicates(release)]
    for path, value in _values(release):
        _money(value, path, notes)
    for path, value in _payments(release):
        _money(value, path, notes, payment=True)
    return notes


def _duplicates(release: dict[str, Any]) -> Iterator[Note]:
    for path in ID_ARRAYS:
        holder: Any = release
        for part in path:
            holder = holder.get(part) if isinstance(holder, dict) else None
        if not isinstance(holder, list) or len(holder) < 2:
            continue
        ids = [str(one["id"]) for one in holder if isinstance(one, dict) and one.get("id") is not None]
        if len(set(ids)) != len(ids):
            twice = sorted(one for one, count in Counter(ids).items() if count > 1)
            yield note("duplicate_id", "/" + "/".join(path), ", ".join(twice[:5])[:200])


def _values(release: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The values of the release but those of payments, with their paths."""
    tender, planning = release.get("tender") or {}, release.get("planning") or {}
    yield "/planning/budget/amount", (planning.get("budget") or {}).get("amount")
    yield "/tender/value", tender.get("value")
    yield "/tender/minValue", tender.get("minValue")
    for name in ("awards", "contracts"):
        for index, one in enumerate(release.get(name) or ()):
            yield f"/{name}/{index}/value", one.get("value")
    for index, bid in enumerate((release.get("bids") or {}).get("details") or ()):
        yield f"/bids/details/{index}/value", bid.get("value")


def _payments(release: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for index, contract in enumerate(release.get("contracts") or ()):
        for number, payment in enumerate((contract.get("implementation") or {}).get("transactions") or ()):
            for name in ("value", "amount"):
                yield f"/contracts/{index}/implementation/transactions/{number}/{name}", payment.get(name)


def _money(value: Any, path: str, notes: list[Note], *, payment: bool = False) -> None:
    if not value or value.get("amount") is None:
        return
    amount, currency = value["amount"], value.get("currency")
    if is_placeholder(amount, payment=payment):
        notes.append(note(PLACEHOLDER, f"{path}/amount", str(amount)[:200]))
    if not currency:
        notes.append(note("currency_missing", path, str(amount)[:200]))
    elif tidy_text(currency) not in CURRENCIES:
        notes.append(note(UNKNOWN_CURRENCY, f"{path}/currency", currency[:80]))
