"""Keys for browsers: for searches only, they expire, and may have filters that their holder can't remove."""

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
    """A key for these collections. InvalidError for filters on several of them, or on other fields than filters."""
    if filters and len(stores) != 1:
        raise InvalidError("filters need a collection: their fields differ")
    narrowed = filter_by(stores[0].spec, filters) if filters else ""
    for store in stores:
        store.about()
    body: Any = {
        "description": "tenderlake: search",
        "actions": ["documents:search"],
        "collections": [store.alias for store in stores],
        "expires_at": int(expires_at.timestamp()),
    }
    key: str | bytes = client.ask(lambda api: api.keys.create(body))["value"]
    if narrowed:
        embedded: Any = {"filter_by": narrowed, "expires_at": body["expires_at"]}
        key = client.api.keys.generate_scoped_search_key(str(key), embedded)
    return SearchKey(
        key=key.decode() if isinstance(key, bytes) else key,
        url=client.url,
        expires_at=expires_at,
        collections={store.spec.name: store.alias for store in stores},
        query_by={store.spec.name: ",".join(query_by(store.spec)) for store in stores},
    )
