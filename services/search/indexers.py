"""One indexer for each search collection: the keys that silver batches changed, and the search documents of keys.

The index stage, rebuilds, embedding, alerts and the repair of search use the same indexers.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from typing import ClassVar, NamedTuple

from domain.search.queries import Collection, SearchDocument
from domain.search.search_documents import organization_documents, passage_documents, passage_id, process_documents
from services.ports.lake import Lake
from services.ports.warehouse import ReadUnitOfWork, Warehouse

WRITE_DOCUMENTS = 4_000  # documents of one commit of the engine
READ_KEYS = 1_000  # keys of one read of gold: a server takes these documents while the next ones are read


class DocumentKey(NamedTuple):
    """A business key in gold, and the most search documents that the engine may hold of it."""

    key: str
    documents: int = 1


class CollectionIndexer(ABC):
    """Reads the keys and documents of one collection from gold."""

    collection: ClassVar[Collection]
    silver_keys: ClassVar[Sequence[tuple[str, str]]]  # silver tables, and their columns with keys

    @abstractmethod
    def keys_touched(self, work: ReadUnitOfWork, lake: Lake, after: int, upto: int) -> list[DocumentKey]:
        """The keys that silver batches in (after, upto] changed, deleted ones included, in order."""

    @abstractmethod
    def keys_after(self, work: ReadUnitOfWork, after: str, limit: int) -> list[DocumentKey]:
        """The next keys after `after`, in order."""

    @abstractmethod
    def count(self, work: ReadUnitOfWork) -> int:
        """The number of documents that search should hold."""

    @abstractmethod
    def documents(self, work: ReadUnitOfWork, lake: Lake, keys: Sequence[str]) -> list[SearchDocument]:
        """The documents of those keys that gold has."""

    def ids_of(self, keys: Sequence[DocumentKey]) -> list[str]:
        """The ids of the documents that search may hold of these keys."""
        return [one.key for one in keys]

    def keys_of(self, ids: Sequence[str]) -> list[DocumentKey]:
        """The keys of the documents with these ids."""
        return [DocumentKey(one) for one in ids]

    def changes(
        self, warehouse: Warehouse, lake: Lake, keys: Sequence[DocumentKey]
    ) -> tuple[Iterator[SearchDocument], list[str]]:
        """The documents of these keys, read from gold as they are consumed, and the ids that search may hold of them.

        A write of both deletes what gold lacks.
        """
        return self._read(warehouse, lake, [one.key for one in keys]), self.ids_of(keys)

    def pages(self, warehouse: Warehouse, limit: int) -> Iterator[list[DocumentKey]]:
        """All keys in order, at most `limit` at once, each page in a transaction of its own."""
        after = ""
        while True:
            with warehouse.read() as work:
                page = self.keys_after(work, after, limit)
            if not page:
                return
            yield page
            after = page[-1].key

    def _read(self, warehouse: Warehouse, lake: Lake, keys: Sequence[str]) -> Iterator[SearchDocument]:
        for start in range(0, len(keys), READ_KEYS):
            with warehouse.read() as work:
                documents = self.documents(work, lake, keys[start : start + READ_KEYS])
            yield from documents


class ProcessIndexer(CollectionIndexer):
    """Documents of contracting processes, by ocid."""

    collection = Collection.PROCESSES
    silver_keys = (("process", "ocid"),)

    def keys_touched(self, work: ReadUnitOfWork, lake: Lake, after: int, upto: int) -> list[DocumentKey]:
        batches = [batch.id for batch in work.batches.silver_after(after, upto)]
        rows = lake.read_silver("process", batches, ["silver_batch", "ocid"])
        return self.keys_of(rows["ocid"].unique().sort().to_list())

    def keys_after(self, work: ReadUnitOfWork, after: str, limit: int) -> list[DocumentKey]:
        return self.keys_of(work.search_rows.ocids(after, limit))

    def count(self, work: ReadUnitOfWork) -> int:
        return work.search_rows.count_processes()

    def documents(self, work: ReadUnitOfWork, lake: Lake, keys: Sequence[str]) -> list[SearchDocument]:
        return process_documents(work.search_rows.processes(keys))


class OrganizationIndexer(CollectionIndexer):
    """Documents of organisations, by their identity."""

    collection = Collection.ORGANIZATIONS
    silver_keys = (("party", "organization_id"), ("organization", "organization_id"))

    def keys_touched(self, work: ReadUnitOfWork, lake: Lake, after: int, upto: int) -> list[DocumentKey]:
        return self.keys_of(work.search_rows.touched_identities(after, upto))

    def keys_after(self, work: ReadUnitOfWork, after: str, limit: int) -> list[DocumentKey]:
        return self.keys_of(work.search_rows.organization_ids(after, limit))

    def count(self, work: ReadUnitOfWork) -> int:
        return work.search_rows.count_organizations()

    def documents(self, work: ReadUnitOfWork, lake: Lake, keys: Sequence[str]) -> list[SearchDocument]:
        return organization_documents(work.search_rows.organizations(keys))


class PassageIndexer(CollectionIndexer):
    """Passages of document files, by record id: a file has many."""

    collection = Collection.DOCUMENTS
    silver_keys = (("file", "record_id"),)

    def keys_touched(self, work: ReadUnitOfWork, lake: Lake, after: int, upto: int) -> list[DocumentKey]:
        return [DocumentKey(*row) for row in work.document_files.touched(after, upto)]

    def keys_after(self, work: ReadUnitOfWork, after: str, limit: int) -> list[DocumentKey]:
        return [DocumentKey(*row) for row in work.document_files.after(after, limit)]

    def count(self, work: ReadUnitOfWork) -> int:
        return work.document_files.count_passages()

    def documents(self, work: ReadUnitOfWork, lake: Lake, keys: Sequence[str]) -> list[SearchDocument]:
        files = work.search_rows.files(keys)
        columns = ["silver_batch", "record_id", "page", "text"]
        pages = lake.read_silver("page", files["silver_batch"].unique().sort().to_list(), columns, record_ids=keys)
        newest = pages.join(files, on=["record_id", "silver_batch"], how="semi")
        return passage_documents(files, newest.sort("record_id", "page"))

    def ids_of(self, keys: Sequence[DocumentKey]) -> list[str]:
        return [passage_id(one.key, number) for one in keys for number in range(one.documents)]

    def keys_of(self, ids: Sequence[str]) -> list[DocumentKey]:
        counts: dict[str, int] = {}
        for record_id, _, number in (one.rpartition("-") for one in ids):
            counts[record_id] = max(counts.get(record_id, 0), int(number) + 1)
        return [DocumentKey(*one) for one in counts.items()]


INDEXERS: dict[Collection, CollectionIndexer] = {
    one.collection: one for one in (ProcessIndexer(), OrganizationIndexer(), PassageIndexer())
}


def slices(keys: Sequence[DocumentKey], most: int = WRITE_DOCUMENTS) -> Iterator[list[DocumentKey]]:
    """Keys with at most `most` documents together, and at least one key."""
    part: list[DocumentKey] = []
    size = 0
    for one in keys:
        if part and size + one.documents > most:
            yield part
            part, size = [], 0
        part.append(one)
        size += one.documents
    if part:
        yield part
