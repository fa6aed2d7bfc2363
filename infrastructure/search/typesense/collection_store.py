"""One collection on the server: an alias that searches ask, and behind it a collection named after its schema, to which
all writes go by its own name.

A write through an alias is queued for the collection that the alias meant, and may be lost with it when the server
starts again.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from domain.search.queries import CollectionSpec, SearchDocument
from domain.shared.errors import ConflictError
from infrastructure.search.common.identifiers import ID
from infrastructure.search.typesense.filters_and_facets import by_ids
from infrastructure.search.typesense.http_client import (
    IMPATIENT,
    WHOLE_SECONDS,
    AbsentError,
    Client,
    RetryPolicy,
    refusal,
)
from infrastructure.search.typesense.schema import (
    TEXT_HASH,
    Json,
    collection_schema,
    decode_id,
    encode_id,
    key_field,
    schema_hash,
    to_document,
    to_typesense,
)

PAGE = 250  # hits of one answer at most
ADDRESS_CHARACTERS = 2_500  # of ids in one address
ABANDONED_NANOSECONDS = 24 * 3600 * 10**9
T = TypeVar("T")
FRESHNESS_SECONDS = 5.0  # that is remembered what stands behind the alias: other processes change it, too


class CollectionStore:
    """Documents of one collection."""

    def __init__(self, client: Client, spec: CollectionSpec, prefix: str) -> None:
        self.client = client
        self.spec = spec
        self.alias = prefix + spec.name
        self._base = f"{self.alias}-{schema_hash(spec)}"
        self._known: tuple[float, Json] = (0.0, {})
        collection_schema(spec, self._base)  # says at once what the spec asks for in vain

    def about(self, patience: RetryPolicy | None = None, *, fresh: bool = True) -> Json:
        """The collection behind the alias, as the server describes it; an empty one of our schema is made where there
        is none.
        """
        if fresh or self._known[0] < time.monotonic():
            name = self.serving(patience)
            found = self.described(name, patience) if name is not None and name.startswith(f"{self._base}-") else None
            self._known = (time.monotonic() + FRESHNESS_SECONDS, found or self._begun(name))
        return self._known[1]

    def name(self, *, fresh: bool = True) -> str:
        """The collection's own name."""
        return str(self.about(fresh=fresh)["name"])

    def standing(self, call: Callable[[], T]) -> T:
        """What the call returns; done again where the collection was deleted beneath us."""
        try:
            return call()
        except AbsentError:
            self.about(IMPATIENT)
            return call()

    def write(self, documents: Sequence[SearchDocument], deleted: Sequence[str], into: str | None = None) -> None:
        """Put and delete, in the collection that serves or in another."""
        latest = {str(one[ID]): one for one in documents}
        gone = [key for key in dict.fromkeys(deleted) if key not in latest]
        if into is not None:
            self._write(into, latest, gone)
        else:
            self.standing(lambda: self._write(self.name(), latest, gone))

    def ids(self) -> Iterator[str]:
        """The key of every document."""
        return (decode_id(line[ID]) for line in self.client.export(self.name(), ID))

    def scan(self) -> Iterator[SearchDocument]:
        """Every document, as it was put."""
        fields = ",".join(
            [key_field(self.spec), "details", *(field.name for field in self.spec.fields if field.name != ID)]
        )
        return (to_document(self.spec, line) for line in self.client.export(self.name(), fields))

    def read(self, collection: str, keys: Sequence[str], fields: str) -> dict[str, Json]:
        """These fields of the documents of these keys, of those that there are."""
        base = {"collection": collection, "q": "*", "per_page": PAGE, "include_fields": f"{ID},{fields}"}
        parts = [keys[start : start + PAGE] for start in range(0, len(keys), PAGE)]
        answers = self.client.search([base | {"filter_by": by_ids(part)} for part in parts]) if parts else []
        return {decode_id(hit["document"][ID]): hit["document"] for answer in answers for hit in answer["hits"]}

    def serving(self, patience: RetryPolicy | None = None) -> str | None:
        """The collection behind the alias."""
        try:
            return str(
                self.client.ask(lambda api: api.aliases[self.alias].retrieve(), patience=patience)["collection_name"]
            )
        except AbsentError:
            return None

    def described(self, name: str, patience: RetryPolicy | None = None) -> Json | None:
        """What the server says of a collection."""
        try:
            return dict(self.client.ask(lambda api: api.collections[name].retrieve(), patience=patience))
        except AbsentError:
            return None

    def create(self, mark: str | None = None, **more: Any) -> str:
        """An empty collection of our schema, with more fields or metadata; its name.

        One that stands there already is taken as it is.
        """
        name = f"{self._base}-{mark if mark is not None else time.time_ns()}"
        schema: Any = collection_schema(self.spec, name)
        schema["fields"] += more.pop("fields", [])
        with suppress(ConflictError):
            self.client.ask(lambda api: api.collections.create(schema | more), seconds=WHOLE_SECONDS)
        return name

    def point(self, name: str) -> None:
        """Have the alias lead to this collection, at one stroke."""
        self.client.ask(lambda api: api.aliases.upsert(self.alias, {"collection_name": name}))
        self._known = (0.0, {})

    def drop(self, name: str) -> None:
        """Delete a collection; one that isn't there is fine."""
        try:
            self.client.ask(lambda api: api.collections[name].delete(), seconds=WHOLE_SECONDS)
        except AbsentError:
            return

    def clean(self) -> None:
        """Remove what killed rebuilds left behind, once it is old enough to be nobody's."""
        before = time.time_ns() - ABANDONED_NANOSECONDS
        serving = self.serving()
        for name in self._collections():
            mark = name.rpartition("-")[2]
            if mark.isdigit() and 0 < int(mark) < before and name != serving:
                self.drop(name)

    def _begun(self, old: str | None) -> Json:
        """A first collection of our schema, in place of an older one, of whose layout nothing is left."""
        name = self.create("0")
        self.point(name)
        for other in self._collections():
            if other == old or other.startswith(f"{self.alias}-vectors-"):  # vectors had collections of their own
                self.drop(other)
        return self.described(name) or {"name": name}

    def _collections(self) -> list[str]:
        found: Any = self.client.ask(lambda api: api.collections.retrieve())
        return [str(one["name"]) for one in found if str(one["name"]).startswith(f"{self.alias}-")]

    def _write(self, name: str, documents: dict[str, SearchDocument], gone: Sequence[str]) -> None:
        vectors = [field["name"] for field in self.about(fresh=False).get("fields", []) if field["type"] == "float[]"]
        before = self.read(name, list(documents), TEXT_HASH) if vectors else {}
        nothing = {f"{field}{end}": None for field in vectors for end in ("", "_hash", "_model")}

        def lines() -> Iterator[Json]:
            """The documents as they are imported; the vectors go of those that say something else now."""
            for key, document in documents.items():
                line = to_typesense(self.spec, document)
                same = key not in before or before[key].get(TEXT_HASH) == line[TEXT_HASH]
                yield line if same else line | nothing

        for key, answer in zip(documents, self.client.put(name, lines(), "emplace") if documents else [], strict=True):
            if not answer.get("success"):
                raise refusal(key, answer)
        self._delete(name, gone)

    def _delete(self, name: str, keys: Sequence[str]) -> None:
        part: list[str] = []
        size = 0
        for encoded in [*map(encode_id, keys), ""]:
            if part and (not encoded or size + len(encoded) > ADDRESS_CHARACTERS):
                parameters: Any = {"filter_by": f"{ID}:[{','.join(part)}]", "batch_size": len(part)}
                self.client.ask(
                    lambda api, parameters=parameters: (  # type: ignore[misc]
                        api.collections[name].documents.delete(parameters)
                    ),
                    seconds=WHOLE_SECONDS,
                )
                part, size = [], 0
            part.append(encoded)
            size += len(encoded) + 1
