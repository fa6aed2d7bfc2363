"""Synonyms on the server: in 29 a list per collection, in 30 a named set that searches ask for."""

import time
from collections.abc import Sequence
from typing import Any

from domain.search.queries import Synonym
from infrastructure.search.common.text_analysis import words
from infrastructure.search.common.typing_errors import plurals
from infrastructure.search.typesense.http_client import AbsentError, Client
from infrastructure.search.typesense.schema import decode_id, encode_id

COPY = "x"  # first letter of the ids of further roots
FIRST_WITH_SETS = 30  # version
FRESHNESS_SECONDS = 2.0  # of what is remembered of the set: other processes change it, too
Json = dict[str, Any]


class Synonyms:
    """The synonyms of all our collections."""

    def __init__(self, client: Client, prefix: str) -> None:
        self._ask = client.ask
        self._name = f"{prefix}synonyms"
        self._has_sets: bool | None = None
        self._in_use: tuple[float, bool] = (-FRESHNESS_SECONDS, False)  # when that was looked up

    @property
    def version(self) -> str:
        """The server's version."""
        return str(self._ask(lambda api: api.debug.retrieve())["version"])

    def parameters(self) -> Json:
        """What searches ask for: a set where the server has sets, and this one exists."""
        if self._in_sets() and self._in_use[0] + FRESHNESS_SECONDS <= time.monotonic():
            self._in_use = (time.monotonic(), bool(self.get("")))
        return {"synonym_sets": self._name} if self._in_use[1] else {}

    def set(self, synonyms: Sequence[Synonym], collections: Sequence[str]) -> None:
        """Replace all synonyms."""
        items: Any = [item for one in synonyms for item in _items(one)]
        if self._in_sets():
            self._ask(lambda api: api.synonym_sets[self._name].upsert({"items": items}))
            self._in_use = (time.monotonic(), bool(items))
            return
        for name in collections:
            self._replace(name, {item["id"]: item for item in items})

    def copy(self, source: str, target: str) -> None:
        """Give a new collection the synonyms of another."""
        if not self._in_sets():
            self._replace(target, {item["id"]: item for item in self._items(source)})

    def get(self, collection: str) -> list[Synonym]:
        """All synonyms, by their ids."""
        return sorted(
            (_synonym(item) for item in self._items(collection) if not item["id"].startswith(COPY)),
            key=lambda one: one.id,
        )

    def _in_sets(self) -> bool:
        if self._has_sets is None:
            self._has_sets = int(self.version.removeprefix("v").split(".")[0]) >= FIRST_WITH_SETS
        return self._has_sets

    def _items(self, collection: str) -> list[Json]:
        found: Any
        try:
            if self._in_sets():
                found = self._ask(lambda api: api.synonym_sets[self._name].retrieve())["items"]
            else:
                found = self._ask(lambda api: api.collections[collection].synonyms.retrieve())["synonyms"]
        except AbsentError:
            return []
        return list(found)

    def _replace(self, collection: str, wanted: dict[str, Any]) -> None:
        for gone in {one["id"] for one in self._items(collection)} - wanted.keys():
            self._ask(lambda api, key=gone: api.collections[collection].synonyms[key].delete())  # type: ignore[misc]
        for key, item in wanted.items():
            body = {name: value for name, value in item.items() if name != "id"}
            self._ask(lambda api, key=key, body=body: api.collections[collection].synonyms.upsert(key, body))  # type: ignore[misc]


def _items(synonym: Synonym) -> list[Json]:
    """The synonym as the server's, with singular and plural of each word; the id tells how many words are ours."""
    others = [form for word in synonym.words for form in _forms(word)]
    item = {
        "id": f"{len(synonym.words)}-{encode_id(synonym.id)}",
        "synonyms": list(dict.fromkeys([*synonym.words, *others])),
    }
    if synonym.root is None:
        return [item]
    roots = [item | {"root": root, "id": f"{COPY}{i}-{item['id']}"} for i, root in enumerate(_forms(synonym.root))]
    return [item | {"root": synonym.root}, *roots[1:]]


def _forms(term: str) -> list[str]:
    """A term as typed, as words are indexed (the server itself only folds ASCII letters), and with its last word in the
    other number."""
    *first, last = words(term) or [""]
    folded, *others = (" ".join([*first, form]) for form in (last, *plurals(last)))
    return [term, *([] if term.isascii() and folded == term.lower() else [folded]), *others]


def _synonym(item: Json) -> Synonym:
    count, key = item["id"].split("-", 1)
    return Synonym(id=decode_id(key), words=tuple(item["synonyms"][: int(count)]), root=item.get("root") or None)
