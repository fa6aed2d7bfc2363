"""What is doubtful about a release, though nothing in it needs repair: notes only, values stay as published."""

from collections.abc import Iterator
from typing import Any

from domain.instants import instant
from domain.record import Note
from domain.repair import NOTES

ARRAYS = (("parties",), ("awards",), ("contracts",), ("tender", "items"), ("tender", "documents"), ("tender", "lots"), ("planning", "documents"))
DATES = ("date", "startDate", "endDate", "dateSigned", "datePublished")


def quality(release: dict[str, Any]) -> list[Note]:
    """Notes on the release."""
    notes = [*_duplicates(release)]
    awards = release.get("awards") or ()
    contracts = release.get("contracts") or ()
    known = {award.get("id") for award in awards}
    for index, contract in enumerate(contracts):
        if contract.get("awardID") and awards and contract["awardID"] not in known:
            notes.append(_note("award_not_found", f"/contracts/{index}/awardID", contract["awardID"]))
    tender = release.get("tender") or {}
    _value(tender.get("value"), "/tender/value", notes)
    _period(tender.get("tenderPeriod"), "/tender/tenderPeriod", notes)
    _period(tender.get("contractPeriod"), "/tender/contractPeriod", notes)
    for index, award in enumerate(awards):
        _value(award.get("value"), f"/awards/{index}/value", notes)
        _date(award.get("date"), f"/awards/{index}/date", notes)
    for index, contract in enumerate(contracts):
        _value(contract.get("value"), f"/contracts/{index}/value", notes)
        _date(contract.get("dateSigned"), f"/contracts/{index}/dateSigned", notes)
        _period(contract.get("period"), f"/contracts/{index}/period", notes)
    return notes


def _duplicates(release: dict[str, Any]) -> Iterator[Note]:
    for path in ARRAYS:
        holder: Any = release
        for part in path:
            holder = holder.get(part) if isinstance(holder, dict) else None
        if not isinstance(holder, list) or len(holder) < 2:
            continue
        ids = [one.get("id") for one in holder if isinstance(one, dict) and one.get("id") is not None]
        if len(set(map(str, ids))) != len(ids):
            twice = sorted({str(one) for one in ids if ids.count(one) > 1})
            yield _note("duplicate_id", "/" + "/".join(path), ", ".join(twice[:5]))


def _value(value: Any, path: str, notes: list[Note]) -> None:
    if not isinstance(value, dict) or value.get("amount") is None:
        return
    amount = value["amount"]
    if amount in (0, 1) or (amount >= 99_999_999 and set(str(int(amount))) == {"9"}):
        notes.append(_note("placeholder_amount", f"{path}/amount", amount))
    if not value.get("currency"):
        notes.append(_note("currency_missing", path, amount))


def _period(period: Any, path: str, notes: list[Note]) -> None:
    if isinstance(period, dict):
        _date(period.get("startDate"), f"{path}/startDate", notes)
        _date(period.get("endDate"), f"{path}/endDate", notes)


def _date(text: Any, path: str, notes: list[Note]) -> None:
    if isinstance(text, str) and instant(text) is None:
        notes.append(_note("unreadable_date", path, text))


def _note(code: str, path: str, value: Any) -> Note:
    return Note(code=code, path=path, message=f"{NOTES[code]}: {str(value)[:80]}")
