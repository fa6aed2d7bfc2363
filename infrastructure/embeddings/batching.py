"""Batches of texts of like length: what is padded least is computed fastest."""

from collections.abc import Callable, Sequence

import numpy as np

from services.ports.embeddings import Vectors

TEXT_MAX_CHARACTERS = 2_000  # characters of a text that are read: more than the tokens that a model takes


def in_length_batches(texts: Sequence[str], batch: int, dimension: int, embed: Callable[[list[str]], Vectors]) -> Vectors:
    """The rows of `embed`, called with at most `batch` texts at a time, the shortest first; in the order of `texts`."""
    cut = [text[:TEXT_MAX_CHARACTERS] for text in texts]
    order = sorted(range(len(cut)), key=lambda i: len(cut[i]))
    rows = np.zeros((len(cut), dimension), dtype=np.float32)
    for start in range(0, len(order), batch):
        chosen = order[start : start + batch]
        rows[chosen] = embed([cut[i] for i in chosen])
    return rows
