"""Saved searches of a user: add, change, remove, and read their matches."""

import hmac
import secrets
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from domain.saved_searches.saved_search import Match, SavedSearch
from domain.search.queries import SearchQuery
from domain.shared.errors import ConflictError, NotFoundError
from domain.webhooks.addresses import check_webhook_url
from services.ports.secrets import SecretCipher
from services.ports.warehouse import ReadUnitOfWork, Warehouse, WriteUnitOfWork
from services.shared.clock import now
from services.webhooks.management import new_secret

MAX_SAVED_SEARCHES = 200  # per user; each is queried in every run of the index stage
FEED_ENTRIES = 100  # newest matches in a feed


class SavedSearchInput(BaseModel):
    """The fields of a saved search as given; `secret` None keeps the current secret, or makes one."""

    name: str
    parameters: dict[str, Any]
    query: SearchQuery
    url: str | None = None
    secret: str | None = None
    feed: bool = True


def list_searches(warehouse: Warehouse, seals: SecretCipher, owner: str) -> Sequence[SavedSearch]:
    """A user's searches, oldest first."""
    with warehouse.read() as work:
        found = work.saved_searches.of_owner(owner)
    return [_opened(seals, one) for one in found]


def get_search(warehouse: Warehouse, seals: SecretCipher, owner: str, search_id: str) -> SavedSearch:
    """A user's saved search. NotFoundError if the user has none of that id."""
    with warehouse.read() as work:
        return _opened(seals, _own(work, owner, search_id))


def add_search(
    warehouse: Warehouse, seals: SecretCipher, owner: str, given: SavedSearchInput, *, private: bool
) -> SavedSearch:
    """Save a search. InvalidError for a URL that may not be called, ConflictError above MAX_SAVED_SEARCHES.

    `private` allows URLs of private networks.
    """
    if given.url is not None:
        check_webhook_url(given.url, private=private)
    moment = now()
    about = {"id": secrets.token_hex(8), "owner": owner, "created_at": moment, "changed_at": moment}
    made = SavedSearch(**about, **_fields(seals, given, None))
    with warehouse.write() as work:
        if len(work.saved_searches.of_owner(owner)) >= MAX_SAVED_SEARCHES:
            raise ConflictError(f"you have {MAX_SAVED_SEARCHES} saved searches, which is the limit; remove one first")
        work.saved_searches.put(made)
        work.commit()
    return _opened(seals, made)


def change_search(
    warehouse: Warehouse, seals: SecretCipher, owner: str, search_id: str, given: SavedSearchInput, *, private: bool
) -> SavedSearch:
    """Change a user's search; a changed query alerts to new matches from now on. Errors as of `add_search` and
    `get_search`.
    """
    if given.url is not None:
        check_webhook_url(given.url, private=private)
    with warehouse.write() as work:
        present = _own(work, owner, search_id)
        fields = _fields(seals, given, present) | ({"changed_at": now()} if given.query != present.query else {})
        changed = present.model_copy(update=fields)
        work.saved_searches.put(changed)
        work.commit()
    return _opened(seals, changed)


def remove_search(warehouse: Warehouse, owner: str, search_id: str) -> None:
    """Remove a user's search and its matches. NotFoundError if the user has none of that id."""
    with warehouse.write() as work:
        _own(work, owner, search_id)
        delete_saved_search(work, search_id)
        work.commit()


def delete_saved_search(work: WriteUnitOfWork, search_id: str) -> None:
    """Remove a search and its matches, and cancel its pending deliveries."""
    work.saved_searches.remove(search_id)
    work.deliveries.cancel_for_ref(search_id)


def list_matches(warehouse: Warehouse, search_id: str, limit: int = FEED_ENTRIES) -> Sequence[Match]:
    """The matches of a search, newest first."""
    with warehouse.read() as work:
        return work.saved_searches.matches(search_id, limit)


def count_matches(warehouse: Warehouse, search_id: str) -> int:
    """The number of matches of a search."""
    with warehouse.read() as work:
        return int(work.saved_searches.count(search_id))


def find_by_feed_token(warehouse: Warehouse, seals: SecretCipher, search_id: str, token: str) -> SavedSearch:
    """The search with this id and feed token. NotFoundError otherwise; it does not tell which of the two is wrong."""
    with warehouse.read() as work:
        found = work.saved_searches.get(search_id)
    search = _opened(seals, found) if found else None
    if search is None or search.token is None or not hmac.compare_digest(search.token.encode(), token.encode()):
        raise NotFoundError("no feed has this id and token")
    return search


def _own(work: ReadUnitOfWork, owner: str, search_id: str) -> SavedSearch:
    search = work.saved_searches.get(search_id)
    if search is None or search.owner != owner:
        raise NotFoundError(f"you have no saved search {search_id}")
    return search


def _fields(seals: SecretCipher, given: SavedSearchInput, present: SavedSearch | None) -> dict[str, Any]:
    secret, token = (present.secret, present.token) if present else (None, None)
    if given.url and (given.secret or not secret):
        secret = seals.encrypt(given.secret or new_secret())
    if given.feed and not token:
        token = seals.encrypt(secrets.token_urlsafe(24))
    kept = {"name": given.name, "parameters": given.parameters, "query": given.query, "url": given.url}
    return kept | {"secret": secret if given.url else None, "token": token if given.feed else None}


def _opened(seals: SecretCipher, search: SavedSearch) -> SavedSearch:
    """The search with its secrets decrypted. DamagedError if another key encrypted them; it can still be removed."""
    sealed = {name: value for name in ("secret", "token") if (value := getattr(search, name)) is not None}
    return search.model_copy(update={name: seals.decrypt(value) for name, value in sealed.items()})
