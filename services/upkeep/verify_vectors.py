"""Verify of vectors: every document has one of the model in force, made of the text that bronze makes; and a sample is embedded once more."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from loguru import logger

from domain.meaning import hash_of, text_of
from domain.search import Collection
from services.ports import Embedder, Parts
from services.stages.embed import behind
from services.upkeep.rows import Difference, Key, differences

SAMPLE = 16  # documents a collection that are embedded again
SAME = 0.95  # cosine of two runs of a quantised model over one text, in batches of another shape


def vectors(live: Parts, scratch: Parts) -> Iterator[Difference]:
    """Where the vectors that stand and those that scratch's documents would have differ. Nothing while embed is behind: it says so."""
    model = live.embedders.model
    embedder = live.embedders.get(model) if model else None
    if embedder is None:
        return
    with live.warehouse.read() as work:
        if behind(work):
            logger.warning("vectors are not compared: not all documents are embedded yet")
            return
    for collection in Collection:
        yield from _collection(live, scratch, embedder, collection)


def _collection(live: Parts, scratch: Parts, embedder: Embedder, collection: Collection) -> Iterator[Difference]:
    def wanted() -> Iterator[tuple[Key, Any]]:
        return (((one["id"],), {"text_hash": hash_of(collection, one)}) for one in scratch.search.scan(collection))

    def standing() -> Iterator[tuple[Key, Any]]:
        return (((name,), {"text_hash": found}) for name, found in live.search.vectors(collection, embedder.model))

    name = f"vectors.{collection}"
    yield from differences(name, standing, wanted)
    serving = live.search.serving(collection)
    if serving not in {None, embedder.model}:
        yield Difference(name, ("serving",), serving, embedder.model)
    yield from _sample(live, scratch, embedder, collection)


def _sample(live: Parts, scratch: Parts, embedder: Embedder, collection: Collection) -> Iterator[Difference]:
    """The first documents of the scan: whether their vectors are still what the model makes of their texts."""
    texts = {str(one["id"]): text_of(collection, one) for one in islice(scratch.search.scan(collection), SAMPLE)}
    stored = live.search.read_vectors(collection, embedder.model, list(texts))
    names = [name for name in texts if name in stored]
    for name, made in zip(names, embedder.embed([texts[name] for name in names]) if names else (), strict=True):
        near = float(np.dot(stored[name].vector, made))
        if not near >= SAME and np.any(made):
            yield Difference(f"vectors.{collection}", (name,), f"a vector {near:.3f} near the model's", f"one at least {SAME} near it")
