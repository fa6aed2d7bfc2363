"""Dates of a release that the star reads: notes on non-RFC 3339 dates; resolves ambiguous day-month orders."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from domain.raw_records.note_codes import note
from domain.raw_records.record import Note
from domain.shared.dates import NO_ZONE, DateOrder, instant, possible_days, proven_order
from domain.shared.json_pointer import pointer

Path = tuple[str | int, ...]
Spot = tuple[Path, dict[str, Any], str]  # path of the date, the object that holds it, its key
SHOWN_PATHS_MAX = 3


def decide_dates(release: dict[str, Any], notes: list[Note], of_file: DateOrder | None) -> DateOrder | None:
    """Rewrite ambiguous dates as ISO 8601 if other dates of the release, or of the file, prove one order.

    Returns that order, or None.
    """
    spots = [((), release, "date"), *_spots(release)]
    texts = [text for _, holder, key in spots if isinstance(text := holder.get(key), str)]
    proofs = {order: text for text in reversed(texts) if (order := proven_order(text))}
    if len(proofs) > 1 or not (proofs or of_file):
        return None
    order, proof = next(
        ((order, f"{text[:80]!r} has") for order, text in proofs.items()), (of_file, "other dates of the file have")
    )
    for path, holder, key in spots[1:]:
        text = holder.get(key)
        if isinstance(text, str) and possible_days(text) and (found := instant(text, order)):
            moment = found[0].replace(tzinfo=None)
            holder[key] = moment.isoformat() if ":" in text else moment.date().isoformat()
            notes.append(note("date_order", pointer(path), f"{text[:80]!r} is {holder[key]}, for {proof} the {order}"))
    return order


def doubtful_dates(release: dict[str, Any]) -> Iterator[Note]:
    """Notes on each unreadable or ambiguous date, and one note per assumption, for all dates that share it."""
    assumed: dict[str, list[str]] = defaultdict(list)
    for path, holder, key in _spots(release):
        text = holder.get(key)
        if text is None:
            continue
        read = instant(text)
        if read is None:
            yield (
                note("ambiguous_date", pointer(path), two_readings(text))
                if possible_days(text)
                else note("unreadable_date", pointer(path), repr(text)[:200])
            )
        elif read[1]:
            assumed[read[1]].append(pointer(path))
    for what, paths in assumed.items():
        more = f" and {len(paths) - SHOWN_PATHS_MAX} more" if len(paths) > SHOWN_PATHS_MAX else ""
        code = "date_without_zone" if what == NO_ZONE else "date_format"
        where = ", ".join(path[1:] for path in paths[:SHOWN_PATHS_MAX]) + more
        yield note(code, paths[0], where if what == NO_ZONE else f"{what}: {where}")


def two_readings(text: str) -> str:
    """Message with the two days that an ambiguous date can mean."""
    days = possible_days(text)
    return f"{text[:80]!r} is {days[0].isoformat()} or {days[1].isoformat()}" if days else repr(text[:80])


def _spots(release: dict[str, Any]) -> Iterator[Spot]:
    """Every date that the star reads, except the release's own."""
    tender, planning = release.get("tender") or {}, release.get("planning") or {}
    for name in ("tenderPeriod", "awardPeriod", "contractPeriod"):
        yield from _period(tender.get(name), ("tender", name))
    yield from _documents(planning, ("planning",))
    yield from _documents(tender, ("tender",))
    yield from _amendments(tender, ("tender",))
    for index, bid in enumerate((release.get("bids") or {}).get("details") or ()):
        yield ("bids", "details", index, "date"), bid, "date"
    for name, date, period in (("awards", "date", "contractPeriod"), ("contracts", "dateSigned", "period")):
        for index, one in enumerate(release.get(name) or ()):
            yield (name, index, date), one, date
            yield from _period(one.get(period), (name, index, period))
            yield from _documents(one, (name, index))
            yield from _amendments(one, (name, index))
            for number, payment in enumerate((one.get("implementation") or {}).get("transactions") or ()):
                yield (name, index, "implementation", "transactions", number, "date"), payment, "date"


def _amendments(holder: dict[str, Any], path: Path) -> Iterator[Spot]:
    for index, amendment in enumerate(holder.get("amendments") or ()):
        yield (*path, "amendments", index, "date"), amendment, "date"
    if amendment := holder.get("amendment"):
        yield (*path, "amendment", "date"), amendment, "date"


def _period(period: Any, path: Path) -> Iterator[Spot]:
    if period:
        yield (*path, "startDate"), period, "startDate"
        yield (*path, "endDate"), period, "endDate"


def _documents(holder: dict[str, Any], path: Path) -> Iterator[Spot]:
    for index, document in enumerate(holder.get("documents") or ()):
        yield (*path, "documents", index, "datePublished"), document, "datePublished"
