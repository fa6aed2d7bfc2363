"""Publishes records that are not releases: their newest silver rows, before the processes of the run."""

from collections.abc import Sequence
from typing import Protocol

import polars as pl

from domain.lake.silver import TABLES_BY_KIND
from domain.pipeline.batch import SilverBatch
from domain.pipeline.watermark import Watermark
from domain.raw_records.record import Kind
from services.pipeline.publishing import classifications, document_files, exchange_rates, organizations
from services.ports.lake import Lake
from services.ports.parts import Parts
from services.ports.warehouse import WriteUnitOfWork


class Publisher(Protocol):
    """Interface of the publishers, which are modules of services/pipeline/publishing."""

    def publish(self, parts: Parts, watermark: Watermark, rows: pl.DataFrame) -> None:
        """Write these newest rows of the kind's silver table, and delete the deleted ones."""

    def prune(self, work: WriteUnitOfWork, record_ids: Sequence[str]) -> None:
        """Delete the rows whose record is not among these."""


PUBLISHERS: dict[Kind, Publisher] = {
    Kind.ORGANIZATIONS: organizations,
    Kind.CLASSIFICATIONS: classifications,
    Kind.EXCHANGE_RATES: exchange_rates,
    Kind.DOCUMENTS: document_files,
}


def publish_records(parts: Parts, watermark: Watermark, pending: Sequence[SilverBatch]) -> None:
    """Write the records of the pending silver batches to the star; repeating it changes nothing."""
    for kind, publisher in PUBLISHERS.items():
        batches = [batch.id for batch in pending if kind in batch.kinds]
        if batches:
            publisher.publish(parts, watermark, newest_records(parts.lake, kind, batches))


def prune_records(parts: Parts, silver_batches: Sequence[int]) -> None:
    """Delete the star rows without a record in these silver batches."""
    for kind, publisher in PUBLISHERS.items():
        current = newest_records(parts.lake, kind, silver_batches).filter(~pl.col("deleted"))
        with parts.warehouse.write() as work:
            publisher.prune(work, current["record_id"].to_list())
            work.commit()


def newest_records(lake: Lake, kind: Kind, silver_batches: Sequence[int]) -> pl.DataFrame:
    """Return the newest row of each record of the kind in these silver batches, ordered by record."""
    rows = lake.read_silver(TABLES_BY_KIND[kind][0], silver_batches)
    return rows.sort("record_id", "silver_batch").unique("record_id", keep="last", maintain_order=True)
