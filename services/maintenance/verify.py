"""Verify: rebuilds silver, gold and search from bronze in a scratch folder, and compares them row by row."""

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from typing import Any

import polars as pl

from domain.lake.silver import RECORD_TABLES, TABLES, TABLES_BY_KIND
from domain.raw_records.record import Kind
from domain.search.queries import Collection
from domain.shared.errors import ConflictError
from services.lake.silver_batches import newest_batches
from services.maintenance.row_comparison import Difference, Key, differences
from services.maintenance.verify_vectors import compare_vectors
from services.marts.refresh import marts_pending
from services.pipeline.backlog import match_behind, organizations_behind, red_flags_behind
from services.pipeline.indexing.index import index
from services.pipeline.matching.match import match
from services.pipeline.publishing.publish import publish
from services.pipeline.publishing.publish_records import newest_records
from services.pipeline.red_flags.refresh import red_flags
from services.pipeline.refining.refine import refine
from services.ports.lake import Lake
from services.ports.parts import Parts
from services.ports.search import SearchIndex
from services.ports.warehouse import Warehouse

# Columns that differ between update and rebuild by design: the run that made the row, and when.
RUN_COLUMNS = {"silver_batch", "updated_at", "refreshed_at"}


def verify(live: Parts, scratch: Parts, *, search: bool = True) -> Iterator[Difference]:
    """The differences between live data and a rebuild from bronze. ConflictError if stages are behind or ran meanwhile.

    `scratch` has the live bronze, and an empty silver, search and warehouse (with a copy of the live ledger).
    Without `search`, the search index and the vectors are not compared.
    """
    before = _at_rest(live.warehouse)
    yield from catalogue(live.warehouse, live.lake)
    build(scratch, search=search)
    yield from chain(_silver(live, scratch), _records(live, scratch), _gold(live.warehouse, scratch.warehouse))
    if search:
        yield from chain(_search(live.search, scratch.search), compare_vectors(live, scratch))
    if _positions(live.warehouse) != before:
        raise ConflictError(
            "new batches arrived during verification and may explain the differences: verify again when no jobs run"
        )


def build(scratch: Parts, *, search: bool = True) -> None:
    """Run the stages over the whole log; index only with `search`."""
    for stage in (refine, publish, match, red_flags, *([index] if search else [])):
        stage.run_all(scratch)


def _positions(warehouse: Warehouse) -> list[int]:
    with warehouse.read() as work:
        refined, published, indexed = (work.watermarks.get(stage.name) for stage in (refine, publish, index))
    return [refined.seq, published.silver_batch, indexed.silver_batch]


def _at_rest(warehouse: Warehouse) -> list[int]:
    with warehouse.read() as work:
        newest, silver = work.batches.last_committed(), work.batches.last_silver()
        tests = {"match": match_behind, "red_flags": red_flags_behind, "index": organizations_behind}
        behind = [stage for stage, is_behind in (tests | {"marts": marts_pending}).items() if is_behind(work)]
    found = _positions(warehouse)
    if found[0] < newest or found[1] < silver or found[2] < silver or behind:
        raise ConflictError(
            f"stages are behind the log (refine at {found[0]} of {newest}, publish at {found[1]} and index at "
            f"{found[2]} of {silver}{''.join(f', {stage}' for stage in behind)}): wait until they have caught up"
        )
    return found


def catalogue(warehouse: Warehouse, lake: Lake) -> Iterator[Difference]:
    """Differences between the record catalogue and bronze in the current versions."""
    for kind in Kind:
        yield from _catalogue(warehouse, lake, kind)


def _catalogue(warehouse: Warehouse, lake: Lake, kind: Kind) -> Iterator[Difference]:
    with warehouse.read() as work:
        committed = list(work.batches.sequence())
        listed = {row.record_id: (row.version, row.batch_id, row.ocid) for row in work.record_catalogue.all(kind)}
    rows = lake.read_bronze(kind, committed, ["batch", "op", "record_id", "version", "ocid"]).filter(
        pl.col("op") != "touch"
    )
    newest = rows.sort("version").unique("record_id", keep="last", maintain_order=True).sort("record_id")
    in_bronze = {row[0]: row[1:] for row in newest.select("record_id", "version", "batch", "ocid").iter_rows()}
    for record_id in sorted(listed.keys() | in_bronze.keys()):
        if listed.get(record_id) != in_bronze.get(record_id):
            yield Difference(f"record.{kind}", (record_id,), listed.get(record_id), in_bronze.get(record_id))


def _silver(live: Parts, scratch: Parts) -> Iterator[Difference]:
    newest = [newest_batches(parts.lake, _silver_batches(parts.warehouse)) for parts in (live, scratch)]
    for table in TABLES:
        both = zip((live.lake, scratch.lake), newest, strict=True)
        yield from differences(f"silver.{table}", *(partial(_silver_rows, lake, table, rows) for lake, rows in both))


def _records(live: Parts, scratch: Parts) -> Iterator[Difference]:
    """Silver rows of the other kinds of records."""
    for kind, tables in TABLES_BY_KIND.items():
        newest = [_newest(parts, kind) for parts in (live, scratch)]
        for table in tables:
            both = zip((live.lake, scratch.lake), newest, strict=True)
            yield from differences(
                f"silver.{table}", *(partial(_record_rows, lake, table, rows) for lake, rows in both)
            )


def _newest(parts: Parts, kind: Kind) -> pl.DataFrame:
    """record_id and silver_batch of the undeleted records of a kind."""
    return (
        newest_records(parts.lake, kind, _silver_batches(parts.warehouse))
        .filter(~pl.col("deleted"))
        .select("record_id", "silver_batch")
    )


def _record_rows(lake: Lake, table: str, newest: pl.DataFrame) -> Iterator[tuple[Key, Any]]:
    keys = ["record_id"] if table in RECORD_TABLES else ["record_id", "page"]
    batches: Sequence[int] = newest["silver_batch"].unique().sort().to_list()
    rows = lake.read_silver(table, batches).join(newest, on=["record_id", "silver_batch"], how="semi").sort(keys)
    for row in rows.drop("silver_batch").iter_rows(named=True):
        yield tuple(row[key] for key in keys), row


def _silver_batches(warehouse: Warehouse) -> list[int]:
    with warehouse.read() as work:
        return [batch.id for batch in work.batches.silver_after(0)]


def _silver_rows(lake: Lake, table: str, newest: pl.DataFrame) -> Iterator[tuple[Key, Any]]:
    """Rows of the undeleted processes, numbered within their process in a fixed order."""
    batches: Sequence[int] = newest["silver_batch"].unique().sort().to_list()
    names = ("level", "parent_position", "award_position", "bid_position", "position")
    order = [name for name in (*names, "record_id", "path", "code", "message") if name in TABLES[table]]
    for start in range(0, len(batches), 8):
        rows = lake.read_silver(table, batches[start : start + 8]).join(newest, on=["ocid", "silver_batch"], how="semi")
        if table == "process":
            rows = rows.filter(~pl.col("deleted"))
        numbered = rows.sort("ocid", *order, maintain_order=True).with_columns(
            pl.int_range(pl.len()).over("ocid").alias("_n")
        )
        for row in numbered.drop("silver_batch").iter_rows(named=True):
            yield (row["ocid"], row.pop("_n")), row


def _gold(live: Warehouse, scratch: Warehouse) -> Iterator[Difference]:
    with live.read() as here, scratch.read() as there:
        for fact, column, key, value in here.star.dangling_references():
            yield Difference(f"gold.{fact}", (key,), {column: value}, {column: "the key of an existing row"})
        for table, keys in here.star.tables().items():
            columns = here.star.columns(table, RUN_COLUMNS)
            both = (partial(work.star.rows, table, keys, columns) for work in (here, there))
            yield from differences(f"gold.{table}", *both, columns=columns)


def _search(live: SearchIndex, scratch: SearchIndex) -> Iterator[Difference]:
    for collection in Collection:
        both = (partial(_documents, engine, collection) for engine in (live, scratch))
        yield from differences(f"search.{collection}", *both)


def _documents(engine: SearchIndex, collection: Collection) -> Iterator[tuple[Key, Any]]:
    for one in engine.scan(collection):
        yield (one["id"],), {name: value for name, value in one.items() if name not in RUN_COLUMNS}
