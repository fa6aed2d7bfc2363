"""Publishes document files as rows of fact_document, linked to their process; relinks them when processes change."""

from collections.abc import Iterator, Sequence

import polars as pl

from domain.document_files.process_links import PLAIN_PDF, url_name
from domain.pipeline.watermark import Watermark
from services.ports.parts import Parts
from services.ports.warehouse import WriteUnitOfWork

SLICE_FILES = 100  # per transaction


def publish(parts: Parts, watermark: Watermark, rows: pl.DataFrame) -> None:
    """Write the rows (silver `file`), delete the deleted ones. LostRaceError if the watermark has moved."""
    for part in rows.iter_slices(SLICE_FILES):
        with parts.warehouse.write() as work:
            work.watermarks.check_unmoved(watermark)
            work.document_files.put(part.to_dicts())
            work.commit()


def prune(work: WriteUnitOfWork, record_ids: Sequence[str]) -> None:
    """Delete the rows whose record is not among these."""
    work.document_files.prune(record_ids, work.batches.last_silver())


def file_names_in_urls(documents: pl.DataFrame, ocids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield (file name, ocid) of the document URLs (silver `document`) of these processes that name a PDF."""
    chosen = documents.filter(pl.col("ocid").is_in(pl.Series(ocids, dtype=pl.String).implode()))
    likely = chosen.filter(pl.col("url").str.contains("(?i)pdf")).select(
        "url", "ocid", pl.col("url").str.extract(PLAIN_PDF).alias("plain")
    )
    for url, ocid, plain in likely.iter_rows():
        name = plain or url_name(url)
        if name is not None:
            yield name, ocid
