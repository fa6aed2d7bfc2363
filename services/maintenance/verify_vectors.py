"""Verify of vectors: every document has one of the model in force, made of the text that bronze makes; and a sample is embedded once more."""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import numpy as np
from loguru import logger

from domain.search.embedding_text import embedding_text, embedding_text_hash
from domain.search.queries import Collection
from services.maintenance.row_comparison import Difference, Key, differences
from services.pipeline.embedding.embed import embedding_pending
from services.ports.embeddings import Embedder
from services.ports.parts import Parts

SAMPLE_DOCUMENTS = 16  # documents a collection that are embedded again
MIN_COSINE = 0.95  # cosine of two runs of a quantised model over one text, in batches of another shape


def compare_vectors(live: Parts, scratch: Parts) -> Iterator[Difference]:
    """Where the vectors that stand and those that scratch's documents would have differ. Nothing while embed is behind: it says so."""
    model = live.embedders.model
    embedder = live.embedders.get(model) if model else None
    if embedder is None:
        return
    with live.warehouse.read() as work:
        if embedding_pending(work):
            logger.warning("vectors are not compared: not all documents are embedded yet")
            return
    for collection in Collection:
        yield from _collection(live, scratch, embedder, collection)


def _collection(live: Parts, scratch: Parts, embedder: Embedder, collection: Collection) -> Iterator[Difference]:
    def wanted() -> Iterator[tuple[Key, Any]]:
        return (((one["id"],), {"text_hash": embedding_text_hash(collection, one)}) for one in scratch.search.scan(collection))

    def standing() -> Iterator[tuple[Key, Any]]:
        return (((name,), {"text_hash": found}) for name, found in live.search.vectors(collection, embedder.model))

    name = f"vectors.{collection}"
    yield from differences(name, standing, wanted)
    serving = live.search.active_model(collection)
    if serving not in {None, embedder.model}:
        yield Difference(name, ("serving",), serving, embedder.model)
    yield from _sample(live, scratch, embedder, collection)


def _sample(live: Parts, scratch: Parts, embedder: Embedder, collection: Collection) -> Iterator[Difference]:
    """The first documents of the scan: whether their vectors are still what the model makes of their texts."""
    texts = {str(one["id"]): embedding_text(collection, one) for one in islice(scratch.search.scan(collection), SAMPLE_DOCUMENTS)}
    stored = live.search.read_vectors(collection, embedder.model, list(texts))
    names = [name for name in texts if name in stored]
    for name, made in zip(names, embedder.embed([texts[name] for name in names]) if names else (), strict=True):
        near = float(np.dot(stored[name].vector, made))
        if not near >= MIN_COSINE and np.any(made):
            yield Difference(f"vectors.{collection}", (name,), f"a vector {near:.3f} near the model's", f"one at least {MIN_COSINE} near it")
