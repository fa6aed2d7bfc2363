"""Vectors in the collection of the documents: a field per model; the collection's metadata names the active model.

The first model's field is `embedding`. Beside each are `…_hash`, the hash of the text of the vector, and `…_model`.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from domain.shared.errors import InvalidError
from infrastructure.search.common.identifiers import ID
from infrastructure.search.common.limits import FLOOR
from infrastructure.search.typesense.collection_store import CollectionStore
from infrastructure.search.typesense.filters_and_facets import both, equal
from infrastructure.search.typesense.http_client import WHOLE_SECONDS, refusal
from infrastructure.search.typesense.schema import TEXT_HASH, Json, decode_id, encode_id
from services.ports.search import VectorRow

EMBEDDING = "embedding"
NEIGHBOURS, EFFORT = 60, 300  # `k` of hybrid searches, and `ef`
FLAT_SEARCH_CUTOFF = 5_000  # where filters leave fewer documents, all of them are compared


class VectorStore:
    """The vectors of one collection."""

    def __init__(self, store: CollectionStore) -> None:
        self._store = store
        self._client = store.client
        self._hashes: dict[str, str] = {}  # text hashes of the documents that were read last: embed writes them next

    def write(self, model: str, rows: Sequence[VectorRow]) -> None:
        """Put vectors, in one request where embed has read the documents; the first model becomes active."""
        latest = {row.id: row for row in rows}
        if latest:
            _check(model, rows, self._dimension(self.field(model)) or len(rows[0].vector))
            self._store.existing(lambda: self._write(model, latest))

    def hashes(self, model: str) -> Iterator[tuple[str, str]]:
        """(id, text hash) of every vector of the model."""
        if field := self.field(model):
            for line in self._client.export(self._store.name(), f"{ID},{field}_hash"):
                if line.get(f"{field}_hash"):
                    yield decode_id(line[ID]), line[f"{field}_hash"]

    def read(self, model: str, ids: Sequence[str]) -> dict[str, VectorRow]:
        """The vectors of these documents."""
        field = self.field(model)
        if field is None:
            return {}
        found = self._store.read(self._store.alias, ids, f"{TEXT_HASH},{field},{field}_hash")
        self._hashes = {key: one.get(TEXT_HASH, "") for key, one in found.items()}
        return {
            key: VectorRow(key, one[f"{field}_hash"], np.asarray(one[field], dtype=np.float32))
            for key, one in found.items()
            if one.get(field)
        }

    def serving(self) -> str | None:
        """The active model."""
        active: str | None = self._metadata().get("serving")
        return active if self.field(active) else None

    def field(self, model: str | None) -> str | None:
        """The field of a model's vectors."""
        models: dict[str | None, str] = self._metadata().get("models", {})
        return models.get(model)

    def dimension(self) -> int:
        """The length of the active model's vectors; 0 without one."""
        return self._dimension(self.field(self.serving()))

    def count(self) -> int:
        """Vectors of the active model."""
        model = self.serving()
        if model is None:
            return 0
        base = {"collection": self._store.alias, "q": "*", "per_page": 0}
        return int(
            self._client.search([base | {"filter_by": equal(f"{self.field(model)}_model", [model])}])[0]["found"]
        )

    def serve(self, model: str) -> None:
        """Make this model active, and remove the others. InvalidError where it has no vectors."""
        metadata = self._metadata(fresh=True)
        models: dict[str, str] = metadata.get("models", {})
        if model not in models:
            raise InvalidError(f"{model} has no vectors to answer with")
        dropped = [one | {"drop": True} for name, field in models.items() if name != model for one in _fields(field, 1)]
        self._alter(dropped, metadata | {"serving": model, "models": {model: models[model]}})

    def carried(self) -> Json:
        """The fields and the metadata that a rebuilt collection takes over."""
        metadata = self._metadata(fresh=True)
        fields = [
            one for field in metadata.get("models", {}).values() for one in _fields(field, self._dimension(field))
        ]
        return {"fields": fields, "metadata": metadata} if fields else {}

    def carry(self, into: str, keys: Sequence[str]) -> None:
        """Copy the vectors of these documents into a rebuilt collection, where the text is the same there."""
        fields = list(self._metadata().get("models", {}).values())
        if not fields:
            return
        hashes = self._store.read(into, keys, TEXT_HASH)
        names = [TEXT_HASH, *(f"{field}{end}" for field in fields for end in ("", "_hash", "_model"))]
        same = [
            {name: value for name, value in one.items() if name != TEXT_HASH}
            for key, one in self._store.read(self._store.alias, keys, ",".join(names)).items()
            if key in hashes and hashes[key][TEXT_HASH] == one[TEXT_HASH] and any(field in one for field in fields)
        ]
        self._client.put(into, same, "update")

    def nearest(self, vector: Sequence[float], filter_by: str, count: int, *, excluding: bool) -> Json:
        """Parameters of a search for the nearest documents within the filters.

        29.0 still finds a removed vector until a restart: hence the filter on the model. It ignores exclusions in a
        flat search, which is switched off for them.
        """
        model = self.serving()
        field = self.field(model)
        numbers = ",".join(f"{number:.7g}" for number in vector)
        options = f"k:{count}, ef:{EFFORT}, flat_search_cutoff:{0 if excluding else FLAT_SEARCH_CUTOFF}"
        return {
            "vector_query": f"{field}:([{numbers}], {options}, distance_threshold:{1 - FLOOR:.2f})",
            "per_page": count,
            "filter_by": both(filter_by, equal(f"{field}_model", [str(model)])),
        }

    def _write(self, model: str, rows: dict[str, VectorRow]) -> None:
        field = self.field(model) or self._add(model, len(next(iter(rows.values())).vector))
        if rows.keys() - self._hashes.keys():
            found = self._store.read(self._store.alias, list(rows), TEXT_HASH)
            self._hashes = {key: one.get(TEXT_HASH, "") for key, one in found.items()}
        hashes, self._hashes = self._hashes, {}
        current = [row for row in rows.values() if hashes.get(row.id) == row.text_hash]
        lines = [_line(field, row.id, row.vector.tolist(), row.text_hash, model) for row in current]
        name = self._store.name(fresh=False)
        outdated = []
        for row, answer in zip(current, self._client.put(name, lines, "update", return_doc=True), strict=True):
            if answer.get("success"):
                changed = answer.get("document", {}).get(TEXT_HASH) != row.text_hash  # meanwhile
                outdated += [_line(field, row.id, None, None, None)] if changed else []
            elif int(answer.get("code", 500)) != 404:  # the document was deleted
                raise refusal(row.id, answer)
        self._client.put(name, outdated, "update")

    def _add(self, model: str, dimension: int) -> str:
        """A new field for the model's vectors; not a dropped one's name, whose values are still in the documents."""
        metadata = self._metadata(fresh=True)
        number = int(metadata.get("fields", 0)) + 1
        field = EMBEDDING if number == 1 else f"{EMBEDDING}_{number}"
        models = metadata.get("models", {}) | {model: field}
        serving = metadata.get("serving", model)
        self._alter(_fields(field, dimension), {"serving": serving, "models": models, "fields": number})
        return field

    def _alter(self, fields: list[Json], metadata: Json) -> None:
        body: Any = {"metadata": metadata} | ({"fields": fields} if fields else {})
        name = self._store.name()
        self._client.ask(lambda api: api.collections[name].update(body), seconds=WHOLE_SECONDS)
        self._store.about()

    def _metadata(self, *, fresh: bool = False) -> Json:
        return dict(self._store.about(fresh=fresh).get("metadata") or {})

    def _dimension(self, field: str | None) -> int:
        fields = self._store.about(fresh=False).get("fields", [])
        return next((int(one["num_dim"]) for one in fields if one["name"] == field), 0)


def _fields(field: str, dimension: int) -> list[Json]:
    vector = {"name": field, "type": "float[]", "num_dim": dimension, "vec_dist": "cosine", "optional": True}
    return [vector, {"name": f"{field}_model", "type": "string", "facet": True, "optional": True}]


def _line(field: str, key: str, vector: list[float] | None, text_hash: str | None, model: str | None) -> Json:
    return {ID: encode_id(key), field: vector, f"{field}_hash": text_hash, f"{field}_model": model}


def _check(model: str, rows: Sequence[VectorRow], dimension: int) -> None:
    for row in rows:
        if len(row.vector) != dimension:
            raise InvalidError(
                f"The vector of {row.id!r} has {len(row.vector)} numbers; those of {model} have {dimension}"
            )
        if not np.isfinite(row.vector).all():
            raise InvalidError(f"The vector of {row.id!r} has NaN or infinite numbers")
