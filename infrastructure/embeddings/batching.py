"""Batches texts of similar length: less padding is faster."""

from collections.abc import Callable, Sequence

import numpy as np

from services.ports.embeddings import Vectors

TEXT_MAX_CHARACTERS = 2_000  # longer texts exceed the tokens of every model


def in_length_batches(
    texts: Sequence[str], batch: int, dimension: int, embed: Callable[[list[str]], Vectors]
) -> Vectors:
    """The rows of `embed`, called for `batch` texts at a time, shortest first; in the order of `texts`."""
    shortened = [text[:TEXT_MAX_CHARACTERS] for text in texts]
    order = sorted(range(len(shortened)), key=lambda i: len(shortened[i]))
    rows = np.zeros((len(shortened), dimension), dtype=np.float32)
    for start in range(0, len(order), batch):
        indexes = order[start : start + batch]
        rows[indexes] = embed([shortened[i] for i in indexes])
    return rows
