"""What search held before it was lost (emptied by a new schema, another server, a removed folder): nobody is told of it when it is filled again.

Where a collection was found empty, the ledger keeps the silver batch up to which it had been filled. What batches up to there name was there.
"""

from collections.abc import Sequence

from domain.pipeline.watermark import Watermark
from domain.search.queries import Collection
from services.lake.silver_batches import limit_by_processes
from services.ports.parts import Parts
from services.ports.warehouse import WriteUnitOfWork
from services.shared.clock import now

EMBED_STAGE = "embed"
READ_MAX_PROCESSES = 200_000  # whose rows are read at once
# The silver tables that name what a collection's documents are of, and the column that does.
DOCUMENT_KEYS = {
    Collection.PROCESSES: (("process", "ocid"),),
    Collection.ORGANIZATIONS: (("party", "organization_id"), ("organization", "organization_id")),
    Collection.DOCUMENTS: (("file", "record_id"),),
}


def record_loss(work: WriteUnitOfWork, collection: Collection, upto: int) -> None:
    """The collection is empty, which had been filled up to this silver batch; one that was lost before it was full again had more."""
    mark = work.watermarks.get(_name(collection))
    work.watermarks.compare_and_swap(mark, mark.model_copy(update={"silver_batch": max(mark.silver_batch, upto)}), now())


def documents_held_before_loss(parts: Parts, collection: Collection, after: int, keys: Sequence[str]) -> set[str]:
    """Those of the processes, organisations or files that the collection held when it was lost, and was not given again yet.

    `after` is the silver batch up to which it was filled again: what it has from there on can be asked for.
    """
    with parts.warehouse.read() as work:
        batches = work.batches.silver_after(after, work.watermarks.get(_name(collection)).silver_batch) if keys else ()
    wanted, found = set(keys), set[str]()
    while batches:
        some = limit_by_processes(batches, READ_MAX_PROCESSES)
        batches = batches[len(some) :]
        for table, column in DOCUMENT_KEYS[collection]:
            found.update(wanted.intersection(parts.lake.read_silver(table, [batch.id for batch in some], [column])[column]))
    return found


def _name(collection: Collection) -> str:
    return f"{collection} lost"


def restart_embedding_if_lost(parts: Parts, lost: bool) -> None:
    """Begin at the beginning where the documents are written anew (`lost`), or their vectors are gone; those that are still there are skipped."""
    with parts.warehouse.write() as work:
        mark = work.watermarks.get(EMBED_STAGE)
        gone = mark.silver_batch and any(parts.search.active_model(one) is None and parts.search.count(one) for one in Collection)
        if lost or gone:
            work.watermarks.compare_and_swap(mark, Watermark(stage=EMBED_STAGE), now())
            work.commit()
