"""Notes on doubtful values of a valid release; the values stay as published."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from domain.raw_records.note_codes import note
from domain.raw_records.record import Note

ID_ARRAYS = (
    ("parties",),
    ("awards",),
    ("contracts",),
    ("tender", "items"),
    ("tender", "documents"),
    ("tender", "lots"),
    ("planning", "documents"),
)
MIN_ALL_NINES = 99_999_999  # smallest number of nines only that counts as a placeholder


def quality_notes(release: dict[str, Any]) -> list[Note]:
    """Notes on a valid release."""
    notes = [*_duplicates(release)]
    for path, value in _values(release):
        _money(value, path, notes)
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
    tender, planning = release.get("tender") or {}, release.get("planning") or {}
    yield "/planning/budget/amount", (planning.get("budget") or {}).get("amount")
    yield "/tender/value", tender.get("value")
    yield "/tender/minValue", tender.get("minValue")
    for name in ("awards", "contracts"):
        for index, one in enumerate(release.get(name) or ()):
            yield f"/{name}/{index}/value", one.get("value")
            for number, payment in enumerate((one.get("implementation") or {}).get("transactions") or ()):
                for value in ("value", "amount"):
                    yield f"/{name}/{index}/implementation/transactions/{number}/{value}", payment.get(value)
    for index, bid in enumerate((release.get("bids") or {}).get("details") or ()):
        yield f"/bids/details/{index}/value", bid.get("value")


def _money(value: Any, path: str, notes: list[Note]) -> None:
    if not value or value.get("amount") is None:
        return
    amount = value["amount"]
    if amount in (0, 1) or (amount >= MIN_ALL_NINES and set(str(int(amount))) == {"9"}):
        notes.append(note("placeholder_amount", f"{path}/amount", str(amount)[:200]))
    if not value.get("currency"):
        notes.append(note("currency_missing", path, str(amount)[:200]))
