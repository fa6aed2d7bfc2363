"""Restores search documents that the engine lost, for example by a crash of its server: compares the ids in gold and
search.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from loguru import logger

from domain.search.queries import Collection
from domain.search.search_documents import passage_id
from domain.shared.errors import RetryableError
from services.pipeline.backlog import index_pending
from services.pipeline.indexing.index import index_files, index_organizations, index_processes
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork
from services.search.index_pause import check_still_paused, pause, resume
from services.search.search_documents import WRITE_DOCUMENTS

PAGE_IDS = 10_000
T = TypeVar("T")
Ids = dict[Collection, set[str]]


def write_missing(parts: Parts) -> int:
    """Write the documents that search lacks, and delete those that gold lacks; returns their number.

    Does nothing while the index stage has work, the search engine is unavailable, or a server is still loading:
    then its count changes between two checks.
    """
    try:
        first = _different(parts)
        return _write_differences(parts) if first and first == _different(parts) else 0
    except RetryableError as error:
        logger.debug("the search engine is unavailable: {}", error.detail)
        return 0


def _different(parts: Parts) -> Ids:
    """The ids that only gold or only search has, by collection; empty ones are left out."""
    with parts.warehouse.read() as work:
        if index_pending(work):
            return {}
        wanted = {collection: _count(work, collection) for collection in Collection}
    uneven = [collection for collection, count in wanted.items() if parts.search.count(collection) != count]
    in_search = {collection: set(parts.search.ids(collection)) for collection in uneven}
    with parts.warehouse.read() as work:
        different = {collection: _gold(work, collection) ^ ids for collection, ids in in_search.items()}
    return {collection: ids for collection, ids in different.items() if ids}


def _write_differences(parts: Parts) -> int:
    """Write the documents while the index stage is paused, so that newer ones are not overwritten."""
    holder, _ = pause(parts)
    try:
        different = _different(parts)
        for collection, ids in different.items():
            logger.warning("search differs from gold in {} of its {}; writing them again", len(ids), collection)
            _write(parts, collection, sorted(ids))
            check_still_paused(parts, holder)
        return sum(map(len, different.values()))
    finally:
        resume(parts, holder)


def _write(parts: Parts, collection: Collection, ids: Sequence[str]) -> None:
    if collection is Collection.DOCUMENTS:
        records = {one.rpartition("-")[0] for one in ids}
        with parts.warehouse.read() as work:
            files = [one for one in _all(work.document_files.after, lambda one: one[0]) if one[0] in records]
        index_files(parts, files)
        parts.search.delete(
            collection, [one for one in ids if one.rpartition("-")[0] not in {record for record, _ in files}]
        )
        return
    write = index_processes if collection is Collection.PROCESSES else index_organizations
    for start in range(0, len(ids), WRITE_DOCUMENTS):
        write(parts, ids[start : start + WRITE_DOCUMENTS])


def _count(work: ReadUnitOfWork, collection: Collection) -> int:
    if collection is Collection.DOCUMENTS:
        return int(work.document_files.count_passages())
    return int(
        work.search_rows.count_processes()
        if collection is Collection.PROCESSES
        else work.search_rows.count_organizations()
    )


def _gold(work: ReadUnitOfWork, collection: Collection) -> set[str]:
    if collection is Collection.DOCUMENTS:
        return {
            passage_id(record, number)
            for record, most in _all(work.document_files.after, lambda one: one[0])
            for number in range(most)
        }
    read = work.search_rows.ocids if collection is Collection.PROCESSES else work.search_rows.organization_ids
    return set(_all(read, lambda one: one))


def _all(read: Callable[[str, int], list[T]], key: Callable[[T], str]) -> Iterable[T]:
    last = ""
    while page := read(last, PAGE_IDS):
        yield from page
        last = key(page[-1])
