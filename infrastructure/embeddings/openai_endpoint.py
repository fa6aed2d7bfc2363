"""An OpenAI-compatible endpoint for embeddings (`POST …/embeddings`), of any dimension.

Responses are checked: one row per text, all of one length, all finite numbers. Temporary failures are retried.
"""

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import httpx
import numpy as np
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_exponential_jitter

from domain.shared.errors import InvalidError, UnavailableError
from infrastructure.embeddings.batching import TEXT_MAX_CHARACTERS
from services.ports.embeddings import Vectors

BATCH_TEXTS = 64
ATTEMPTS = 4
BUSY_STATUSES = {408, 409, 425, 429}
REFUSED_STATUSES = {400, 413, 422}  # statuses that blame a text


class OpenAIEndpoint:
    """The model `name` at `url`: the root of the API (`…/v1`), or the full path to `/embeddings`."""

    def __init__(self, url: str, name: str, key: str | None = None, timeout: float = 30.0, pause: float = 0.5) -> None:
        self.model = name
        self._url = url if url.rstrip("/").endswith("/embeddings") else f"{url.rstrip('/')}/embeddings"
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._timeout = timeout
        self._pause = pause
        self._opening = threading.Lock()
        self._dimension: int | None = None

    @property
    def dimension(self) -> int:
        """The length of the vectors; the first call embeds a word to learn it."""
        if self._dimension is None:
            self.embed(["dimension"])
        return self._dimension or 0

    def embed(self, texts: Sequence[str]) -> Vectors:
        """One row of length 1 per text. InvalidError for refused texts, UnavailableError for other failures."""
        parts = [
            self._try([text[:TEXT_MAX_CHARACTERS] or " " for text in texts[start : start + BATCH_TEXTS]])
            for start in range(0, len(texts), BATCH_TEXTS)
        ]
        return np.concatenate(parts) if parts else np.zeros((0, self.dimension), dtype=np.float32)

    def _try(self, texts: list[str]) -> Vectors:
        wait = wait_exponential_jitter(multiplier=self._pause, max=10, jitter=self._pause)
        attempts = ATTEMPTS if len(texts) > 1 else 1  # a single text is a search query, which must not wait
        retrying = Retrying(
            retry=retry_if_exception_type(UnavailableError), stop=stop_after_attempt(attempts), wait=wait, reraise=True
        )
        found: Vectors = retrying(self._post, texts)
        return found

    def _post(self, texts: list[str]) -> Vectors:
        try:
            answer = self._client.post(
                self._url, json={"model": self.model, "input": texts, "encoding_format": "float"}
            )
            content = answer.json() if answer.is_success else None
        except (httpx.HTTPError, ValueError) as error:
            raise UnavailableError(f"The embedding endpoint does not answer: {type(error).__name__} {error}") from error
        if answer.status_code in REFUSED_STATUSES:
            raise InvalidError(f"The embedding endpoint refused the texts: {answer.status_code} {answer.text[:200]}")
        if not answer.is_success:
            raise UnavailableError(f"The embedding endpoint answered {answer.status_code}{_hint(answer.status_code)}")
        return self._read(content, len(texts))

    def _read(self, content: Any, texts: int) -> Vectors:
        try:
            data = sorted(content["data"], key=lambda item: item["index"])
            rows = np.array([item["embedding"] for item in data], dtype=np.float32)
        except (KeyError, TypeError, ValueError) as error:
            raise UnavailableError(
                f"The embedding endpoint's answer can't be read: {type(error).__name__} {error}"
            ) from error
        if rows.ndim != 2 or [item["index"] for item in data] != list(range(texts)):
            raise UnavailableError(f"The embedding endpoint answered {len(rows)} vectors for {texts} texts")
        if self._dimension not in {None, rows.shape[1]}:
            raise UnavailableError(
                f"The embedding endpoint answered vectors of {rows.shape[1]} numbers, earlier ones had "
                f"{self._dimension}"
            )
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or not lengths.all():
            raise UnavailableError(
                "The embedding endpoint answered a vector of zeros, or with values that are no numbers"
            )
        self._dimension = int(rows.shape[1])
        unit: Vectors = rows / lengths
        return unit

    @cached_property
    def _client(self) -> httpx.Client:
        with self._opening:
            return httpx.Client(headers=self._headers, timeout=self._timeout)


def _hint(status: int) -> str:
    return (
        "; is TENDERLAKE_EMBEDDINGS_KEY right?"
        if status in {401, 403}
        else ", too many calls"
        if status in BUSY_STATUSES
        else ""
    )
