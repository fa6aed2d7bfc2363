"""Remembers what a lost search collection held, so that refilling it sends no alerts for known documents.

A collection is lost when a new schema, another server or a removed folder leaves it empty. The ledger then keeps the
silver batch up to which it was filled: documents named by batches up to there were in it.
"""

from collections.abc import Sequence

from domain.pipeline.watermark import Watermark
from domain.search.queries import Collection
from services.lake.silver_batches import limit_by_processes
from services.ports.lake import Lake
from services.ports.search import SearchEngine
from services.ports.warehouse import Warehouse, WriteUnitOfWork
from services.search.indexers import INDEXERS
from services.shared.clock import now

EMBED_STAGE = "embed"
READ_MAX_PROCESSES = 200_000  # per read


def record_loss(work: WriteUnitOfWork, collection: Collection, upto: int) -> None:
    """Record that the collection, filled up to this silver batch, is empty.

    A loss during refilling keeps the larger batch.
    """
    work.search_state.record_loss(collection, max(work.search_state.lost_upto(collection), upto))


def documents_held_before_loss(
    warehouse: Warehouse, lake: Lake, collection: Collection, after: int, keys: Sequence[str]
) -> set[str]:
    """The processes, organisations or files among `keys` that the collection held at its loss and has not regained yet.

    `after` is the silver batch up to which it has been refilled; the engine itself knows documents up to there.
    """
    with warehouse.read() as work:
        batches = work.batches.silver_after(after, work.search_state.lost_upto(collection)) if keys else ()
    wanted, found = set(keys), set[str]()
    while batches:
        run = limit_by_processes(batches, READ_MAX_PROCESSES)
        batches = batches[len(run) :]
        for table, column in INDEXERS[collection].silver_keys:
            rows = lake.read_silver(table, [batch.id for batch in run], [column])
            found.update(wanted.intersection(rows[column]))
    return found


def restart_embedding_if_lost(warehouse: Warehouse, search: SearchEngine, lost: bool) -> None:
    """Restart embedding from the first batch if documents are rewritten (`lost`) or vectors are gone; others are
    skipped.
    """
    with warehouse.write() as work:
        mark = work.watermarks.get(EMBED_STAGE)
        gone = mark.silver_batch and any(search.active_model(one) is None and search.count(one) for one in Collection)
        if lost or gone:
            work.watermarks.compare_and_swap(mark, Watermark(stage=EMBED_STAGE), now())
            work.commit()
