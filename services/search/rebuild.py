"""Rebuilds the search index from gold without downtime: fill new indexes, catch up with changes, swap.

If the process is killed before the swap, the active index keeps serving.
"""

from collections.abc import Sequence

from loguru import logger

from domain.search.queries import Collection
from services.ports.parts import Parts
from services.ports.search import IndexRebuild
from services.ports.warehouse import Warehouse
from services.search.index_pause import check_still_paused, pause, resume
from services.search.indexers import INDEXERS, DocumentKey, slices
from services.search.lost_collections import restart_embedding_if_lost

PAGE_KEYS = 2_000
CATCH_UP_ROUNDS = 3  # catch-up runs before the index stage is paused for the last one


def rebuild_search(parts: Parts) -> int:
    """Rebuild the index of every collection from gold and swap it in; returns the number of documents."""
    since = _indexed(parts.warehouse)
    rebuilds: dict[Collection, IndexRebuild] = {}
    try:
        for collection in Collection:
            rebuilds[collection] = parts.search.begin_rebuild(collection)
        written = _fill(parts, rebuilds)
        for _ in range(CATCH_UP_ROUNDS):
            since = _follow(parts, rebuilds, since, _indexed(parts.warehouse))
        _swap(parts, rebuilds, since)
    except BaseException:
        for rebuild in rebuilds.values():
            _drop(rebuild)
        raise
    if any(0 < parts.search.count_vectors(one) < parts.search.count(one) for one in Collection):
        restart_embedding_if_lost(
            parts.warehouse, parts.search, lost=True
        )  # vectors written during the rebuild may be in the old index only
    return written


def _swap(parts: Parts, rebuilds: dict[Collection, IndexRebuild], since: int) -> None:
    """Apply the last changes while the index stage is paused, then swap in the rebuilt indexes."""
    holder, until = pause(parts)
    try:
        _follow(parts, rebuilds, since, until)
        check_still_paused(parts, holder)
        for collection in list(rebuilds):
            rebuilds.pop(collection).swap()  # possibly active from here on: a failure must not discard it
    finally:
        resume(parts, holder)


def _fill(parts: Parts, rebuilds: dict[Collection, IndexRebuild]) -> int:
    pages = {one: INDEXERS[one].pages(parts.warehouse, PAGE_KEYS) for one in rebuilds}
    return sum(_write(parts, one, rebuilds[one], keys) for one, found in pages.items() for keys in found)


def _follow(parts: Parts, rebuilds: dict[Collection, IndexRebuild], since: int, until: int) -> int:
    """Index the documents that silver batches in (`since`, `until`] touched; returns `until`."""
    with parts.warehouse.read() as work:
        touched = {one: INDEXERS[one].keys_touched(work, parts.lake, since, until) for one in rebuilds}
    for collection, keys in touched.items():
        _write(parts, collection, rebuilds[collection], keys)
    return until


def _write(parts: Parts, collection: Collection, rebuild: IndexRebuild, keys: Sequence[DocumentKey]) -> int:
    """Write the documents of the keys, and delete those that no longer exist; returns the number written."""
    written = 0
    for part in slices(keys):
        written += rebuild.write(*INDEXERS[collection].changes(parts.warehouse, parts.lake, part))
    return written


def _drop(rebuild: IndexRebuild) -> None:
    try:
        rebuild.discard()
    except Exception as error:  # pylint: disable=broad-exception-caught  # the rebuild's own error is raised instead
        logger.warning("an unfinished index could not be removed: {}", error)


def _indexed(warehouse: Warehouse) -> int:
    with warehouse.read() as work:
        return int(work.watermarks.get("index").silver_batch)
