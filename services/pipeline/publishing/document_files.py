"""Uploaded files become rows of fact_document, linked to the process they belong to, where it stands; and linked anew when processes change."""

from collections.abc import Iterator, Sequence

import polars as pl

from domain.document_files.process_links import PLAIN_PDF, url_name
from domain.pipeline.watermark import Watermark
from services.ports.parts import Parts
from services.ports.warehouse import WriteUnitOfWork

SLICE_FILES = 100  # files written in one transaction


def publish(parts: Parts, mark: Watermark, rows: pl.DataFrame) -> None:
    """Put the rows (silver `file`), and take out the deleted ones. LostRaceError where another runner moved the watermark."""
    for part in rows.iter_slices(SLICE_FILES):
        with parts.warehouse.write() as work:
            work.watermarks.check_unmoved(mark)
            work.document_files.put(part.to_dicts())
            work.commit()


def prune(work: WriteUnitOfWork, record_ids: Sequence[str]) -> None:
    """Take out the rows that none of these records makes."""
    work.document_files.prune(record_ids, work.batches.last_silver())


def file_names_in_urls(documents: pl.DataFrame, ocids: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(file name, ocid) of the document URLs (silver `document`) of these processes that end in the name of a PDF."""
    chosen = documents.filter(pl.col("ocid").is_in(pl.Series(ocids, dtype=pl.String).implode()))
    likely = chosen.filter(pl.col("url").str.contains("(?i)pdf")).select("url", "ocid", pl.col("url").str.extract(PLAIN_PDF).alias("plain"))
    for url, ocid, plain in likely.iter_rows():
        name = plain or url_name(url)
        if name is not None:
            yield name, ocid
