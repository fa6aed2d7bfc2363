"""Publishes document files as rows of fact_document, linked to their process; relinks them when processes change.

Each change of a document or its link marks it for the index stage.
"""

from collections.abc import Sequence

import polars as pl

from domain.document_files.process_links import PLAIN_PDF, link_documents, url_name
from domain.pipeline.watermark import Watermark
from domain.shared.surrogate_keys import with_key
from domain.star.document_rows import claim_rows, document_rows
from services.ports.parts import Parts
from services.ports.warehouse import WriteUnitOfWork
from services.shared.clock import now

SLICE_FILES = 100  # per transaction
NO_NAMES = pl.DataFrame(schema={"name": pl.String, "ocid": pl.String, "process_key": pl.Int64})


def publish(parts: Parts, watermark: Watermark, rows: pl.DataFrame) -> None:
    """Write the rows (silver `file`), delete the deleted ones. LostRaceError if the watermark has moved."""
    for part in rows.iter_slices(SLICE_FILES):
        existing, record_ids = part.filter(~pl.col("deleted")), part["record_id"].to_list()
        with parts.warehouse.write() as work:
            work.watermarks.check_unmoved(watermark)
            before = work.document_files.passages(record_ids)
            work.document_files.replace(record_ids, document_rows(existing, now()), claim_rows(existing))
            _link(work, record_ids)
            _mark_touched(work, record_ids, before, int(part["silver_batch"].max() or 0))  # type: ignore[arg-type]
            work.commit()


def prune(work: WriteUnitOfWork, record_ids: Sequence[str]) -> None:
    """Delete the rows whose record is not among these."""
    removed = sorted(set(work.document_files.record_ids()) - set(record_ids))
    before, none = work.document_files.passages(removed), pl.DataFrame()
    work.document_files.replace(removed, none, none)
    _mark_touched(work, removed, before, work.batches.last_silver())


def relink(work: WriteUnitOfWork, process_keys: Sequence[int], named: pl.DataFrame, silver_batch: int) -> None:
    """Update the links of files that may belong to these changed processes; `named`: their `file_names_in_urls`."""
    names = {*work.document_files.names(process_keys), *named["name"]}
    work.document_files.replace_names(process_keys, named)
    touched = work.document_files.record_ids_about(process_keys, names)
    _link(work, touched)
    _mark_touched(work, touched, work.document_files.passages(touched), silver_batch)


def file_names_in_urls(documents: pl.DataFrame, ocids: Sequence[str]) -> pl.DataFrame:
    """Return name, ocid and process_key of the document URLs (silver `document`) of these processes that name a PDF."""
    c = pl.col
    chosen = documents.filter(c("ocid").is_in(pl.Series(ocids, dtype=pl.String).implode()))
    likely = chosen.filter(c("url").str.contains("(?i)pdf")).with_columns(
        c("url").str.extract(PLAIN_PDF).alias("plain")
    )
    other = pl.when(c("plain").is_null()).then("url").map_elements(url_name, return_dtype=pl.String)
    named = likely.select(pl.coalesce("plain", other).alias("name"), "ocid").drop_nulls("name")
    return with_key(named.unique().sort("name", "ocid"), "process_key", ["ocid"])


def _link(work: WriteUnitOfWork, record_ids: Sequence[str]) -> None:
    documents, claims = work.document_files.links(record_ids), work.document_files.claims(record_ids)
    naming = work.document_files.naming(documents["name"].unique())
    processes = work.document_files.processes({*claims["ocid"], *naming["ocid"]})
    changed = link_documents(documents, claims, naming, processes)
    work.document_files.update_links(changed.with_columns(pl.lit(now()).alias("updated_at")))


def _mark_touched(
    work: WriteUnitOfWork, record_ids: Sequence[str], before: Sequence[pl.DataFrame], silver_batch: int
) -> None:
    """Mark the files for the index stage, with the most passages that search may hold since its last run."""
    none = pl.DataFrame({"record_id": record_ids, "passages": [0] * len(record_ids)}, schema=before[0].schema)
    counts = pl.concat([none, *before, *work.document_files.passages(record_ids)])
    most = counts.group_by("record_id").agg(pl.col("passages").max()).sort("record_id")
    work.document_files.mark_touched(most.with_columns(pl.lit(silver_batch, pl.Int64).alias("silver_batch")))
