"""Publish, for the kinds of records that are no releases: their newest silver rows go into the star, before the processes of the run."""

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
    """A module of services/pipeline/publishing."""

    def publish(self, parts: Parts, mark: Watermark, rows: pl.DataFrame) -> None:
        """Put these newest rows of the kind's silver table, and take out the deleted ones."""

    def prune(self, work: WriteUnitOfWork, record_ids: Sequence[str]) -> None:
        """Take out whatever none of these records makes."""


PUBLISHERS: dict[Kind, Publisher] = {
    Kind.ORGANIZATIONS: organizations,
    Kind.CLASSIFICATIONS: classifications,
    Kind.EXCHANGE_RATES: exchange_rates,
    Kind.DOCUMENTS: document_files,
}


def publish_records(parts: Parts, mark: Watermark, pending: Sequence[SilverBatch]) -> None:
    """Bring the star in line with the records that the pending silver batches hold; written twice, it is the same."""
    for kind, publisher in PUBLISHERS.items():
        batches = [batch.id for batch in pending if kind in batch.kinds]
        if batches:
            publisher.publish(parts, mark, newest_records(parts.lake, kind, batches))


def prune_records(parts: Parts, silver_batches: Sequence[int]) -> None:
    """Take out of the star what no record of these silver batches makes any more."""
    for kind, publisher in PUBLISHERS.items():
        standing = newest_records(parts.lake, kind, silver_batches).filter(~pl.col("deleted"))
        with parts.warehouse.write() as work:
            publisher.prune(work, standing["record_id"].to_list())
            work.commit()


def newest_records(lake: Lake, kind: Kind, silver_batches: Sequence[int]) -> pl.DataFrame:
    """The newest row of each record of the kind in these silver batches, in the order of the records."""
    rows = lake.read_silver(TABLES_BY_KIND[kind][0], silver_batches)
    return rows.sort("record_id", "silver_batch").unique("record_id", keep="last", maintain_order=True)
