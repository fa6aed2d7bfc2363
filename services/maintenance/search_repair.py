"""Restores search documents that the engine lost, for example by a crash of its server: compares the ids in gold and
search.
"""

from collections.abc import Sequence

from loguru import logger

from domain.search.queries import Collection
from domain.shared.errors import RetryableError
from services.pipeline.backlog import index_pending
from services.ports.parts import Parts
from services.ports.search import SearchIndex
from services.ports.warehouse import Warehouse
from services.search.index_pause import check_still_paused, pause, resume
from services.search.indexers import INDEXERS, slices

PAGE_KEYS = 10_000
Ids = dict[Collection, set[str]]


def write_missing(parts: Parts) -> int:
    """Write the documents that search lacks, and delete those that gold lacks; returns their number.

    Does nothing while the index stage has work, the search engine is unavailable, or a server is still loading:
    then its count changes between two checks.
    """
    try:
        first = _different(parts.warehouse, parts.search)
        return _write_differences(parts) if first and first == _different(parts.warehouse, parts.search) else 0
    except RetryableError as error:
        logger.debug("the search engine is unavailable: {}", error.detail)
        return 0


def _different(warehouse: Warehouse, search: SearchIndex) -> Ids:
    """The ids that only gold or only search has, by collection; empty ones are left out."""
    with warehouse.read() as work:
        if index_pending(work):
            return {}
        wanted = {collection: indexer.count(work) for collection, indexer in INDEXERS.items()}
    uneven = [collection for collection, count in wanted.items() if search.count(collection) != count]
    in_search = {collection: set(search.ids(collection)) for collection in uneven}
    different = {collection: ids ^ _gold(warehouse, collection) for collection, ids in in_search.items()}
    return {collection: ids for collection, ids in different.items() if ids}


def _write_differences(parts: Parts) -> int:
    """Write the documents while the index stage is paused, so that newer ones are not overwritten."""
    holder, _ = pause(parts)
    try:
        different = _different(parts.warehouse, parts.search)
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
