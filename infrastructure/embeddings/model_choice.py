"""The available embedding models: the configured one, and the packaged ones for vectors of an earlier choice."""

import threading
from urllib.parse import urlsplit

from infrastructure.embeddings.minilm import MiniLM
from infrastructure.embeddings.openai_endpoint import OpenAIEndpoint
from infrastructure.embeddings.static_model import StaticEmbedder
from services.ports.embeddings import Embedder

PACKAGED: dict[str, type[MiniLM] | type[StaticEmbedder]] = {"minilm": MiniLM, "static": StaticEmbedder}


class ConfiguredModels:
    """The port `Embedders`; a model is loaded at its first use.

    `choice`: minilm, static, off, or the URL of an endpoint, whose model is `name`.
    """

    def __init__(self, choice: str, name: str | None = None, key: str | None = None) -> None:
        self._chosen: Embedder | None = None
        if choice in PACKAGED:
            self._chosen = PACKAGED[choice]()
        elif choice != "off":
            self._chosen = OpenAIEndpoint(choice, name or urlsplit(choice).hostname or choice, key)
        self._others: dict[str, Embedder] = {}
        self._making = threading.Lock()

    @property
    def model(self) -> str | None:
        """The name of the configured model; None if embeddings are off."""
        return self._chosen.model if self._chosen else None

    def get(self, model: str) -> Embedder | None:
        """The model of that name, if it is the configured one or packaged."""
        if self._chosen is None or self._chosen.model == model:
            return self._chosen
        with self._making:
            found = next((made for made in PACKAGED.values() if made.model == model), None)
            if found is not None and model not in self._others:
                self._others[model] = found()
            return self._others.get(model)
