"""Publish, for the kinds of records that are no releases: their newest silver rows go into the star, before the processes of the run."""

from collections.abc import Sequence
from typing import Any, Protocol

import polars as pl

from domain.job import Watermark
from domain.record import Kind
from domain.silver import TABLES_OF
from services.ports import Lake, Parts, Work
from services.stages.published import classifications, documents, organizations, rates


class Publisher(Protocol):
    """A module of services/stages/published."""

    def publish(self, parts: Parts, mark: Watermark, rows: pl.DataFrame) -> None:
        """Put these newest rows of the kind's silver table, and take out the deleted ones."""

    def prune(self, work: Work, record_ids: Sequence[str]) -> None:
        """Take out whatever none of these records makes."""


PUBLISHERS: dict[Kind, Publisher] = {
    Kind.ORGANIZATIONS: organizations,
    Kind.CLASSIFICATIONS: classifications,
    Kind.EXCHANGE_RATES: rates,
    Kind.DOCUMENTS: documents,
}


def publish_records(parts: Parts, mark: Watermark, pending: Sequence[Any]) -> None:
    """Bring the star in line with the records that the pending silver batches hold; written twice, it is the same."""
    for kind, publisher in PUBLISHERS.items():
        batches = [batch.id for batch in pending if kind in batch.kinds.split(",")]
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
    rows = lake.read_silver(TABLES_OF[kind][0], silver_batches)
    return rows.sort("record_id", "silver_batch").unique("record_id", keep="last", maintain_order=True)
