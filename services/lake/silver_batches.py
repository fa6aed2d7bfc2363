"""The current silver rows of committed silver batches."""

from collections.abc import Sequence

import polars as pl

from domain.lake.silver import TABLES
from domain.pipeline.batch import SilverBatch
from services.ports.lake import Lake

Frames = dict[str, pl.DataFrame]


def limit_by_processes(pending: Sequence[SilverBatch], most: int) -> Sequence[SilverBatch]:
    """The first silver batches, at least one, with at most `most` processes together."""
    processes = 0
    for count, batch in enumerate(pending):
        processes += batch.processes
        if count and processes > most:
            return pending[:count]
    return pending


def newest_batches(lake: Lake, silver_batches: Sequence[int]) -> pl.DataFrame:
    """ocid and silver_batch: the newest of these batches for each process."""
    return (
        lake.read_silver("process", silver_batches, ["ocid", "silver_batch"])
        .group_by("ocid")
        .agg(pl.col("silver_batch").max())
    )


def current_rows(lake: Lake, silver_batches: Sequence[int], newest: pl.DataFrame) -> Frames:
    """The rows of each process from its newest silver batch, ordered."""
    order = ["ocid", "level", "parent_position", "award_position", "bid_position", "position"]
    order += ["record_id", "path", "code"]
    frames = {}
    for name, columns in TABLES.items():
        frame = lake.read_silver(name, silver_batches, [column for column in columns if column != "compiled"])
        if frame.height:
            chosen = frame.join(newest, on=["ocid", "silver_batch"], how="semi")
            frame = chosen.sort([column for column in order if column in columns], maintain_order=True)
        frames[name] = frame
    return frames
