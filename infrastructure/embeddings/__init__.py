"""Embedding models: two packaged ones, or an OpenAI-compatible endpoint."""

from infrastructure.embeddings.model_choice import ConfiguredModels

__all__ = ["ConfiguredModels"]
