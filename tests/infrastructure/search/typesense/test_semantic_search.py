"""Semantic search of both engines: the nearest documents that meet phrases and exclusions, and all groups."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from domain.search.embedding_text import embedding_text_hash
from domain.search.queries import Filter, Mode, SearchDocument
from services.ports.search import SearchEngine, VectorRow
from tests.infrastructure.search.contract import P, find, ids, process
from tests.infrastructure.search.typesense.stand_in.filters import RefusedError
from tests.infrastructure.search.typesense.stand_in.search import Collection, search


def stock(engine: SearchEngine, documents: Sequence[SearchDocument]) -> None:
    """Documents, each farther from (1, 0) than the one before."""
    engine.write(P, documents, ())
    angles = np.linspace(0, 1.2, len(documents))
    rows = [
        VectorRow(one["id"], embedding_text_hash(P, one), np.array([np.cos(a), np.sin(a)], dtype=np.float32))
        for one, a in zip(documents, angles, strict=True)
    ]
    engine.write_vectors(P, "m", rows)


def near(engine: SearchEngine, text: str, **options: Any) -> list[str]:
    return ids(find(engine, text, mode=Mode.SEMANTIC, vector=(1.0, 0.0), **options))


def test_a_phrase_is_met_by_the_nearest_that_have_it_however_far(engine: SearchEngine) -> None:
    far = process(999, "bridge repair here", region="Wales")
    stock(engine, [*(process(i, f"school building {i}") for i in range(300)), process(998, "repair of a bridge"), far])
    for text in ('"bridge repair"', '"bridge repair" -school', '"bridge repair" anything'):
        assert near(engine, text) == [far["id"]]
    assert near(engine, '"bridge repair"', filters=(Filter(field="region", values=("Wales",)),)) == [far["id"]]
    assert near(engine, '"bridge repair"', filters=(Filter(field="region", values=("Kent",)),)) == []
    assert near(engine, '"repair bridge"') == []


@pytest.mark.parametrize("count", [300, 1_100])
def test_an_exclusion_is_met_by_the_nearest_without_it_however_far(engine: SearchEngine, count: int) -> None:
    far = [process(2_000 + i, f"bridge {i}") for i in range(3)]
    stock(engine, [*(process(i, "school building") for i in range(count)), *far])
    assert near(engine, "building -school") == [one["id"] for one in far]
    assert near(engine, 'building -"school building" -"bridge 1"') == [far[0]["id"], far[2]["id"]]
    assert len(near(engine, "-zzzz", per_page=100)) == 100


def test_groups_past_what_was_fused_are_there(engine: SearchEngine) -> None:
    documents = [process(i, "road", buyer="A" if i < 400 else f"B{i % 7}") for i in range(420)]
    engine.write(P, documents, ())
    engine.write_vectors(
        P,
        "m",
        [VectorRow(documents[0]["id"], embedding_text_hash(P, documents[0]), np.array([1.0, 0.0], dtype=np.float32))],
    )
    found = find(engine, "road", mode=Mode.HYBRID, vector=(1.0, 0.0), group_by="buyer", group_limit=1)
    assert (found.mode, found.found, {hit.group for hit in found.hits}) == (
        Mode.HYBRID,
        420,
        {"A", *(f"B{i}" for i in range(7))},
    )
    second = find(
        engine, "road", mode=Mode.HYBRID, vector=(1.0, 0.0), group_by="buyer", group_limit=1, per_page=5, page=2
    )
    assert [hit.group for hit in second.hits] == [hit.group for hit in found.hits[5:]]


@pytest.mark.parametrize("limit", [0, 100])
def test_the_stand_in_shows_no_more_of_a_group_than_a_server(limit: int) -> None:
    collection = Collection({"name": "x", "fields": [{"name": "a", "type": "string"}]}, 0)
    with pytest.raises(RefusedError, match="group_limit"):
        search(collection, {"q": "*", "group_by": "a", "group_limit": limit}, [])
