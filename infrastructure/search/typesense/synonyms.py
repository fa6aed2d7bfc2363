"""Synonyms on the server: a list a collection in 29, one named set that searches ask for in 30."""

import time
from collections.abc import Sequence
from typing import Any

from domain.search.queries import Synonym
from infrastructure.search.common.text_analysis import words
from infrastructure.search.common.typing_errors import plurals
from infrastructure.search.typesense.http_client import IMPATIENT, AbsentError, Client
from infrastructure.search.typesense.schema import decode_id, encode_id

COPY = "x"  # begins the ids of what is told twice
SETS = 30  # the version from which there are sets
FRESHNESS = 2.0  # seconds that it is remembered whether there are any: other processes change them too
Json = dict[str, Any]


class Synonyms:
    """The synonyms of all our collections."""

    def __init__(self, client: Client, prefix: str) -> None:
        self._client = client
        self._name = f"{prefix}synonyms"
        self._version: int | None = None
        self._known: tuple[float, bool] | None = None  # when it was seen whether there are any

    @property
    def version(self) -> str:
        """The server's version."""
        return str(self._client.ask(lambda api: api.debug.retrieve(), patience=IMPATIENT)["version"])

    def in_sets(self) -> bool:
        """Whether the server keeps synonyms in sets."""
        if self._version is None:
            self._version = int(self.version.removeprefix("v").split(".")[0])
        return self._version >= SETS

    def name(self) -> str | None:
        """The set that searches have to ask for; None where there is none, or where the server finds them itself."""
        if not self.in_sets():
            return None
        known = self._known
        if known is None or known[0] + FRESHNESS <= time.monotonic():
            known = self._known = (time.monotonic(), bool(self.get([])))
        return self._name if known[1] else None

    def set(self, synonyms: Sequence[Synonym], collections: Sequence[str]) -> None:
        """Have exactly these."""
        if self.in_sets():
            items: Any = _items(synonyms)
            self._client.ask(lambda api: api.synonym_sets[self._name].upsert({"items": items}))
            self._known = (time.monotonic(), bool(synonyms))
            return
        wanted: dict[str, Any] = {item.pop("id"): item for item in _items(synonyms)}
        for collection in collections:
            for gone in {one["id"] for one in self._of(collection)} - wanted.keys():
                self._client.ask(lambda api, on=collection, key=gone: api.collections[on].synonyms[key].delete())  # type: ignore[misc]
            for key, item in wanted.items():
                self._client.ask(
                    lambda api, on=collection, key=key, item=item: (  # type: ignore[misc]
                        api.collections[on].synonyms.upsert(key, item)
                    )
                )

    def get(self, collections: Sequence[str]) -> list[Synonym]:
        """Those that there are, by their ids."""
        try:
            items = (
                self._of_set()
                if self.in_sets()
                else [item for collection in collections[:1] for item in self._of(collection)]
            )
        except AbsentError:
            return []
        return sorted((_synonym(item) for item in items if not item["id"].startswith(COPY)), key=lambda one: one.id)

    def _of_set(self) -> list[Json]:
        found: Any = self._client.ask(lambda api: api.synonym_sets[self._name].retrieve(), patience=IMPATIENT)["items"]
        return list(found)

    def _of(self, collection: str) -> list[Json]:
        found: Any = self._client.ask(lambda api: api.collections[collection].synonyms.retrieve(), patience=IMPATIENT)[
            "synonyms"
        ]
        return list(found)


def _items(synonyms: Sequence[Synonym]) -> list[Json]:
    """As the server is told: each word in both numbers, which it would not see as one; the id says how many of them are
    ours.
    """
    made = []
    for one in synonyms:
        terms = [form for word in one.words for form in _forms(word)]
        told = list(dict.fromkeys([*one.words, *terms]))
        base = f"{len(one.words)}-{encode_id(one.id)}"
        if one.root is None:
            made.append({"id": base, "synonyms": told})
        else:
            made += [
                {"id": base if i == 0 else f"{COPY}{i}-{base}", "root": root, "synonyms": told}
                for i, root in enumerate(_forms(one.root))
            ]
    return made


def _forms(term: str) -> list[str]:
    """A term, the same as words are indexed (the server folds ASCII alone as we do), and with its last word in the
    other number.
    """
    *first, last = words(term) or [""]
    folded = [] if term.isascii() else [" ".join([*first, last])]
    return [term, *folded, *(" ".join([*first, other]) for other in plurals(last))]


def _synonym(item: Json) -> Synonym:
    count, key = item["id"].split("-", 1)
    return Synonym(id=decode_id(key), words=tuple(item["synonyms"][: int(count)]), root=item.get("root") or None)
