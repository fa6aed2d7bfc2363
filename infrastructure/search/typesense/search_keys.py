"""Keys for browsers: they search and do nothing else, end by themselves, and may be narrowed by filters that can't be
taken off.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from domain.search.queries import Filter, SearchKey
from domain.shared.errors import InvalidError
from infrastructure.search.typesense.collection_store import CollectionStore
from infrastructure.search.typesense.filters_and_facets import filter_by
from infrastructure.search.typesense.http_client import Client
from infrastructure.search.typesense.schema import query_by


def make_key(
    client: Client, stores: Sequence[CollectionStore], filters: Sequence[Filter], expires_at: datetime
) -> SearchKey:
    """A key for these collections.

    InvalidError for filters on several collections, and on fields that can't be filtered by.
    """
    if filters and len(stores) != 1:
        raise InvalidError("filters need a collection: their fields differ")
    narrowed = filter_by(stores[0].spec, filters) if filters else ""
    for store in stores:
        store.about()
    body: Any = {
        "description": "tenderlake: search",
        "actions": ["documents:search"],
        "collections": [store.alias for store in stores],
    }
    body["expires_at"] = int(expires_at.timestamp())
    made = str(client.ask(lambda api: api.keys.create(body))["value"])
    return SearchKey(
        key=_scoped(client, made, narrowed, expires_at) if narrowed else made,
        url=client.url,
        expires_at=expires_at,
        collections={store.spec.name: store.alias for store in stores},
        query_by={store.spec.name: ",".join(query_by(store.spec)) for store in stores},
    )


def _scoped(client: Client, key: str, narrowed: str, expires_at: datetime) -> str:
    """A key made of another one, with parameters that hold whatever its holder asks."""
    made: str | bytes = client.api.keys.generate_scoped_search_key(
        key, {"filter_by": narrowed, "expires_at": int(expires_at.timestamp())}
    )
    return made.decode() if isinstance(made, bytes) else made
