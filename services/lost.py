"""What search held before it was lost (emptied by a new schema, another server, a removed folder): nobody is told of it when it is filled again.

Where a collection was found empty, the ledger keeps the silver batch up to which it had been filled. What batches up to there name was there.
"""

from collections.abc import Sequence
from typing import Any

from domain.search import Collection
from services.clock import now
from services.ports import Parts, Work
from services.stages.publish import take

PROCESSES = 200_000  # whose rows are read at once
# The silver tables that name what a collection's documents are of, and the column that does.
NAMED = {
    Collection.PROCESSES: (("process", "ocid"),),
    Collection.ORGANIZATIONS: (("party", "organization_id"), ("organization", "organization_id")),
    Collection.DOCUMENTS: (("file", "record_id"),),
}


def note(work: Work, collection: Collection, upto: int) -> None:
    """The collection is empty, which had been filled up to this silver batch; one that was lost before it was full again had more."""
    mark = work.watermarks.get(_name(collection))
    work.watermarks.swap(mark, mark.model_copy(update={"silver_batch": max(mark.silver_batch, upto)}), now())


def held_before(parts: Parts, collection: Collection, after: int, keys: Sequence[str]) -> set[str]:
    """Those of the processes, organisations or files that the collection held when it was lost, and was not given again yet.

    `after` is the silver batch up to which it was filled again: what it has from there on can be asked for.
    """
    with parts.warehouse.read() as work:
        batches: Sequence[Any] = work.batches.silver(after, work.watermarks.get(_name(collection)).silver_batch) if keys else ()
    wanted, found = set(keys), set[str]()
    while batches:
        some = take(batches, PROCESSES)
        batches = batches[len(some) :]
        for table, column in NAMED[collection]:
            found.update(wanted.intersection(parts.lake.read_silver(table, [batch.id for batch in some], [column])[column]))
    return found


def _name(collection: Collection) -> str:
    return f"{collection} lost"
