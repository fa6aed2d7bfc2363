"""Models that turn texts into vectors: two that come with the package, or an endpoint."""

from infrastructure.embeddings.choice import Models

__all__ = ["Models"]
