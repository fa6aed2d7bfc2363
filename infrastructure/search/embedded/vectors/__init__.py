"""Vectors of documents on disk, beside the words: append-only files, memory-mapped, one writer at a time."""

from infrastructure.search.embedded.vectors.log import Snapshot
from infrastructure.search.embedded.vectors.sets import VectorSets

__all__ = ["Snapshot", "VectorSets"]
