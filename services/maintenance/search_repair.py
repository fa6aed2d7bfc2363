"""Restores search documents that the engine lost, for example by a crash of its server: compares the ids in gold and
search.
"""

from collections.abc import Sequence

from loguru import logger

from domain.search.queries import Collection
from domain.shared.errors import RetryableError
from services.pipeline.backlog import index_pending
from services.ports.parts import Parts
from services.ports.warehouse import Warehouse
from services.search.index_pause import check_still_paused, pause, resume
from services.search.indexers import INDEXERS, slices

PAGE_KEYS = 10_000
Ids = dict[Collection, set[str]]


class SearchRepair:
    """Writes the documents that search lacks, and deletes those that gold lacks.

    Compares counts; once after the start and after each outage of the search engine also the ids, since a restarted
    server may lack one document and have another one again.
    """

    def __init__(self) -> None:
        self._compare_ids = True

    def run(self, parts: Parts) -> int:
        """Returns the number of documents.

        Does nothing while the index stage has work, the search engine is unavailable, or a server is still loading:
        then its count changes between two checks.
        """
        try:
            different = self._different(parts)
            if different == {}:
                self._compare_ids = False
            return self._write_differences(parts) if different and different == self._different(parts) else 0
        except RetryableError as error:
            logger.debug("the search engine is unavailable: {}", error.detail)
            self._compare_ids = True
            return 0

    def _different(self, parts: Parts) -> Ids | None:
        """The ids that only gold or only search has, by collection; None while the index stage has work."""
        with parts.warehouse.read() as work:
            if index_pending(work):
                return None
            counts = {collection: indexer.count(work) for collection, indexer in INDEXERS.items()}
        different = {
            collection: set(parts.search.ids(collection)) ^ _gold(parts.warehouse, collection)
            for collection, count in counts.items()
            if self._compare_ids or parts.search.count(collection) != count
        }
        return {collection: ids for collection, ids in different.items() if ids}

    def _write_differences(self, parts: Parts) -> int:
        """Write the documents while the index stage is paused, so that newer ones are not overwritten."""
        holder, _ = pause(parts)
        try:
            different = self._different(parts) or {}
            for collection, ids in different.items():
                logger.warning("search differs from gold in {} of its {}; writing them again", len(ids), collection)
                _write(parts, collection, sorted(ids))
                check_still_paused(parts, holder)
            return sum(map(len, different.values()))
        finally:
            resume(parts, holder)


def _write(parts: Parts, collection: Collection, ids: Sequence[str]) -> None:
    indexer = INDEXERS[collection]
    for part in slices(indexer.keys_of(ids)):
        parts.search.write(collection, *indexer.changes(parts.warehouse, parts.lake, part))


def _gold(warehouse: Warehouse, collection: Collection) -> set[str]:
    indexer = INDEXERS[collection]
    return {one for page in indexer.pages(warehouse, PAGE_KEYS) for one in indexer.ids_of(page)}
