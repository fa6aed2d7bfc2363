"""An installation inside this process, without its queue: for benchmarks below the API.

With TENDERLAKE_TEST_TYPESENSE_URL and TENDERLAKE_TEST_TYPESENSE_API_KEY it searches on that server, in its
own collections.
"""

import atexit
import os
import uuid
from collections import deque
from dataclasses import replace
from pathlib import Path

from domain.search.search_documents import SPECS
from infrastructure.bootstrap import bootstrap
from infrastructure.scratch_installation import DiscardingMessageQueue
from infrastructure.search.typesense.engine import TypesenseSearch
from infrastructure.settings import Settings
from infrastructure.warehouse.migrate import upgrade
from services.pipeline.embedding.embed import apply_chosen_model
from services.pipeline.stages import STAGES as REGISTRY
from services.ports.parts import Parts
from services.uploads.submission import submit

STAGES = {stage.name: stage for stage in REGISTRY if stage.name not in {"deliver", "erase"}}


class Waiting(DiscardingMessageQueue):
    """Adapter of the port `MessageQueue` that keeps messages until `drain`."""

    def __init__(self) -> None:
        self._messages: deque[tuple[str, ...]] = deque()

    def send(self, actor: str, *args: str) -> None:
        """Queue the message unless it is queued already."""
        if actor in STAGES and (actor, *args) not in self._messages:
            self._messages.append((actor, *args))

    def pending(self, actor: str) -> set[tuple[str, ...]]:
        """Return the arguments of the queued messages."""
        return {message[1:] for message in self._messages if message[0] == actor}

    def drain(self, parts: Parts) -> None:
        """Handle all messages, and those that follow from them."""
        while self._messages:
            name, *args = self._messages.popleft()
            STAGES[name](parts, *args)


def inside(folder: Path, embeddings: str) -> tuple[Parts, Waiting]:
    """Create an empty installation; return its parts and its messages."""
    settings = Settings(data_dir=folder, embeddings=embeddings)
    upgrade(settings.warehouse_url)
    waiting = Waiting()
    parts = replace(bootstrap(settings), messages=waiting)
    if url := os.environ.get("TENDERLAKE_TEST_TYPESENSE_URL"):
        parts = replace(parts, search=_on_server(url))
    apply_chosen_model(parts.warehouse, parts.embedders)
    return parts, waiting


def _on_server(url: str) -> TypesenseSearch:
    """Search on a server, in collections that are deleted when this process ends."""
    prefix = f"bench-{uuid.uuid4().hex[:8]}-"
    search = TypesenseSearch(url, os.environ["TENDERLAKE_TEST_TYPESENSE_API_KEY"], SPECS, prefix=prefix)

    def remove() -> None:
        for collection in search.client.api.collections.retrieve():
            if collection["name"].startswith(prefix):
                search.client.api.collections[collection["name"]].delete()

    atexit.register(remove)
    return search


def load(parts: Parts, waiting: Waiting, file: Path) -> None:
    """Load a file, up to its vectors."""
    sha256, size = parts.files.copy(file)
    submit(parts.warehouse, parts.messages, sha256=sha256, size=size, filename=file.name, actor="bench")
    waiting.drain(parts)
