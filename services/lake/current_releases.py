"""Current releases of contracting processes, from bronze."""

from collections.abc import Sequence

import polars as pl

from domain.raw_records.record import Kind
from services.lake.bronze_versions import only_versions
from services.ports.lake import Lake
from services.ports.warehouse import Warehouse

COLUMNS = ["batch", "position", "record_id", "version", "op", "ocid", "date", "payload", "notes", "package"]


def current_releases(warehouse: Warehouse, lake: Lake, ocids: Sequence[str]) -> pl.DataFrame:
    """The current version of each release of these processes (COLUMNS, seq), by process, date, arrival."""
    with warehouse.read() as work:
        current = work.record_catalogue.current_of_ocids(Kind.RELEASES, ocids)
        seqs = work.batches.seqs(sorted({row.batch_id for row in current}))
    bronze = only_versions(lake.read_bronze(Kind.RELEASES, sorted(seqs), COLUMNS, ocids), current)
    order = pl.DataFrame({"batch": list(seqs), "seq": list(seqs.values())}, schema={"batch": pl.Int64, "seq": pl.Int64})
    return bronze.join(order, on="batch", how="inner").sort("ocid", "date", "seq", "position")
