"""Vectors of words, averaged (model2vec's distillate of the same transformer): ten times as fast and weaker; English, 256 numbers a text."""

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
    """Loaded at the first text; threads may share it. A text without a known word has a row of zeros: it is near nothing."""

    model = "static-minilm-256"
    dimension = 256

    def __init__(self, folder: Path = FOLDER) -> None:
        self._folder = folder
        self._loading = threading.Lock()

    def embed(self, texts: Sequence[str]) -> Vectors:
        """A row of length 1 a text."""
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
