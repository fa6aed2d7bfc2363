"""Vectors on the server when the schema changes, and when documents change under them."""

import numpy as np
import pytest

from domain.search.embedding_text import embedding_text_hash
from domain.search.queries import FieldSpec, Filter, Mode, SearchDocument
from infrastructure.search.typesense.engine import TypesenseSearch
from services.ports.search import VectorRow
from tests.infrastructure.search.contract import SPEC, P, find, ids, process
from tests.infrastructure.search.typesense.stand_in.server import Typesense
from tests.infrastructure.search.typesense.transport import Recording

WIDER = SPEC.model_copy(update={"fields": (*SPEC.fields, FieldSpec(name="cpv", type="keyword", facet=True))})
ROADS, MEALS = process(1, "Roads", cpv="45"), process(2, "Meals", cpv="55")


def row(document: SearchDocument, *numbers: float) -> VectorRow:
    return VectorRow(str(document["id"]), embedding_text_hash(P, document), np.array(numbers, dtype=np.float32))


@pytest.fixture
def server() -> Typesense:
    return Typesense()


@pytest.fixture
def newer(server: Typesense) -> TypesenseSearch:
    """A process of another schema, over what one of an older schema has left."""
    older = TypesenseSearch("http://typesense", "k", [SPEC], transport=Recording(server))
    older.write(P, [ROADS], ())
    older.write_vectors(P, "m", [row(ROADS, 1, 0)])
    newer = TypesenseSearch("http://typesense", "k", [WIDER], transport=Recording(server))
    newer.write(P, [ROADS, MEALS], ())
    return newer


def test_vectors_of_another_schema_are_none(newer: TypesenseSearch) -> None:
    assert (newer.active_model(P), newer.count_vectors(P)) == (None, 0)
    for mode in (Mode.SEMANTIC, Mode.HYBRID):
        found = find(newer, "roads", mode=mode, vector=(1.0, 0.0), filters=(Filter(field="cpv", values=("45",)),))
        assert (ids(found), found.mode) == ([ROADS["id"]], Mode.KEYWORD)


def test_vectors_of_the_new_schema_take_their_place(newer: TypesenseSearch, server: Typesense) -> None:
    newer.write_vectors(P, "m", [row(ROADS, 1, 0), row(MEALS, 0, 1)])
    assert (newer.active_model(P), newer.count_vectors(P)) == ("m", 2)
    assert ids(
        find(newer, "x", mode=Mode.SEMANTIC, vector=(0.0, 1.0), filters=(Filter(field="cpv", values=("55",)),))
    ) == [MEALS["id"]]
    assert len(server.collections) == 1  # that of the older schema is gone


def test_two_requests_embed_64_documents_once_the_model_is_known() -> None:
    recording = Recording(Typesense())
    engine = TypesenseSearch("http://typesense", "k", [SPEC], transport=recording)
    documents = [process(i, f"Road {i}") for i in range(128)]
    engine.write(P, documents, ())
    engine.write_vectors(P, "m", [row(one, 1, 0) for one in documents[:64]])
    before = len(recording.requests)
    assert engine.read_vectors(P, "m", [one["id"] for one in documents[64:]]) == {}
    engine.write_vectors(P, "m", [row(one, 0, 1) for one in documents[64:]])
    asked = [(request.method, request.url.path.rsplit("/", 1)[-1]) for request in recording.requests[before:]]
    assert asked == [("POST", "multi_search"), ("POST", "import")]
    assert engine.count_vectors(P) == 128


def test_a_collection_of_models_keeps_the_first_field_for_the_first(server: Typesense) -> None:
    engine = TypesenseSearch("http://typesense", "k", [SPEC], transport=Recording(server))
    engine.write(P, [ROADS], ())
    for model in ("a", "b", "a"):
        engine.write_vectors(P, model, [row(ROADS, 1, 0)])
        engine.activate_model(P, model)
    fields = [name for name in next(iter(server.collections.values())).fields if name.startswith("embedding")]
    assert (fields, engine.active_model(P), engine.count_vectors(P)) == (["embedding_3", "embedding_3_model"], "a", 1)
