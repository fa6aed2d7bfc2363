"""Search made anew from gold without a gap: a fresh index is filled while the old one serves, changes made meanwhile follow, then they swap.

Killed anywhere before the swap, the old index goes on serving.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from loguru import logger

from domain.documents import organization_document, process_document
from domain.search import Collection, Document
from services.ports import Fresh, Parts
from services.stages.embed import embed_again
from services.stages.index import file_documents, grouped, held
from services.stages.pause import hold, pause, resume

CHUNK = 2_000
AGAIN = 3  # times that changes made meanwhile are followed before the index stage is held
Files = Sequence[tuple[str, int]]
T = TypeVar("T")


def rebuild_search(parts: Parts) -> int:
    """Fill a fresh index of each collection from gold, and have them serve; how many documents."""
    since = _indexed(parts)
    fresh: dict[Collection, Fresh] = {}
    try:
        for collection in Collection:
            fresh[collection] = parts.search.fresh(collection)
        written = _fill(parts, fresh)
        for _ in range(AGAIN):
            since = _follow(parts, fresh, since, _indexed(parts))
        _swap(parts, fresh, since)
    except BaseException:
        for one in fresh.values():
            _drop(one)
        raise
    if any(0 < parts.search.count_vectors(one) < parts.search.count(one) for one in Collection):
        embed_again(parts, lost=True)  # vectors that were written meanwhile may have stayed with the old one
    return written


def _swap(parts: Parts, fresh: dict[Collection, Fresh], since: int) -> None:
    """Follow the last changes while nothing else is written, and put the fresh ones in place."""
    until = pause(parts)
    try:
        _follow(parts, fresh, since, until)
        hold(parts)
        for collection in list(fresh):
            fresh.pop(collection).swap()  # it may serve from here on: whatever fails must not remove it
    finally:
        resume(parts)


def _fill(parts: Parts, fresh: dict[Collection, Fresh]) -> int:
    written = 0
    for page in _pages(lambda last: _ocids(parts, last), lambda one: one):
        written += _put(fresh[Collection.PROCESSES], process_documents(parts, page), ())
    for page in _pages(lambda last: _organizations(parts, last), lambda one: one):
        written += _put(fresh[Collection.ORGANIZATIONS], organization_documents(parts, page), ())
    for files in _pages(lambda last: _files(parts, last), lambda one: one[0]):
        for some in grouped(files):
            written += _put(fresh[Collection.DOCUMENTS], file_documents(parts, some), ())
    return written


def _follow(parts: Parts, fresh: dict[Collection, Fresh], since: int, until: int) -> int:
    """Bring what the silver batches past `since` touched in line with gold; `until`."""
    if until <= since:
        return until
    with parts.warehouse.read() as work:
        batches = [batch.id for batch in work.batches.silver(since, until)]
        organizations: Sequence[str] = work.documents.touched_organizations(since, until)
        files: Files = work.files.touched(since, until)
    ocids = sorted(set(parts.lake.read_silver("process", batches, ["silver_batch", "ocid"])["ocid"])) if batches else []
    for start in range(0, len(ocids), CHUNK):
        part = ocids[start : start + CHUNK]
        _put(fresh[Collection.PROCESSES], process_documents(parts, part), part)
    for start in range(0, len(organizations), CHUNK):
        some = organizations[start : start + CHUNK]
        _put(fresh[Collection.ORGANIZATIONS], organization_documents(parts, some), some)
    for few in grouped(files):
        _put(fresh[Collection.DOCUMENTS], file_documents(parts, few), held(few))
    return until


def process_documents(parts: Parts, ocids: Sequence[str]) -> list[Document]:
    """The documents of these processes, of those that gold has."""
    with parts.warehouse.read() as work:
        return [process_document(facts) for facts in work.documents.processes(ocids)]


def organization_documents(parts: Parts, organization_ids: Sequence[str]) -> list[Document]:
    """The documents of these organisations, of those that gold has."""
    with parts.warehouse.read() as work:
        return [organization_document(facts) for facts in work.documents.organizations(organization_ids)]


def _put(fresh: Fresh, documents: Sequence[Document], touched: Sequence[str]) -> int:
    """Write documents; of those touched, delete the ones that are no more."""
    there = {document["id"] for document in documents}
    fresh.write(documents, sorted(set(touched) - there))
    return len(documents)


def _drop(fresh: Fresh) -> None:
    try:
        fresh.drop()
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
        return list(work.documents.ocids(last, CHUNK))


def _organizations(parts: Parts, last: str) -> list[str]:
    with parts.warehouse.read() as work:
        return list(work.documents.organization_ids(last, CHUNK))


def _files(parts: Parts, last: str) -> list[tuple[str, int]]:
    with parts.warehouse.read() as work:
        return list(work.files.after(last, CHUNK))
