"""Document files in gold: their rows, and their links to contracting processes."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import orjson
import polars as pl
from sqlalchemy import delete, func, select

from domain.document_files.process_links import LinkRule, ProcessClaim, choose_process
from domain.shared.surrogate_keys import surrogate_key
from infrastructure.warehouse.repository import Repository, chunks, table
from infrastructure.warehouse.star.document_tables import DocumentClaim, FactDocument, ProcessFile, TouchedDocument
from infrastructure.warehouse.star.gold_tables import gold_table

DOCUMENT, CLAIM, NAMED, TOUCHED = table(FactDocument), table(DocumentClaim), table(ProcessFile), table(TouchedDocument)
SILVER_COLUMNS = (
    "filename",
    "name",
    "title",
    "state",
    "reason",
    "pages",
    "words",
    "passages",
    "size",
    "media_type",
    "language",
    "sha256",
    "url",
)
PROCESS_FILE_COLUMNS = {"name": pl.String, "process_key": pl.Int64, "ocid": pl.String}
Row = dict[str, Any]


class DocumentFileRepository(Repository):
    """The table fact_document. Every change of a file's link marks it in touched_document, for the index stage."""

    def put(self, rows: Sequence[Row]) -> None:
        """Apply these rows of silver `file`, deleted ones included, to gold."""
        ids = [row["record_id"] for row in rows]
        silver_batch = max((row["silver_batch"] for row in rows), default=0)
        self._touch(ids, silver_batch)
        for part in chunks(ids):
            self.connection.execute(delete(CLAIM).where(self.among(CLAIM.c.record_id, part)))
            self.connection.execute(delete(DOCUMENT).where(self.among(DOCUMENT.c.record_id, part)))
        existing = [row for row in rows if not row["deleted"]]
        if existing:
            self.connection.execute(DOCUMENT.insert(), [_document(row) for row in existing])
        claims = [_claim(row["record_id"], claim) for row in existing for claim in orjson.loads(row["claims"] or "[]")]
        if claims:
            self.connection.execute(CLAIM.insert(), claims)
        self._link([row["record_id"] for row in existing])
        self._touch(ids, silver_batch)

    def relink(self, process_keys: Sequence[int], names: Iterable[tuple[str, str]], silver_batch: int) -> None:
        """Update the links of files that may belong to these changed processes; `names`: (file name, ocid) of document
        URLs.
        """
        before = {
            name
            for part in chunks(process_keys)
            for name in self._column(NAMED.c.name, self.among(NAMED.c.process_key, part))
        }
        for part in chunks(process_keys):
            self.connection.execute(delete(NAMED).where(self.among(NAMED.c.process_key, part)))
        now = sorted(set(names))
        keys = {ocid: surrogate_key(ocid) for _, ocid in now}
        self.insert_frame(
            NAMED,
            pl.DataFrame([(name, keys[ocid], ocid) for name, ocid in now], schema=PROCESS_FILE_COLUMNS, orient="row"),
        )
        if self.connection.execute(select(DOCUMENT.c.document_key).limit(1)).first() is None:
            return
        touched: set[str] = set()
        for part in chunks(process_keys):
            touched.update(self._column(CLAIM.c.record_id, self.among(CLAIM.c.process_key, part)))
            touched.update(self._column(DOCUMENT.c.record_id, self.among(DOCUMENT.c.process_key, part)))
        for part in chunks(sorted(before | {name for name, _ in now})):
            touched.update(self._column(DOCUMENT.c.record_id, self.among(DOCUMENT.c.name, part)))
        self._link(sorted(touched))
        self._touch(sorted(touched), silver_batch)

    def prune(self, record_ids: Iterable[str], silver_batch: int) -> None:
        """Remove the documents that are not in `record_ids`."""
        removed = sorted(set(self._column(DOCUMENT.c.record_id)) - set(record_ids))
        self.put([{"record_id": record_id, "deleted": True, "silver_batch": silver_batch} for record_id in removed])

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

    def _column(self, column: Any, *where: Any) -> list[Any]:
        return list(self.connection.execute(select(column).where(*where)).scalars())

    def _link(self, record_ids: Sequence[str]) -> None:
        for part in chunks(record_ids):
            documents = (
                self.connection.execute(select(DOCUMENT).where(self.among(DOCUMENT.c.record_id, part))).mappings().all()
            )
            claims_by_file, naming = self._claims_of(part), self._naming({row["name"] for row in documents})
            candidates = {claim.ocid for claims in claims_by_file.values() for claim in claims} | {
                ocid for ocids in naming.values() for ocid in ocids
            }
            existing = self._existing_processes(candidates)
            for row in documents:
                claims = claims_by_file.get(row["record_id"], [])
                found = choose_process(claims, naming.get(row["name"], ()), existing)
                ocid = found.ocid if found else next((claim.ocid for claim in claims), None)
                values = {
                    "ocid": ocid,
                    "link": found.rule if found else None,
                    "process_key": surrogate_key(found.ocid) if found else None,
                }
                if any(row[name] != value for name, value in values.items()):
                    self.connection.execute(
                        DOCUMENT.update().where(DOCUMENT.c.document_key == row["document_key"]).values(**values)
                    )

    def _claims_of(self, record_ids: Sequence[str]) -> dict[str, list[ProcessClaim]]:
        found: dict[str, list[ProcessClaim]] = defaultdict(list)
        for row in self.connection.execute(select(CLAIM).where(CLAIM.c.record_id.in_(record_ids))):
            found[row.record_id].append(ProcessClaim(row.rule, row.ocid))
        order: list[LinkRule] = ["parameter", "name", "text"]
        return {
            record_id: sorted(claims, key=lambda claim: (order.index(claim.rule), -len(claim.ocid)))
            for record_id, claims in found.items()
        }

    def _naming(self, names: Iterable[str]) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for part in chunks(sorted(names)):
            for row in self.connection.execute(
                select(NAMED.c.name, NAMED.c.ocid).where(self.among(NAMED.c.name, part))
            ):
                found[row.name].append(row.ocid)
        return found

    def _existing_processes(self, ocids: Iterable[str]) -> set[str]:
        process = gold_table("fact_process")
        keys = {surrogate_key(ocid): ocid for ocid in ocids}
        return {
            keys[key]
            for part in chunks(sorted(keys))
            for key in self._column(process.c.process_key, self.among(process.c.process_key, part))
        }

    def _touch(self, record_ids: Sequence[str], silver_batch: int) -> None:
        """Mark the files for the index stage, with the most passages that search may hold since its last run."""
        counts: dict[str, int] = dict.fromkeys(record_ids, 0)
        for source in (TOUCHED, DOCUMENT):
            for part in chunks(record_ids):
                query = select(source.c.record_id, source.c.passages).where(self.among(source.c.record_id, part))
                for row in self.connection.execute(query):
                    counts[row.record_id] = max(counts[row.record_id], row.passages)
        self.upsert(
            TOUCHED,
            [
                {"record_id": record_id, "silver_batch": silver_batch, "passages": passages}
                for record_id, passages in counts.items()
            ],
            ["record_id"],
        )

    def count_passages(self) -> int:
        """The number of passages that search should hold."""
        return int(self.connection.execute(select(func.coalesce(func.sum(DOCUMENT.c.passages), 0))).scalar_one())


def _document(row: Row) -> Row:
    facts = orjson.loads(row["facts"]) if row["facts"] else None
    keys = {
        "document_key": surrogate_key("document", row["record_id"]),
        "record_id": row["record_id"],
        "silver_batch": row["silver_batch"],
    }
    return keys | {name: row[name] for name in SILVER_COLUMNS} | {"facts": facts}


def _claim(record_id: str, claim: dict[str, str]) -> Row:
    return {
        "record_id": record_id,
        "rule": claim["rule"],
        "ocid": claim["ocid"],
        "process_key": surrogate_key(claim["ocid"]),
    }
