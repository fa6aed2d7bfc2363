"""The packaged static model (word vectors distilled from the same transformer by model2vec, averaged).

Ten times faster and weaker; English, 256 dimensions.
"""

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from infrastructure.embeddings.batching import in_length_batches
from services.ports.embeddings import Vectors

FOLDER = Path(__file__).parent / "models" / "static-minilm-256"
BATCH_TEXTS = 1_024


class StaticEmbedder:
    """The model, loaded at the first text; may be shared by threads. A text without known words has a row of zeros."""

    model = "static-minilm-256"
    dimension = 256

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._loading = threading.Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row of length 1 per text."""
        with self._loading:
            loaded = self._loaded

        def run(batch: list[str]) -> Vectors:
            found: Vectors = loaded.encode(batch, use_multiprocessing=False)
            return found

        return in_length_batches(texts, BATCH_TEXTS, self.dimension, run)

    @cached_property
    def _loaded(self) -> Any:
        from model2vec import StaticModel

        return StaticModel.from_pretrained(str(self._folder))
