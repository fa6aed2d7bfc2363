"""Vectors of documents on disk: append-only, memory-mapped files with one writer at a time."""

from infrastructure.search.embedded.vectors.vector_log import NONE, Snapshot
from infrastructure.search.embedded.vectors.vector_sets import VectorSets

__all__ = ["NONE", "Snapshot", "VectorSets"]
