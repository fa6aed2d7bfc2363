"""Vectors on the server when the schema changes, and when documents change under them."""

import numpy as np
import pytest

from domain.meaning import hash_of
from domain.search import Document, FieldSpec, Filter, Mode
from infrastructure.search.typesense.engine import TypesenseSearch
from services.ports import VectorRow
from tests.search.contract import SPEC, P, find, ids, process
from tests.search.typesense.standin.server import Typesense
from tests.search.typesense.transport import Recording

WIDER = SPEC.model_copy(update={"fields": (*SPEC.fields, FieldSpec(name="cpv", type="keyword", facet=True))})
ROADS, MEALS = process(1, "Roads", cpv="45"), process(2, "Meals", cpv="55")


def row(document: Document, *numbers: float) -> VectorRow:
    return VectorRow(str(document["id"]), hash_of(P, document), np.array(numbers, dtype=np.float32))


@pytest.fixture
def server() -> Typesense:
    return Typesense()


@pytest.fixture
def newer(server: Typesense) -> TypesenseSearch:
    """A process of another schema, over what one of an older schema has left."""
    older = TypesenseSearch("http://typesense", "k", [SPEC], transport=Recording(server))
    older.upsert(P, [ROADS])
    older.write_vectors(P, "m", [row(ROADS, 1, 0)])
    newer = TypesenseSearch("http://typesense", "k", [WIDER], transport=Recording(server))
    newer.upsert(P, [ROADS, MEALS])
    return newer


def test_vectors_of_another_schema_are_none(newer: TypesenseSearch) -> None:
    assert (newer.serving(P), newer.count_vectors(P)) == (None, 0)
    for mode in (Mode.SEMANTIC, Mode.HYBRID):
        found = find(newer, "roads", mode=mode, vector=(1.0, 0.0), filters=(Filter(field="cpv", values=("45",)),))
        assert (ids(found), found.mode) == ([ROADS["id"]], Mode.KEYWORD)


def test_vectors_of_the_new_schema_take_their_place(newer: TypesenseSearch, server: Typesense) -> None:
    newer.write_vectors(P, "m", [row(ROADS, 1, 0), row(MEALS, 0, 1)])
    assert (newer.serving(P), newer.count_vectors(P)) == ("m", 2)
    assert ids(find(newer, "x", mode=Mode.SEMANTIC, vector=(0.0, 1.0), filters=(Filter(field="cpv", values=("55",)),))) == [MEALS["id"]]
    assert len(server.collections) == 2  # of words and of vectors: those of the older schema are gone


@pytest.mark.parametrize("way", ["serve", "rebuild", "write"])
def test_vectors_that_were_written_and_never_pointed_to_come_to_serve(newer: TypesenseSearch, server: Typesense, way: str) -> None:
    newer.write_vectors(P, "m", [row(ROADS, 1, 0)])
    server.aliases["tenderlake-processes-vectors"] = "tenderlake-processes-vectors-older-0"  # killed in between
    if way == "serve":
        newer.serve(P, "m")
    elif way == "rebuild":
        fresh = newer.fresh(P)
        fresh.write([ROADS, MEALS], [])
        fresh.swap()
    else:
        newer.write_vectors(P, "m", [row(MEALS, 0, 1)])
    assert newer.serving(P) == "m"
    assert server.aliases["tenderlake-processes-vectors"] in server.collections
