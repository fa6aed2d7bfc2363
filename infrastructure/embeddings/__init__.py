"""Models that turn texts into vectors: two that come with the package, or an endpoint."""

from infrastructure.embeddings.model_choice import ConfiguredModels

__all__ = ["ConfiguredModels"]
