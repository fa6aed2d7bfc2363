"""Keys for browsers: they search and do nothing else, end by themselves, and may be narrowed by filters that can't be taken off."""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from datetime import datetime

import orjson

from domain.errors import InvalidError
from domain.search import Filter, SearchKey
from infrastructure.search.typesense.client import Client
from infrastructure.search.typesense.conditions import filter_by
from infrastructure.search.typesense.schema import DOCUMENT, word_fields
from infrastructure.search.typesense.store import Store

SHOWN = 4  # characters of the key behind it that a scoped key shows


def make_key(client: Client, stores: Sequence[Store], filters: Sequence[Filter], expires_at: datetime) -> SearchKey:
    """A key for these collections. InvalidError for filters on several collections, and on fields that can't be filtered by."""
    if filters and len(stores) != 1:
        raise InvalidError("filters need a collection: their fields differ")
    narrowed = filter_by(stores[0].spec, filters) if filters else ""
    for store in stores:
        store.ready()
    body = {"description": "tenderlake: search", "actions": ["documents:search"], "collections": [store.alias for store in stores]}
    made = str(client.ask("POST", "/keys", body=body | {"expires_at": int(expires_at.timestamp())})["value"])
    return SearchKey(
        key=_scoped(made, narrowed, expires_at) if narrowed else made,
        url=client.url,
        expires_at=expires_at,
        collections={store.spec.name: store.alias for store in stores},
        query_by={store.spec.name: ",".join(word_fields(store.spec)) for store in stores},
    )


def _scoped(key: str, narrowed: str, expires_at: datetime) -> str:
    """A key made of another one, with parameters that hold whatever its holder asks."""
    embedded = orjson.dumps({"filter_by": narrowed, "exclude_fields": DOCUMENT, "expires_at": int(expires_at.timestamp())})
    digest = base64.b64encode(hmac.new(key.encode(), embedded, hashlib.sha256).digest())
    return base64.b64encode(digest + key[:SHOWN].encode() + embedded).decode()
