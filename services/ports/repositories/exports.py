"""Repository of exports that run as jobs."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from domain.exports.order import Export


class ExportReader(Protocol):
    """Queries about exports."""

    def get(self, job_id: str) -> Export | None: ...
    def unfinished(self) -> list[str]: ...
    def ids(self) -> list[str]: ...
    def expired(self, at: datetime) -> list[str]: ...


class ExportWriter(ExportReader, Protocol):
    """The table of exports."""

    def add(self, export: Export) -> None: ...
    def finish(self, job_id: str, expires_at: datetime) -> None: ...
    def delete(self, job_ids: Sequence[str]) -> None: ...
