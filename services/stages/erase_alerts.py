"""Alerts after a purge: what saved searches were told of, and the messages about it, follow what search holds now.

A match of a document that is gone leaves, also where the document was only deleted: it leads nowhere. Titles are those of today.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from domain.search import Collection
from services.alerts import titles
from services.ports import Parts

PAGE = 1_000  # matches or messages that are looked at in one go


def follow_alerts(parts: Parts) -> None:
    """Bring matches, then messages, in line with search, which is past the purge. Safe to be done again."""
    with parts.warehouse.read() as work:
        searches: list[tuple[str, Collection]] = [(one.id, one.query.collection) for one in work.saved.all()]
    for search_id, collection in searches:
        _follow_matches(parts, search_id, collection)
    _follow_messages(parts)


def _follow_matches(parts: Parts, search_id: str, collection: Collection) -> None:
    last = ""
    while True:
        with parts.warehouse.read() as work:
            told: dict[str, str] = work.erasure.matches(search_id, last, PAGE)
        if not told:
            return
        last = max(told)
        now = _titles(parts, collection, told)
        changed = {key: now[key] for key, title in told.items() if now[key] != title}
        if changed:
            with parts.warehouse.write() as work:
                work.erasure.follow_matches(search_id, changed)
                work.commit()


def _follow_messages(parts: Parts) -> None:
    last = 0
    while True:
        with parts.warehouse.read() as work:
            page: Sequence[tuple[int, dict[str, Any]]] = work.erasure.alerts(last, PAGE)
        if not page:
            return
        last = page[-1][0]
        changed = {key: payload for key, old in page if (payload := _message(parts, old)) != old}
        if changed:
            with parts.warehouse.write() as work:
                for key, payload in changed.items():
                    work.erasure.follow_alert(key, payload)
                work.commit()


def _message(parts: Parts, payload: dict[str, Any]) -> dict[str, Any]:
    now = _titles(parts, Collection(payload["search"]["collection"]), [one["id"] for one in payload["documents"]])
    return payload | {"documents": [one | {"title": now[one["id"]]} for one in payload["documents"] if now[one["id"]] is not None]}


def _titles(parts: Parts, collection: Collection, ids: Iterable[str]) -> dict[str, str | None]:
    keys = list(ids)
    return dict.fromkeys(keys) | titles(parts.search, collection, keys)
