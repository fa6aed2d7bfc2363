"""Rebuilds the search index from gold without downtime: fill new indexes, catch up with changes, swap.

If the process is killed before the swap, the active index keeps serving.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from loguru import logger

from domain.search.queries import Collection, SearchDocument
from services.ports.parts import Parts
from services.ports.search import IndexRebuild
from services.search.index_pause import check_still_paused, pause, resume
from services.search.lost_collections import restart_embedding_if_lost
from services.search.search_documents import (
    file_documents,
    group_files,
    organization_documents,
    passage_ids,
    process_documents,
)

T = TypeVar("T")


CHUNK_DOCUMENTS = 2_000


CATCH_UP_ROUNDS = 3  # catch-up runs before the index stage is paused for the last one


Files = Sequence[tuple[str, int]]


def rebuild_search(parts: Parts) -> int:
    """Rebuild the index of every collection from gold and swap it in; returns the number of documents."""
    since = _indexed(parts)
    rebuilds: dict[Collection, IndexRebuild] = {}
    try:
        for collection in Collection:
            rebuilds[collection] = parts.search.begin_rebuild(collection)
        written = _fill(parts, rebuilds)
        for _ in range(CATCH_UP_ROUNDS):
            since = _follow(parts, rebuilds, since, _indexed(parts))
        _swap(parts, rebuilds, since)
    except BaseException:
        for rebuild in rebuilds.values():
            _drop(rebuild)
        raise
    if any(0 < parts.search.count_vectors(one) < parts.search.count(one) for one in Collection):
        restart_embedding_if_lost(parts, lost=True)  # vectors written during the rebuild may be in the old index only
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
    written = 0
    for page in _pages(lambda last: _ocids(parts, last), lambda one: one):
        written += _put(rebuilds[Collection.PROCESSES], process_documents(parts, page), ())
    for page in _pages(lambda last: _organizations(parts, last), lambda one: one):
        written += _put(rebuilds[Collection.ORGANIZATIONS], organization_documents(parts, page), ())
    for files in _pages(lambda last: _files(parts, last), lambda one: one[0]):
        for group in group_files(files):
            written += _put(rebuilds[Collection.DOCUMENTS], file_documents(parts, group), ())
    return written


def _follow(parts: Parts, rebuilds: dict[Collection, IndexRebuild], since: int, until: int) -> int:
    """Index the documents that silver batches in (`since`, `until`] touched; returns `until`."""
    if until <= since:
        return until
    with parts.warehouse.read() as work:
        batches = [batch.id for batch in work.batches.silver_after(since, until)]
        organizations = work.search_rows.touched_organizations(since, until)
        files = work.document_files.touched(since, until)
    ocids = sorted(set(parts.lake.read_silver("process", batches, ["silver_batch", "ocid"])["ocid"])) if batches else []
    for start in range(0, len(ocids), CHUNK_DOCUMENTS):
        chunk = ocids[start : start + CHUNK_DOCUMENTS]
        _put(rebuilds[Collection.PROCESSES], process_documents(parts, chunk), chunk)
    for start in range(0, len(organizations), CHUNK_DOCUMENTS):
        chunk = list(organizations[start : start + CHUNK_DOCUMENTS])
        _put(rebuilds[Collection.ORGANIZATIONS], organization_documents(parts, chunk), chunk)
    for group in group_files(files):
        _put(rebuilds[Collection.DOCUMENTS], file_documents(parts, group), passage_ids(group))
    return until


def _put(rebuild: IndexRebuild, documents: Sequence[SearchDocument], touched: Sequence[str]) -> int:
    """Write the documents; delete those among `touched` that no longer exist."""
    existing = {document["id"] for document in documents}
    rebuild.write(documents, sorted(set(touched) - existing))
    return len(documents)


def _drop(rebuild: IndexRebuild) -> None:
    try:
        rebuild.discard()
    except Exception as error:  # pylint: disable=broad-exception-caught  # the rebuild's own error is raised instead
        logger.warning("an unfinished index could not be removed: {}", error)


def _indexed(parts: Parts) -> int:
    with parts.warehouse.read() as work:
        return int(work.watermarks.get("index").silver_batch)


def _pages(read: Callable[[str], list[T]], key: Callable[[T], str]) -> Iterator[list[T]]:
    last = ""
    while page := read(last):
        yield page
        last = key(page[-1])


def _ocids(parts: Parts, last: str) -> list[str]:
    with parts.warehouse.read() as work:
        return list(work.search_rows.ocids(last, CHUNK_DOCUMENTS))


def _organizations(parts: Parts, last: str) -> list[str]:
    with parts.warehouse.read() as work:
        return list(work.search_rows.organization_ids(last, CHUNK_DOCUMENTS))


def _files(parts: Parts, last: str) -> list[tuple[str, int]]:
    with parts.warehouse.read() as work:
        return list(work.document_files.after(last, CHUNK_DOCUMENTS))
