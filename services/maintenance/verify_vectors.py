"""Verify for vectors: each document has one of the configured model and its current text.

A sample is embedded again.
"""

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
from services.ports.search import SearchIndex, VectorIndex

SAMPLE_DOCUMENTS = 16  # documents per collection that are embedded again
MIN_COSINE = 0.95  # least cosine between two runs of a quantised model on one text, in different batches


def compare_vectors(live: Parts, scratch: Parts) -> Iterator[Difference]:
    """Differences between stored vectors and those needed for scratch's documents.

    None, with a warning, if embed is behind.
    """
    model = live.embedders.model
    embedder = live.embedders.get(model) if model else None
    if embedder is None:
        return
    with live.warehouse.read() as work:
        if embedding_pending(work):
            logger.warning("vectors are not compared: not all documents are embedded yet")
            return
    for collection in Collection:
        yield from _collection(live.search, scratch.search, embedder, collection)


def _collection(
    live: VectorIndex, scratch: SearchIndex, embedder: Embedder, collection: Collection
) -> Iterator[Difference]:
    def wanted() -> Iterator[tuple[Key, Any]]:
        return (
            ((document["id"],), {"text_hash": embedding_text_hash(collection, document)})
            for document in scratch.scan(collection)
        )

    def stored_vectors() -> Iterator[tuple[Key, Any]]:
        return (((name,), {"text_hash": found}) for name, found in live.vectors(collection, embedder.model))

    name = f"vectors.{collection}"
    yield from differences(name, stored_vectors, wanted)
    serving = live.active_model(collection)
    if serving not in {None, embedder.model}:
        yield Difference(name, ("serving",), serving, embedder.model)
    yield from _sample(live, scratch, embedder, collection)


def _sample(
    live: VectorIndex, scratch: SearchIndex, embedder: Embedder, collection: Collection
) -> Iterator[Difference]:
    """Whether the vectors of the first documents are still those that the model computes."""
    texts = {
        str(document["id"]): embedding_text(collection, document)
        for document in islice(scratch.scan(collection), SAMPLE_DOCUMENTS)
    }
    stored = live.read_vectors(collection, embedder.model, list(texts))
    names = [name for name in texts if name in stored]
    for name, computed in zip(names, embedder.embed([texts[name] for name in names]) if names else (), strict=True):
        cosine = float(np.dot(stored[name].vector, computed))
        if not cosine >= MIN_COSINE and np.any(computed):
            found, expected = f"a vector with cosine {cosine:.3f} to the model's", f"a cosine of at least {MIN_COSINE}"
            yield Difference(f"vectors.{collection}", (name,), found, expected)
