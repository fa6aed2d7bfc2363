"""Document files in gold: queries and writes of their rows, and of what links them to contracting processes."""

from collections.abc import Iterable, Sequence
from typing import Any

import polars as pl
from sqlalchemy import func, select

from domain.lake.silver import Columns
from infrastructure.warehouse.repository import Repository, chunks, table
from infrastructure.warehouse.star.document_tables import DocumentClaim, FactDocument, ProcessFile, TouchedDocument
from infrastructure.warehouse.star.gold_tables import gold_table

DOCUMENT, CLAIM, NAMED, TOUCHED = table(FactDocument), table(DocumentClaim), table(ProcessFile), table(TouchedDocument)
LINK_TYPES: Columns = {**dict.fromkeys(("record_id", "name", "link", "ocid"), pl.String), "process_key": pl.Int64}
CLAIM_TYPES: Columns = {"record_id": pl.String, "rule": pl.String, "ocid": pl.String}
NAMED_TYPES: Columns = {"name": pl.String, "ocid": pl.String}
PROCESS_TYPES: Columns = {"ocid": pl.String, "process_key": pl.Int64}
PASSAGE_TYPES: Columns = {"record_id": pl.String, "passages": pl.Int64}
Row = dict[str, Any]


class DocumentFileRepository(Repository):
    """The tables fact_document, document_claim, process_file and touched_document."""

    def record_ids(self) -> list[str]:
        """The ids of all documents."""
        return list(self.connection.execute(select(DOCUMENT.c.record_id)).scalars())

    def record_ids_about(self, process_keys: Sequence[int], names: Iterable[str]) -> list[str]:
        """The ids of documents that are linked to these processes, claim them, or have one of these file names."""
        if self.connection.execute(select(DOCUMENT.c.document_key).limit(1)).first() is None:
            return []
        by_process = [(CLAIM.c.record_id, CLAIM.c.process_key), (DOCUMENT.c.record_id, DOCUMENT.c.process_key)]
        about = [self._column(record_id, key, process_keys) for record_id, key in by_process]
        return sorted({*about[0], *about[1], *self._column(DOCUMENT.c.record_id, DOCUMENT.c.name, names)})

    def links(self, record_ids: Sequence[str]) -> pl.DataFrame:
        """record_id, name, link, ocid and process_key of these documents."""
        query = select(*[DOCUMENT.c[name] for name in LINK_TYPES])
        return self.read_frame(query, LINK_TYPES, (DOCUMENT.c.record_id, record_ids))

    def claims(self, record_ids: Sequence[str]) -> pl.DataFrame:
        """record_id, rule and ocid of the candidate links of these documents."""
        query = select(*[CLAIM.c[name] for name in CLAIM_TYPES])
        return self.read_frame(query, CLAIM_TYPES, (CLAIM.c.record_id, record_ids))

    def naming(self, names: Iterable[str]) -> pl.DataFrame:
        """name and ocid of the processes with a document URL that ends in one of these names."""
        return self.read_frame(select(NAMED.c.name, NAMED.c.ocid), NAMED_TYPES, (NAMED.c.name, names))

    def names(self, process_keys: Sequence[int]) -> list[str]:
        """The file names at the end of document URLs of these processes."""
        return self._column(NAMED.c.name, NAMED.c.process_key, process_keys)

    def processes(self, ocids: Iterable[str]) -> pl.DataFrame:
        """ocid and process_key of those of these processes that exist."""
        process = gold_table("fact_process")
        return self.read_frame(select(process.c.ocid, process.c.process_key), PROCESS_TYPES, (process.c.ocid, ocids))

    def passages(self, record_ids: Sequence[str]) -> list[pl.DataFrame]:
        """record_id and passages of these documents: as they are, and as they are marked for the index stage."""
        return [
            self.read_frame(select(one.c.record_id, one.c.passages), PASSAGE_TYPES, (one.c.record_id, record_ids))
            for one in (DOCUMENT, TOUCHED)
        ]

    def replace(self, record_ids: Sequence[str], documents: pl.DataFrame, claims: pl.DataFrame) -> None:
        """Replace these documents and their candidate links."""
        for target, rows in ((CLAIM, claims), (DOCUMENT, documents)):
            self.delete_among(target.c.record_id, record_ids)
            self.insert_frame(target, rows)

    def replace_names(self, process_keys: Sequence[int], rows: pl.DataFrame) -> None:
        """Replace the file names (name, ocid, process_key) of these processes."""
        self.delete_among(NAMED.c.process_key, process_keys)
        self.insert_frame(NAMED, rows)

    def update_links(self, rows: pl.DataFrame) -> None:
        """Set link, ocid and process_key of documents by record_id."""
        self.update_frame(DOCUMENT, rows, "record_id")

    def mark_touched(self, rows: pl.DataFrame) -> None:
        """Mark documents (record_id, passages, silver_batch) for the index stage."""
        self.put_frame(TOUCHED, rows, ["record_id"], ["passages", "silver_batch"])

    def touched(self, after: int, upto: int) -> list[tuple[str, int]]:
        """(record_id, passages that search may hold at most) of files changed by silver batches in (after, upto]."""
        query = select(TOUCHED.c.record_id, TOUCHED.c.passages).where(
            TOUCHED.c.silver_batch > after, TOUCHED.c.silver_batch <= upto
        )
        return [(row.record_id, row.passages) for row in self.connection.execute(query.order_by(TOUCHED.c.record_id))]

    def after(self, record_id: str, limit: int) -> list[tuple[str, int]]:
        """The next documents in order: (record_id, passages)."""
        query = (
            select(DOCUMENT.c.record_id, DOCUMENT.c.passages)
            .where(DOCUMENT.c.record_id > record_id)
            .order_by(DOCUMENT.c.record_id)
            .limit(limit)
        )
        return [(row.record_id, row.passages) for row in self.connection.execute(query)]

    def _column(self, column: Any, among: Any, values: Iterable[Any]) -> list[Any]:
        return [
            value
            for part in chunks(values)
            for value in self.connection.execute(select(column).where(self.among(among, part))).scalars()
        ]

    def count_passages(self) -> int:
        """The number of passages that search should hold."""
        return int(self.connection.execute(select(func.coalesce(func.sum(DOCUMENT.c.passages), 0))).scalar_one())
