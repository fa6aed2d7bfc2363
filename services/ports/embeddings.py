"""Embedding models."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """A model that turns texts into vectors of length 1, near each other where their meaning is."""

    @property
    def model(self) -> str:
        """The model's name: other vectors have another name."""

    @property
    def dimension(self) -> int:
        """Numbers of a vector; an endpoint may have to be asked once."""

    def __hash__(self) -> int: ...

    def embed(self, texts: Sequence[str]) -> Vectors:
        """A row a text, in their order.

        InvalidError for texts that the model refuses; UnavailableError where it does not answer (well).
        """


class EmbeddingModels(Protocol):
    """The models at hand; None from both where embeddings are off."""

    @property
    def model(self) -> str | None:
        """The name of the one that the settings choose."""

    def get(self, model: str) -> Embedder | None:
        """The one of that name, loaded at its first use; None where it can't be had here."""


class NoEmbeddingModels:
    """`Embedders` where embeddings are off."""

    @property
    def model(self) -> str | None:
        """None is chosen."""
        return None

    def get(self, model: str) -> Embedder | None:
        """There is none."""
