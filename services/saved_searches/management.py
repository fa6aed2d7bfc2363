"""Saved searches: adding, changing and removing one's own."""

import hmac
import secrets
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from domain.saved_searches.saved_search import Match, SavedSearch
from domain.search.queries import SearchQuery
from domain.shared.errors import ConflictError, NotFoundError
from domain.webhooks.addresses import check_webhook_url
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork, Warehouse, WriteUnitOfWork
from services.shared.clock import now
from services.webhooks.management import new_secret

MAX_SAVED_SEARCHES = 200  # searches a user may save: each is asked at every run of the index stage
FEED_ENTRIES = 100  # entries of a feed


class SavedSearchInput(BaseModel):
    """What a saved search shall be; `secret` None keeps the present one, or makes one."""

    name: str
    parameters: dict[str, Any]
    query: SearchQuery
    url: str | None = None
    secret: str | None = None
    feed: bool = True


def list_searches(parts: Parts, owner: str) -> Sequence[SavedSearch]:
    """A user's searches, oldest first."""
    with parts.warehouse.read() as work:
        found = work.saved_searches.of_owner(owner)
    return [_opened(parts, one) for one in found]


def get_search(parts: Parts, owner: str, search_id: str) -> SavedSearch:
    """One's own search. NotFoundError where one has none of that id."""
    with parts.warehouse.read() as work:
        return _opened(parts, _own(work, owner, search_id))


def add_search(parts: Parts, owner: str, wish: SavedSearchInput, *, private: bool) -> SavedSearch:
    """Save a search. InvalidError for an address that can't be called, ConflictError where one has too many."""
    if wish.url is not None:
        check_webhook_url(wish.url, private=private)
    moment = now()
    about = {"id": secrets.token_hex(8), "owner": owner, "created_at": moment, "changed_at": moment}
    made = SavedSearch(**about, **_fields(parts, wish, None))
    with parts.warehouse.write() as work:
        if len(work.saved_searches.of_owner(owner)) >= MAX_SAVED_SEARCHES:
            raise ConflictError(f"{MAX_SAVED_SEARCHES} searches are saved already; remove one first")
        work.saved_searches.put(made)
        work.commit()
    return _opened(parts, made)


def change_search(parts: Parts, owner: str, search_id: str, wish: SavedSearchInput, *, private: bool) -> SavedSearch:
    """Change one's own search; another query is told of what matches it from now on. Errors as for `add_search` and `get_search`."""
    if wish.url is not None:
        check_webhook_url(wish.url, private=private)
    with parts.warehouse.write() as work:
        present = _own(work, owner, search_id)
        fields = _fields(parts, wish, present) | ({"changed_at": now()} if wish.query != present.query else {})
        changed = present.model_copy(update=fields)
        work.saved_searches.put(changed)
        work.commit()
    return _opened(parts, changed)


def remove_search(warehouse: Warehouse, owner: str, search_id: str) -> None:
    """Remove one's own search, and what it found. NotFoundError where one has none of that id."""
    with warehouse.write() as work:
        _own(work, owner, search_id)
        delete_saved_search(work, search_id)
        work.commit()


def delete_saved_search(work: WriteUnitOfWork, search_id: str) -> None:
    """Remove a search, what it found, and the word of it that still waits to be sent."""
    work.saved_searches.remove(search_id)
    work.deliveries.cancel_for_ref(search_id)


def list_matches(warehouse: Warehouse, search_id: str, limit: int = FEED_ENTRIES) -> Sequence[Match]:
    """What a search was told of last, newest first."""
    with warehouse.read() as work:
        found = work.saved_searches.matches(search_id, limit)
    return found


def count_matches(warehouse: Warehouse, search_id: str) -> int:
    """How many documents a search was told of."""
    with warehouse.read() as work:
        return int(work.saved_searches.count(search_id))


def find_by_feed_token(parts: Parts, search_id: str, token: str) -> SavedSearch:
    """The search whose feed this token opens. NotFoundError where it opens none: nothing is said about which of both is wrong."""
    with parts.warehouse.read() as work:
        found = work.saved_searches.get(search_id)
    search = _opened(parts, found) if found else None
    if search is None or search.token is None or not hmac.compare_digest(search.token.encode(), token.encode()):
        raise NotFoundError("there is no such feed, or the token is not that of it")
    return search


def _own(work: ReadUnitOfWork, owner: str, search_id: str) -> SavedSearch:
    search = work.saved_searches.get(search_id)
    if search is None or search.owner != owner:
        raise NotFoundError(f"you have no saved search {search_id}")
    return search


def _fields(parts: Parts, wish: SavedSearchInput, present: SavedSearch | None) -> dict[str, Any]:
    secret, token = (present.secret, present.token) if present else (None, None)
    if wish.url and (wish.secret or not secret):
        secret = parts.seals.encrypt(wish.secret or new_secret())
    if wish.feed and not token:
        token = parts.seals.encrypt(secrets.token_urlsafe(24))
    kept = {"name": wish.name, "parameters": wish.parameters, "query": wish.query, "url": wish.url}
    return kept | {"secret": secret if wish.url else None, "token": token if wish.feed else None}


def _opened(parts: Parts, search: SavedSearch) -> SavedSearch:
    """The search as its owner sees it. DamagedError where another key sealed it; it can be removed all the same."""
    sealed = {name: value for name in ("secret", "token") if (value := getattr(search, name)) is not None}
    return search.model_copy(update={name: parts.seals.decrypt(value) for name, value in sealed.items()})
