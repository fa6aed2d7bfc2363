"""Search made anew from gold without a gap: a fresh index is filled while the old one serves, changes made meanwhile follow, then they swap.

Killed anywhere before the swap, the old index goes on serving.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from loguru import logger

from domain.search.queries import Collection, SearchDocument
from services.ports.parts import Parts
from services.ports.search import IndexRebuild
from services.search.index_pause import check_still_paused, pause, resume
from services.search.lost_collections import restart_embedding_if_lost
from services.search.search_documents import file_documents, group_files, organization_documents, passage_ids, process_documents

T = TypeVar("T")


CHUNK_DOCUMENTS = 2_000


CATCH_UP_ROUNDS = 3  # times that changes made meanwhile are followed before the index stage is held


Files = Sequence[tuple[str, int]]


def rebuild_search(parts: Parts) -> int:
    """Fill a fresh index of each collection from gold, and have them serve; how many documents."""
    since = _indexed(parts)
    fresh: dict[Collection, IndexRebuild] = {}
    try:
        for collection in Collection:
            fresh[collection] = parts.search.begin_rebuild(collection)
        written = _fill(parts, fresh)
        for _ in range(CATCH_UP_ROUNDS):
            since = _follow(parts, fresh, since, _indexed(parts))
        _swap(parts, fresh, since)
    except BaseException:
        for one in fresh.values():
            _drop(one)
        raise
    if any(0 < parts.search.count_vectors(one) < parts.search.count(one) for one in Collection):
        restart_embedding_if_lost(parts, lost=True)  # vectors that were written meanwhile may have stayed with the old one
    return written


def _swap(parts: Parts, fresh: dict[Collection, IndexRebuild], since: int) -> None:
    """Follow the last changes while nothing else is written, and put the fresh ones in place."""
    until = pause(parts)
    try:
        _follow(parts, fresh, since, until)
        check_still_paused(parts)
        for collection in list(fresh):
            fresh.pop(collection).swap()  # it may serve from here on: whatever fails must not remove it
    finally:
        resume(parts)


def _fill(parts: Parts, fresh: dict[Collection, IndexRebuild]) -> int:
    written = 0
    for page in _pages(lambda last: _ocids(parts, last), lambda one: one):
        written += _put(fresh[Collection.PROCESSES], process_documents(parts, page), ())
    for page in _pages(lambda last: _organizations(parts, last), lambda one: one):
        written += _put(fresh[Collection.ORGANIZATIONS], organization_documents(parts, page), ())
    for files in _pages(lambda last: _files(parts, last), lambda one: one[0]):
        for some in group_files(files):
            written += _put(fresh[Collection.DOCUMENTS], file_documents(parts, some), ())
    return written


def _follow(parts: Parts, fresh: dict[Collection, IndexRebuild], since: int, until: int) -> int:
    """Bring what the silver batches past `since` touched in line with gold; `until`."""
    if until <= since:
        return until
    with parts.warehouse.read() as work:
        batches = [batch.id for batch in work.batches.silver_after(since, until)]
        organizations = work.search_rows.touched_organizations(since, until)
        files = work.document_files.touched(since, until)
    ocids = sorted(set(parts.lake.read_silver("process", batches, ["silver_batch", "ocid"])["ocid"])) if batches else []
    for start in range(0, len(ocids), CHUNK_DOCUMENTS):
        part = ocids[start : start + CHUNK_DOCUMENTS]
        _put(fresh[Collection.PROCESSES], process_documents(parts, part), part)
    for start in range(0, len(organizations), CHUNK_DOCUMENTS):
        some = organizations[start : start + CHUNK_DOCUMENTS]
        _put(fresh[Collection.ORGANIZATIONS], organization_documents(parts, some), some)
    for few in group_files(files):
        _put(fresh[Collection.DOCUMENTS], file_documents(parts, few), passage_ids(few))
    return until


def _put(fresh: IndexRebuild, documents: Sequence[SearchDocument], touched: Sequence[str]) -> int:
    """Write documents; of those touched, delete the ones that are no more."""
    there = {document["id"] for document in documents}
    fresh.write(documents, sorted(set(touched) - there))
    return len(documents)


def _drop(fresh: IndexRebuild) -> None:
    try:
        fresh.discard()
    except Exception as error:  # pylint: disable=broad-exception-caught  # what made the rebuild fail is told, not this
        logger.warning("an index that was being filled is left behind: {}", error)


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
