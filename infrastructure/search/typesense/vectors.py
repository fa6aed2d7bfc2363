"""Vectors of a collection, a sibling collection a model, so that words are indexed and found as fast as without them.

An alias says which model answers; while it leads to vectors of another schema, none does. Beside the vector stand copies of the exact numbers
that filters go by; see decision 0005.
"""

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any

import numpy as np

from domain.errors import InvalidError, NotFoundError
from domain.meaning import hash_of
from domain.search import CollectionSpec, Document
from infrastructure.search.embedded.codec import decode
from infrastructure.search.embedded.neighbours import FLOOR
from infrastructure.search.typesense import imports
from infrastructure.search.typesense.client import IMPATIENT, Client
from infrastructure.search.typesense.conditions import by_ids
from infrastructure.search.typesense.keyword import Asker
from infrastructure.search.typesense.names import ID, decode_id, encode_id
from infrastructure.search.typesense.schema import DOCUMENT, exact_values, filter_fields, schema_hash
from infrastructure.search.typesense.store import make, pointed, remove
from services.ports import VectorRow

VECTOR, TEXT_HASH = "_vector", "_text_hash"
PAGE = 250  # hits of one answer at most
EF = 500  # measured on random vectors: recall@10 0.92, against 0.48 with 100
FLAT = 5_000  # filters that leave fewer are searched one by one, exactly
FRESHNESS = 2.0  # seconds that the serving model is remembered
Json = dict[str, Any]


class VectorStore:
    """The vectors of one collection."""

    def __init__(self, client: Client, spec: CollectionSpec, alias: str) -> None:
        self._client = client
        self._spec = spec
        self._asker = Asker(client)
        self.alias = f"{alias}-vectors"
        self._base = f"{self.alias}-{schema_hash(spec)}-"
        self._known: tuple[float, Json | None] | None = None
        self._copies = [field["name"] for field in filter_fields(spec)]

    def write(self, model: str, rows: Sequence[VectorRow]) -> None:
        """Put vectors; the model serves where none does yet."""
        if not rows:
            return
        dimension = self._checked(model, rows)
        name = self._name(model)
        make(self._client, self._schema(name, model, dimension))
        latest = {row.id: row for row in rows}
        there = self._documents(list(latest))
        put = [row for row in latest.values() if self._stands_for(row.text_hash, there.get(row.id))]
        imports.put(self._client, name, [_line(row.id, row.text_hash, row.vector.tolist(), exact_values(self._spec, there[row.id])) for row in put])
        now = self._documents([row.id for row in put])  # who changed a document meanwhile may have looked for its vector before it was there
        imports.delete(self._client, name, [row.id for row in put if not self._stands_for(row.text_hash, now.get(row.id))])
        if self.serving(fresh=True) is None:
            self._point(name)
            self._drop_foreign()

    def refresh(self, documents: Sequence[Document], deleted: Sequence[str]) -> None:
        """Follow the documents: vectors of deleted ones go, and those of another text; the numbers beside the others are those of the document."""
        there = {one[ID]: one for one in documents}
        wanted = {key: exact_values(self._spec, one) for key, one in there.items()}
        for name in self._collections():
            have = {decode_id(hit[ID]): hit for hit in self._read(name, list(there), exclude=VECTOR)}
            stale = [key for key, hit in have.items() if not self._stands_for(hit[TEXT_HASH], there[key])]
            imports.delete(self._client, name, [*deleted, *stale])
            copies = {key: {field: hit[field] for field in self._copies if field in hit} for key, hit in have.items() if key not in stale}
            changed = [key for key, found in copies.items() if found != wanted[key]]
            lines = [_line(decode_id(hit[ID]), hit[TEXT_HASH], hit[VECTOR], wanted[decode_id(hit[ID])]) for hit in self._read(name, changed)]
            imports.put(self._client, name, lines)

    def prune(self) -> None:
        """Remove the vectors of documents that are not there, or have another text, and those of another schema; those of an only model serve."""
        self._drop_foreign()
        names = self._collections()
        if len(names) == 1 and self.serving(fresh=True) is None:
            self._point(names[0])
        for name in names:
            hashes = [(decode_id(line[ID]), line[TEXT_HASH]) for line in imports.export(self._client, name, f"{ID},{TEXT_HASH}")]
            for start in range(0, len(hashes), PAGE):
                part = dict(hashes[start : start + PAGE])
                there = self._documents(list(part))
                imports.delete(self._client, name, [key for key, text_hash in part.items() if not self._stands_for(text_hash, there.get(key))])

    def hashes(self, model: str) -> Iterator[tuple[str, str]]:
        """(id, text_hash) of every vector of the model."""
        try:
            for line in imports.export(self._client, self._name(model), f"{ID},{TEXT_HASH}"):
                yield decode_id(line[ID]), line[TEXT_HASH]
        except NotFoundError:
            return

    def read(self, model: str, ids: Sequence[str]) -> dict[str, VectorRow]:
        """The vectors of these documents."""
        try:
            found = self._read(self._name(model), ids)
        except NotFoundError:
            return {}
        rows = [VectorRow(decode_id(hit[ID]), hit[TEXT_HASH], np.asarray(hit[VECTOR], dtype=np.float32)) for hit in found]
        return {row.id: row for row in rows}

    def among(self, ids: Sequence[str]) -> set[str]:
        """Those of the documents that have a vector of the model that answers."""
        return {decode_id(hit[ID]) for hit in self._read(self.alias, ids, include=ID)}

    def serving(self, *, fresh: bool = False) -> str | None:
        """The model whose vectors answer; remembered for a moment unless it must be `fresh`."""
        about = self._about(fresh=fresh)
        return str(about["model"]) if about else None

    def count(self) -> int:
        """Vectors of the model that answers."""
        name = self._pointed()
        return int(self._client.ask("GET", f"/collections/{name}", patience=IMPATIENT)["num_documents"]) if name else 0

    def dimension(self) -> int:
        """Numbers of a vector of the model that answers; 0 where none does."""
        about = self._about(fresh=False)
        return int(about["dimension"]) if about else 0

    def _about(self, *, fresh: bool) -> Json | None:
        known = self._known
        if fresh or known is None or known[0] < time.monotonic():
            name = self._pointed()
            about = None if name is None else dict(self._client.ask("GET", f"/collections/{name}", patience=IMPATIENT)["metadata"])
            known = self._known = (time.monotonic() + FRESHNESS, about)
        return known[1]

    def _pointed(self) -> str | None:
        """The collection that answers: one of another schema knows neither all documents nor all fields."""
        name = pointed(self._client, self.alias, IMPATIENT)
        return name if name is not None and name.startswith(self._base) else None

    def serve(self, model: str) -> None:
        """Have this model answer, and remove the others. InvalidError where it has no vectors."""
        name = self._name(model)
        if name not in self._collections():
            raise InvalidError(f"{model} has no vectors to answer with")
        self._point(name)
        self._remove(other for other in self._collections("") if other != name)

    def clear(self) -> None:
        """Remove every vector."""
        self._remove(self._collections(""))
        with suppress(NotFoundError):
            self._client.ask("DELETE", f"/aliases/{self.alias}")
        self._known = None

    def nearest(self, vector: Sequence[float], count: int, filter_by: str) -> Json:
        """The search for the nearest documents within the filters, nearest first."""
        numbers = ",".join(f"{number:.7g}" for number in vector)
        query = f"{VECTOR}:([{numbers}], k:{count}, ef:{EF}, flat_search_cutoff:{FLAT}, distance_threshold:{1 - FLOOR:.2f})"
        asked = {"collection": self.alias, "q": "*", "vector_query": query, "per_page": count, "exclude_fields": VECTOR}
        return asked | ({"filter_by": filter_by} if filter_by else {})

    def _point(self, name: str) -> None:
        self._client.ask("PUT", f"/aliases/{self.alias}", body={"collection_name": name})
        self._known = None

    def _drop_foreign(self) -> None:
        self._remove(name for name in self._collections("") if not name.startswith(self._base))

    def _remove(self, names: Iterable[str]) -> None:
        for name in names:
            remove(self._client, name)

    def _name(self, model: str) -> str:
        return self._base + hashlib.sha256(model.encode()).hexdigest()[:12]

    def _schema(self, name: str, model: str, dimension: int) -> Json:
        own: list[Json] = [{"name": TEXT_HASH, "type": "string", "index": False, "optional": True}]
        own += [{"name": VECTOR, "type": "float[]", "num_dim": dimension, "vec_dist": "cosine"}]
        copies = [field | {"facet": False} for field in filter_fields(self._spec)]
        return {"name": name, "fields": [*own, *copies], "metadata": {"model": model, "dimension": dimension}}

    def _checked(self, model: str, rows: Sequence[VectorRow]) -> int:
        try:
            dimension = int(self._client.ask("GET", f"/collections/{self._name(model)}")["metadata"]["dimension"])
        except NotFoundError:
            dimension = len(rows[0].vector)
        for row in rows:
            if len(row.vector) != dimension:
                raise InvalidError(f"The vector of {row.id!r} has {len(row.vector)} numbers; those of {model} have {dimension}")
            if not np.isfinite(row.vector).all():
                raise InvalidError(f"The vector of {row.id!r} holds what is no number")
        return dimension

    def _collections(self, base: str | None = None) -> list[str]:
        """The collections of vectors, by default those of our schema."""
        start = self._base if base is None else f"{self.alias}-{base}"
        return sorted(one["name"] for one in self._client.ask("GET", "/collections") if one["name"].startswith(start))

    def _stands_for(self, text_hash: str, document: Document | None) -> bool:
        """Whether a vector of this hash is one of the document's text."""
        return document is not None and text_hash == hash_of(self._spec.name, document)

    def _documents(self, ids: Sequence[str]) -> dict[str, Document]:
        """The documents of these ids, of those that there are."""
        alias = self.alias.removesuffix("-vectors")
        try:
            found = self._read(alias, ids, include=f"{ID},{DOCUMENT}")
        except NotFoundError:
            return {}
        return {decode_id(hit[ID]): decode(hit[DOCUMENT].encode()) for hit in found}

    def _read(self, collection: str, ids: Sequence[str], *, include: str = "", exclude: str = "") -> list[Json]:
        """The stored fields of these documents, as many requests as it takes."""
        found: list[Json] = []
        shown = ({"include_fields": include} if include else {}) | ({"exclude_fields": exclude} if exclude else {})
        for start in range(0, len(ids), PAGE):
            asked = {"collection": collection, "q": "*", "filter_by": by_ids(ids[start : start + PAGE]), "per_page": PAGE} | shown
            found += [hit["document"] for hit in self._asker.ask([asked])[0]["hits"]]
        return found


def _line(key: str, text_hash: str, vector: Sequence[float], values: Json) -> Json:
    return {ID: encode_id(key), TEXT_HASH: text_hash, VECTOR: list(vector), **values}
