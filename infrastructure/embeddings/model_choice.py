"""Which models are at hand: the one that the settings choose, and those in the package, for vectors that an earlier choice left."""

import threading
from urllib.parse import urlsplit

from infrastructure.embeddings.minilm import MiniLM
from infrastructure.embeddings.openai_endpoint import OpenAIEndpoint
from infrastructure.embeddings.static_model import StaticEmbedder
from services.ports.embeddings import Embedder

PACKAGED: dict[str, type[MiniLM] | type[StaticEmbedder]] = {"minilm": MiniLM, "static": StaticEmbedder}


class ConfiguredModels:
    """The port `Embedders`. `choice` is minilm, static, off, or the URL of an endpoint, whose model `name` names; nothing loads before it is used."""

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
        """The chosen model's name; None where embeddings are off."""
        return self._chosen.model if self._chosen else None

    def get(self, model: str) -> Embedder | None:
        """The model of that name, if it is the chosen one or in the package."""
        if self._chosen is None or self._chosen.model == model:
            return self._chosen
        with self._making:
            found = next((made for made in PACKAGED.values() if made.model == model), None)
            if found is not None and model not in self._others:
                self._others[model] = found()
            return self._others.get(model)
