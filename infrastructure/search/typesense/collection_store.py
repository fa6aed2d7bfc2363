"""One collection: an alias for searches, and a collection named after its schema, to whose own name all writes go.

A write through an alias is queued for the collection that the alias had, and can be lost with it in a restart.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice, tee
from typing import Any, TypeVar

from domain.search.queries import CollectionSpec, SearchDocument
from domain.shared.errors import ConflictError
from infrastructure.search.common.identifiers import ID
from infrastructure.search.typesense.filters_and_facets import by_ids
from infrastructure.search.typesense.http_client import (
    BATCH_DOCUMENTS,
    WHOLE_SECONDS,
    AbsentError,
    Client,
    batched,
    refusal,
)
from infrastructure.search.typesense.schema import (
    TEXT_HASH,
    Json,
    collection_schema,
    decode_id,
    document_fields,
    encode_id,
    schema_hash,
    to_document,
    to_typesense,
)

PAGE = 250  # the server's limit of hits in an answer
URL_IDS, URL_IDS_CHARACTERS = 1_000, 2_500  # of one delete; the server takes URLs of 4,000 characters
ABANDONED_NANOSECONDS = 24 * 3600 * 10**9
FRESHNESS_SECONDS = 5.0  # of what is remembered of the collection: other processes change it, too
T = TypeVar("T")


class CollectionStore:
    """Documents of one collection."""

    def __init__(self, client: Client, spec: CollectionSpec, prefix: str) -> None:
        self.client = client
        self.spec = spec
        self.alias = prefix + spec.name
        self._base = f"{self.alias}-{schema_hash(spec)}-"
        self._known: tuple[float, Json] = (0.0, {})
        collection_schema(spec, self._base)  # refuses a wrong spec at once

    def about(self, *, fresh: bool = True) -> Json:
        """The server's description of the collection; an empty one is created where there is none of our schema."""
        if fresh or self._known[0] < time.monotonic():
            found = self._described()
            if found is None or not found["name"].startswith(self._base):
                found = self._begin()
            self._known = (time.monotonic() + FRESHNESS_SECONDS, found)
        return self._known[1]

    def name(self, *, fresh: bool = True) -> str:
        """The collection's own name."""
        return str(self.about(fresh=fresh)["name"])

    def existing(self, call: Callable[[], T]) -> T:
        """What the call returns; repeated if the collection was deleted meanwhile."""
        try:
            return call()
        except AbsentError:
            self.about()
            return call()

    def write(self, documents: Iterable[SearchDocument], deleted: Sequence[str], into: str | None = None) -> list[str]:
        """Put and delete, in the active collection or in another; returns the ids put.

        Documents are consumed while the server takes those before.
        """
        tries = iter(tee(documents))  # `existing` may need them twice
        return self.existing(lambda: self._write(into or self.name(), next(tries), deleted))

    def ids(self) -> Iterator[str]:
        """The key of every document."""
        return (decode_id(line[ID]) for line in self.client.export(self.name(), ID))

    def scan(self) -> Iterator[SearchDocument]:
        """Every document, as it was written."""
        return (to_document(self.spec, line) for line in self.client.export(self.name(), document_fields(self.spec)))

    def read(self, collection: str, keys: Sequence[str], fields: str) -> dict[str, Json]:
        """These fields of the documents that exist."""
        base = {"collection": collection, "q": "*", "per_page": PAGE, "include_fields": f"{ID},{fields}"}
        parts = (keys[start : start + PAGE] for start in range(0, len(keys), PAGE))
        answers = self.client.search([base | {"filter_by": by_ids(part)} for part in parts])
        return {decode_id(hit["document"][ID]): hit["document"] for answer in answers for hit in answer["hits"]}

    def create(self, mark: str | None = None, **more: Any) -> str:
        """An empty collection of our schema, with more fields or metadata, unless it exists; its name."""
        name = f"{self._base}{mark or time.time_ns()}"
        schema: Any = collection_schema(self.spec, name)
        schema["fields"] += more.pop("fields", [])
        with suppress(ConflictError):
            self.client.ask(lambda api: api.collections.create(schema | more), seconds=WHOLE_SECONDS)
        return name

    def activate(self, name: str) -> None:
        """Point the alias to this collection, at once, and drop the one before."""
        old = self._described()
        self.client.ask(lambda api: api.aliases.upsert(self.alias, {"collection_name": name}))
        self._known = (0.0, {})
        if old is not None and old["name"] != name:
            self.drop(old["name"])

    def is_active(self, name: str) -> bool:
        """Whether the alias points to this collection."""
        return (self._described() or {}).get("name") == name

    def drop(self, name: str) -> None:
        """Delete a collection, if it exists."""
        with suppress(AbsentError):
            self.client.ask(lambda api: api.collections[name].delete(), seconds=WHOLE_SECONDS)

    def clean(self) -> None:
        """Drop what killed rebuilds left behind more than a day ago."""
        before = time.time_ns() - ABANDONED_NANOSECONDS
        for name in self._collections():
            mark = name.rpartition("-")[2]
            if mark.isdigit() and 0 < int(mark) < before and not self.is_active(name):
                self.drop(name)

    def _described(self) -> Json | None:
        try:
            return dict(self.client.ask(lambda api: api.collections[self.alias].retrieve()))
        except AbsentError:
            return None

    def _begin(self) -> Json:
        """A first collection of our schema; those of other schemas are dropped."""
        name = self.create("0")
        self.activate(name)
        for other in self._collections():
            if not other.startswith(self._base):
                self.drop(other)
        return self._described() or {"name": name}

    def _collections(self) -> list[str]:
        found: Any = self.client.ask(lambda api: api.collections.retrieve())
        return [one["name"] for one in found if one["name"].startswith(f"{self.alias}-")]

    def _write(self, name: str, documents: Iterator[SearchDocument], deleted: Sequence[str]) -> list[str]:
        keys: list[str] = []

        def lines() -> Iterator[Json]:
            while part := {str(one[ID]): one for one in islice(documents, BATCH_DOCUMENTS)}:
                keys.extend(part)
                yield from self._lines(name, part)

        answers = self.client.put(name, lines(), "emplace")
        for key, answer in zip(keys, answers, strict=True):
            if not answer.get("success"):
                raise refusal(key, answer)
        gone = dict.fromkeys(deleted).keys() - set(keys)
        for part in batched(map(encode_id, sorted(gone)), URL_IDS, URL_IDS_CHARACTERS):
            ids: Any = {"filter_by": f"{ID}:[{','.join(part)}]", "batch_size": len(part)}
            self.client.ask(lambda api, ids=ids: api.collections[name].documents.delete(ids), seconds=WHOLE_SECONDS)  # type: ignore[misc]
        return keys

    def _lines(self, name: str, documents: dict[str, SearchDocument]) -> Iterator[Json]:
        """The documents as they are imported; their vectors are removed where the text has changed."""
        vectors = [field["name"] for field in self.about(fresh=False).get("fields", []) if field["type"] == "float[]"]
        before = self.read(name, list(documents), TEXT_HASH) if vectors else {}
        no_vectors = {f"{field}{end}": None for field in vectors for end in ("", "_hash", "_model")}
        for key, document in documents.items():
            line = to_typesense(self.spec, document)
            same = key not in before or before[key].get(TEXT_HASH) == line[TEXT_HASH]
            yield line if same else line | no_vectors
