"""Vectors in the collection of the documents: a field a model, and which of them answers in the collection's metadata.

The first model's field is `embedding`. Beside each stands `…_hash`, the hash of the text that the vector stands for,
and `…_model`, by which they are counted.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from domain.shared.errors import InvalidError
from infrastructure.search.common.identifiers import ID
from infrastructure.search.common.limits import FLOOR
from infrastructure.search.typesense.collection_store import CollectionStore
from infrastructure.search.typesense.filters_and_facets import both, equal
from infrastructure.search.typesense.http_client import IMPATIENT, WHOLE_SECONDS, refusal
from infrastructure.search.typesense.schema import TEXT_HASH, Json, decode_id, encode_id
from services.ports.search import VectorRow

EMBEDDING = "embedding"
NEIGHBOURS, EFFORT = 60, 300  # `k` of hybrid searches and `ef`
FLAT = 5_000  # filters that leave fewer are searched one by one, exactly


class VectorStore:
    """The vectors of one collection."""

    def __init__(self, store: CollectionStore) -> None:
        self._store = store
        self._client = store.client
        self._texts: dict[
            str, str
        ] = {}  # hashes of the texts of the documents that were read last: those that are embedded next

    def write(self, model: str, rows: Sequence[VectorRow]) -> None:
        """Put vectors, in one request where the model is known; the model serves where none does yet."""
        latest = {row.id: row for row in rows}
        if latest:
            _check(model, rows, self._models(fresh=False).get(model))
            self._store.standing(lambda: self._write(model, latest))

    def hashes(self, model: str) -> Iterator[tuple[str, str]]:
        """(id, text_hash) of every vector of the model."""
        field = self.field(model)
        if field is not None:
            for line in self._client.export(self._store.name(), f"{ID},{field}_hash"):
                if line.get(f"{field}_hash"):
                    yield decode_id(line[ID]), line[f"{field}_hash"]

    def read(self, model: str, ids: Sequence[str]) -> dict[str, VectorRow]:
        """The vectors of these documents."""
        field = self.field(model)
        if field is None:
            return {}
        found = self._store.read(self._store.alias, ids, f"{TEXT_HASH},{field},{field}_hash")
        self._texts = {key: one.get(TEXT_HASH, "") for key, one in found.items()}
        return {
            key: VectorRow(key, one[f"{field}_hash"], np.asarray(one[field], dtype=np.float32))
            for key, one in found.items()
            if one.get(field)
        }

    def serving(self) -> str | None:
        """The model whose vectors answer."""
        answering = self._metadata(fresh=False).get("serving")
        return next((model for model, about in self._models(fresh=False).items() if about["field"] == answering), None)

    def field(self, model: str | None) -> str | None:
        """The field of a model's vectors."""
        return self._models(fresh=False).get(model or "", {}).get("field")

    def dimension(self) -> int:
        """Numbers of a vector of the model that answers; 0 where none does."""
        return int(self._models(fresh=False).get(self.serving() or "", {}).get("dimension", 0))

    def count(self) -> int:
        """Vectors of the model that answers."""
        model = self.serving()
        if model is None:
            return 0
        asked = {
            "collection": self._store.alias,
            "q": "*",
            "per_page": 0,
            "filter_by": equal(f"{self.field(model)}_model", [model]),
        }
        return int(self._client.search([asked])[0]["found"])

    def serve(self, model: str) -> None:
        """Have this model answer, and remove the others. InvalidError where it has no vectors."""
        models = self._models()
        if model not in models:
            raise InvalidError(f"{model} has no vectors to answer with")
        others = [about["field"] for name, about in models.items() if name != model]
        metadata = self._metadata() | {"serving": models[model]["field"], "models": {model: models[model]}}
        self._alter([one | {"drop": True} for field in others for one in _fields(field, 1)], metadata)

    def carried(self) -> Json:
        """The fields and the metadata that a fresh collection takes over."""
        models = self._models()
        fields = [one for about in models.values() for one in _fields(about["field"], about["dimension"])]
        return {"fields": fields, "metadata": self._metadata()} if models else {}

    def carry(self, into: str, keys: Sequence[str]) -> None:
        """Take the vectors of these documents into a fresh collection, where they say the same there."""
        fields = [about["field"] for about in self._models(fresh=False).values()]
        if not fields:
            return
        there = self._store.read(into, keys, TEXT_HASH)
        shown = ",".join(f"{field}{end}" for field in fields for end in ("", "_hash", "_model"))
        have = self._store.read(self._store.alias, keys, f"{TEXT_HASH},{shown}")
        same = [
            one
            for key, one in have.items()
            if key in there and there[key][TEXT_HASH] == one[TEXT_HASH] and any(field in one for field in fields)
        ]
        if same:
            self._client.put(
                into, [{name: value for name, value in one.items() if name != TEXT_HASH} for one in same], "update"
            )

    def nearest(self, vector: Sequence[float], filter_by: str, count: int, *, excluding: bool) -> Json:
        """Parameters of a search for the nearest documents within the filters.

        The server (29.0) goes on finding a vector that was taken off a document, until it starts again: hence the
        condition on the model. It forgets what `q` excludes where it compares the vectors of few documents one by one:
        `excluding` has it use
        its index.
        """
        model = self.serving()
        field = self.field(model)
        numbers = ",".join(f"{number:.7g}" for number in vector)
        query = (
            f"{field}:([{numbers}], k:{count}, ef:{EFFORT}, flat_search_cutoff:{0 if excluding else FLAT}, "
            f"distance_threshold:{1 - FLOOR:.2f})"
        )
        asked = {"vector_query": query, "per_page": count, "include_fields": ID}
        return asked | {"filter_by": both(filter_by, equal(f"{field}_model", [str(model)]))}

    def _write(self, model: str, rows: dict[str, VectorRow]) -> None:
        field = self.field(model) or self._added(model, len(next(iter(rows.values())).vector))
        if rows.keys() - self._texts.keys():
            self._texts = {
                key: one.get(TEXT_HASH, "")
                for key, one in self._store.read(self._store.alias, list(rows), TEXT_HASH).items()
            }
        texts, self._texts = self._texts, {}
        put = [row for row in rows.values() if texts.get(row.id) == row.text_hash]
        outdated = []
        answers = self._client.put(
            self._store.name(fresh=False), [_line(field, model, row) for row in put], "update", return_doc=True
        )
        for row, answer in zip(put, answers, strict=True):
            if answer.get("success"):
                document = answer.get("document", {})
                outdated += [row.id] if document.get(TEXT_HASH) != row.text_hash else []
            elif int(answer.get("code", 500)) != 404:  # else there is no such document
                raise refusal(row.id, answer)
        if outdated:  # the document says something else meanwhile
            nothing = {f"{field}{end}": None for end in ("", "_hash", "_model")}
            self._client.put(
                self._store.name(fresh=False), [{ID: encode_id(key), **nothing} for key in outdated], "update"
            )

    def _added(self, model: str, dimension: int) -> str:
        """A field for the model's vectors, of a name that none had before."""
        metadata, models = self._metadata(), self._models()
        made = int(metadata.get("made", 0)) + 1
        field = EMBEDDING if made == 1 else f"{EMBEDDING}_{made}"
        models[model] = {"field": field, "dimension": dimension}
        self._alter(
            _fields(field, dimension), {"serving": metadata.get("serving") or field, "models": models, "made": made}
        )
        return field

    def _alter(self, fields: list[Json], metadata: Json) -> None:
        body: Any = {"metadata": metadata} | ({"fields": fields} if fields else {})
        name = self._store.name()
        self._client.ask(lambda api: api.collections[name].update(body), seconds=WHOLE_SECONDS)
        self._store.about()

    def _metadata(self, *, fresh: bool = True) -> Json:
        return dict(self._store.about(IMPATIENT, fresh=fresh).get("metadata") or {})

    def _models(self, *, fresh: bool = True) -> dict[str, Json]:
        """The models that have a field, with its name and dimension."""
        about = self._store.about(IMPATIENT, fresh=fresh)
        there = {field["name"] for field in about.get("fields", [])}
        models: dict[str, Json] = (about.get("metadata") or {}).get("models", {})
        return {model: one for model, one in models.items() if one["field"] in there}


def _fields(field: str, dimension: int) -> list[Json]:
    vector = {"name": field, "type": "float[]", "num_dim": dimension, "vec_dist": "cosine", "optional": True}
    return [vector, {"name": f"{field}_model", "type": "string", "facet": True, "optional": True}]


def _line(field: str, model: str, row: VectorRow) -> Json:
    return {ID: encode_id(row.id), field: row.vector.tolist(), f"{field}_hash": row.text_hash, f"{field}_model": model}


def _check(model: str, rows: Sequence[VectorRow], about: Json | None) -> None:
    dimension = int(about["dimension"]) if about else len(rows[0].vector)
    for row in rows:
        if len(row.vector) != dimension:
            raise InvalidError(
                f"The vector of {row.id!r} has {len(row.vector)} numbers; those of {model} have {dimension}"
            )
        if not np.isfinite(row.vector).all():
            raise InvalidError(f"The vector of {row.id!r} holds what is no number")
