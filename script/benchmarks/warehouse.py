"""Queries, exports and publishing on a large warehouse in SQLite.

Some releases go through all stages; their silver rows are multiplied under other ocids and published by the code of
the publish stage. Queries go through the API in this process, so that no network is measured.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import polars as pl
from fastapi.testclient import TestClient

from api.app import create_app
from domain.exchange_rates.conversion import ExchangeQuotes, build_quotes
from domain.lake.flattening.organization_identity import UNKNOWN
from domain.marts.marts import MARTS
from domain.red_flags.settings import RedFlagSettings
from domain.shared.surrogate_keys import surrogate_key
from domain.star.exports import ExportFormat
from domain.star.process_slices import slice_star
from domain.users.user import Role, User
from infrastructure.bootstrap import password_hasher, table_exports
from infrastructure.settings import Settings
from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.star.gold_tables import gold_table
from script.benchmarks.in_process import inside, load
from seeds.generate import lines
from services.lake.silver_batches import Frames, current_rows, newest_batches
from services.marts.refresh import refresh_marts
from services.pipeline.publishing.processes import plan_processes, write_processes
from services.pipeline.publishing.publish import (
    SLICE_PROCESSES,
    STAR_BUILD_PROCESSES,
    TRANSACTION_SLICES,
    build_star_of,
)
from services.ports.parts import Parts
from services.shared.clock import now
from services.star.rows import RowRequest, export_rows

BASE_RELEASES = 5_000  # that go through all stages
SMALL_PROCESSES = 20_000  # of the warehouse that an incremental publish is compared with
CHANGED_PROCESSES = 100
CHANGE_ROUNDS = 9
RATES = {"GBP": 0.86, "USD": 1.1, "CHF": 0.97, "SEK": 11.2, "NOK": 11.5, "DKK": 7.46, "PLN": 4.4, "CZK": 24.5}
OWN_ORGANIZATIONS = 4  # sets of organisations
PAGE_ROWS = 1_000  # of the pages that find cursors at every depth
DEPTHS = 40  # cursors that a list is read at
REPEATS = 7
EXPORT_ROUNDS = 3
EXPORTED = ["ocid", "award_id", "title", "award_date", "amount_base", "buyer.name", "supplier.name", "status.status"]
USER, PASSWORD = "bench", "bench-secret-1"
Row = Callable[..., None]


@dataclass
class Warehouse:
    """The warehouse under test, and the silver rows that it was made of."""

    parts: Parts
    settings: Settings
    base: Frames
    money: ExchangeQuotes
    processes: int = 0
    copies: int = 0

    def fill(self, processes: int) -> None:
        """Publish copies of the base until there are so many processes."""
        while self.processes < processes:
            silver = _copy(self.base, self.copies)
            self.copies += 1
            ocids = sorted(silver["process"]["ocid"], key=surrogate_key)[: processes - self.processes]
            self.publish(silver, ocids)
            self.processes += len(ocids)

    def publish(self, silver: Frames, ocids: list[str]) -> None:
        """Publish these processes as a run of the stage does, without watermarks."""
        for first in range(0, len(ocids), STAR_BUILD_PROCESSES):
            chosen = ocids[first : first + STAR_BUILD_PROCESSES]
            star = build_star_of(silver, chosen, self.money, RedFlagSettings())
            several = SLICE_PROCESSES * TRANSACTION_SLICES
            for at in range(0, len(chosen), several):
                keys = [surrogate_key(ocid) for ocid in chosen[at : at + several]]
                with self.parts.warehouse.read() as work:
                    plan = plan_processes(work, keys, slice_star(star, keys) if star is not None else None)
                with self.parts.warehouse.write() as work:
                    write_processes(work, plan, 1)
                    work.commit()
        refresh_marts(self.parts)


def run(work: Path, processes: int, row: Row) -> None:
    """Measure a warehouse of so many processes, and publishing into it against a tenth of them."""
    warehouse = _prepared(work)
    warehouse.fill(min(SMALL_PROCESSES, processes))
    small = _measure_change(warehouse, seed=1)
    started = time.monotonic()
    published = processes - warehouse.processes
    warehouse.fill(processes)
    took = time.monotonic() - started
    warehouse.parts.warehouse.checkpoint_log()
    row(f"publishing {published:,} processes, marts included", f"{took:.0f} s, {published / took:.0f} processes/s")
    large = _measure_change(warehouse, seed=2)
    what = f"publishing {CHANGED_PROCESSES} changed processes in {processes:,}, against the same in {SMALL_PROCESSES:,}"
    figure = f"{large / small:.2f} times ({large * 1000:.0f} ms, {small * 1000:.0f} ms)"
    row(what, figure, "≤ 1.2", met=large / small <= 1.2)
    with TestClient(create_app(warehouse.settings, warehouse.parts)) as client:
        client.headers["Authorization"] = f"Bearer {_token(warehouse, client)}"
        _measure_aggregate(warehouse, client, row)
        _measure_lists(client, row)
        _measure_marts(warehouse, client, row)
    _measure_exports(warehouse, row)


def _prepared(work: Path) -> Warehouse:
    """A warehouse with the base in it, in its own folder."""
    for folder in (work / "base", work / "large"):
        folder.mkdir()
    file = work / "base.jsonl"
    with file.open("wb") as target:
        target.writelines(line + b"\n" for line in islice(lines(BASE_RELEASES, seed=18), BASE_RELEASES))
    base_parts, waiting = inside(work / "base", "off")
    load(base_parts, waiting, file)
    with base_parts.warehouse.read() as reader:
        batches = [batch.id for batch in reader.batches.silver_after(0)]
    silver = current_rows(base_parts.lake, batches, newest_batches(base_parts.lake, batches))
    parts, _ = inside(work / "large", "off")
    return Warehouse(parts, Settings(data_dir=work / "large", embeddings="off"), silver, _rates(parts.base_currency))


def _rates(base: str) -> ExchangeQuotes:
    days = pl.DataFrame({"date": pl.date_range(pl.date(2010, 1, 1), pl.date(2030, 12, 31), "1w", eager=True)})
    rates = pl.DataFrame({"currency": list(RATES), "rate": list(RATES.values())})
    return build_quotes(base, days.join(rates, how="cross").with_columns(pl.lit(base).alias("base")))


def _copy(silver: Frames, number: int) -> Frames:
    """The rows of other processes: with one of four sets of organisations, and awards on other days."""
    identified = pl.col("^(.+_)?organization_id$")
    other = pl.when(identified != UNKNOWN).then(identified + f"-{number % OWN_ORGANIZATIONS}").otherwise(identified)
    copied = {
        name: frame.with_columns(pl.col("ocid") + f"-{number}", other.name.keep()) for name, frame in silver.items()
    }
    days = pl.duration(days=number * 11 % 700)
    return copied | {"award": copied["award"].with_columns(pl.col("date") - days)}


def _measure_change(warehouse: Warehouse, seed: int) -> float:
    """The median seconds to publish processes whose awards have another amount and date."""
    times = []
    day = pl.duration(days=40)
    for number in range(CHANGE_ROUNDS):
        silver = _copy(warehouse.base, 0)
        awarded = silver["award"]["ocid"].unique().sort().sample(CHANGED_PROCESSES, seed=seed * 100 + number)
        chosen = pl.col("ocid").is_in(awarded.implode())
        silver = {name: frame.filter(chosen) for name, frame in silver.items()}
        silver["award"] = silver["award"].with_columns(pl.col("amount") + seed * 10 + number, pl.col("date") + day)
        started = time.perf_counter()
        warehouse.publish(silver, sorted(awarded, key=surrogate_key))
        times.append(time.perf_counter() - started)
    return statistics.median(times)


def _token(warehouse: Warehouse, client: TestClient) -> str:
    with warehouse.parts.warehouse.write() as work:
        work.users.put(
            User(name=USER, role=Role.READER, password_hash=password_hasher().hash(PASSWORD.encode()), created_at=now())
        )
        work.commit()
    answer = client.post("/v1/auth/token", data={"username": USER, "password": PASSWORD})
    return str(answer.json()["access_token"])


AGGREGATE = (
    "/v1/gold/facts/award/aggregate?measure=sum:amount_base,count&by=buyer.country,award_date.year"
    "&status.status=active&limit=1000"
)
BEST_SQL = """
SELECT o.country, a.date_key / 10000 AS year, round(sum(a.amount_base), 4), count(*)
FROM fact_award a LEFT JOIN dim_organization o ON o.organization_key = a.buyer_key
WHERE a.status_key IN (SELECT status_key FROM dim_status WHERE status = 'active')
GROUP BY o.country, year ORDER BY o.country IS NULL, o.country, year IS NULL, year LIMIT 1001
"""


def _measure_aggregate(warehouse: Warehouse, client: TestClient, row: Row) -> None:
    """An aggregate by two dimensions with a filter, against SQL that a person wrote for it."""
    assert isinstance(warehouse.parts.warehouse, SqlWarehouse)
    ours, best = [], []
    with warehouse.parts.warehouse.engine.connect() as connection:
        for _ in range(REPEATS):
            ours.append(_timed(lambda: _get(client, AGGREGATE)))
            best.append(_timed(lambda: connection.exec_driver_sql(BEST_SQL).all()))
        expected = [tuple(one) for one in connection.exec_driver_sql(BEST_SQL)]
    found = [tuple(one.values()) for one in _get(client, AGGREGATE)["items"]]
    if [group[:2] for group in found] != [group[:2] for group in expected]:
        raise AssertionError(f"the aggregate has other groups than the SQL: {found[:3]}, {expected[:3]}")
    share = statistics.median(ours) / statistics.median(best)
    figure = f"{share:.2f} times ({_ms(statistics.median(ours))}, {_ms(statistics.median(best))})"
    row("an aggregate by two dimensions with a filter, against the best SQL by hand", figure, "≤ 1.5", met=share <= 1.5)


LISTS = {
    "awards": "/v1/gold/facts/award",
    "awards of a currency": "/v1/gold/facts/award?currency.code=GBP",
    "processes": "/v1/gold/facts/process",
    "processes, newest first": "/v1/gold/facts/process?sort=-last_published",
    "items": "/v1/gold/facts/item",
}

UNINDEXED = "/v1/gold/facts/award?sort=-amount_base"


def _measure_lists(client: TestClient, row: Row) -> None:
    """Pages of 100 rows, at cursors of every depth."""
    for name, path in LISTS.items():
        times = [_timed(lambda url=url: _get(client, url)) for url in _depths(client, path) for _ in range(2)]  # type: ignore[misc]
        _row_of_p95(row, f"a page of {name}, at any depth", times, 0.05)
    urls = _depths(client, UNINDEXED)[:: max(1, DEPTHS // 4)]
    middle = statistics.median(_timed(lambda url=url: _get(client, url)) for url in urls)  # type: ignore[misc]
    row("a page of awards by a column without an index (median)", _ms(middle))


def _depths(client: TestClient, path: str) -> list[str]:
    """URLs of pages at depths spread over the whole list, the first and last among them."""
    joined = "&" if "?" in path else "?"
    urls, following = [path], f"{path}{joined}limit={PAGE_ROWS}&fields={_key(path)}"
    while following:
        following = _get(client, following)["next"]
        if following:
            urls.append(f"{path}{joined}cursor={quote(following.rsplit('cursor=', 1)[1])}")
    step = max(1, len(urls) // DEPTHS)
    return [*urls[::step], urls[-1]]


def _key(path: str) -> str:
    return "ocid" if "/facts/" in path else next(iter(MARTS[path.rsplit("/", 1)[1].split("?")[0]].columns))


def _measure_marts(warehouse: Warehouse, client: TestClient, row: Row) -> None:
    """Pages of the marts: in their own order at every depth, by a buyer, and by a year with another order."""
    with warehouse.parts.warehouse.read() as work:
        spend = gold_table("mart_spend")
        (buyer,) = work.connection.execute(  # type: ignore[attr-defined]
            spend.select().with_only_columns(spend.c.buyer_id).where(spend.c.buyer_id != "unknown").limit(1)
        ).one()
    for name, mart in MARTS.items():
        path = f"/v1/marts/{name}"
        urls = _depths(client, path)
        if "buyer_id" in mart.columns:
            urls += [f"{path}?buyer={quote(buyer)}", f"{path}?buyer_id={quote(buyer)}"] * 5
        if "year" in mart.columns:
            urls += [f"{path}?year=2024&sort=-{list(mart.columns)[-1]}"] * 5
        elif name == "relations":
            urls += [f"{path}?sort=-amount_base"] * 5
        times = [_timed(lambda url=url: _get(client, url)) for url in urls for _ in range(2)]  # type: ignore[misc]
        _row_of_p95(row, f"a page of the mart {name}", times, 0.03)


def _measure_exports(warehouse: Warehouse, row: Row) -> None:
    """All awards as files: with all columns, and with those of a usual table."""
    exports = table_exports(warehouse.settings)
    for name, fields in (("all columns", []), (f"{len(EXPORTED)} columns", EXPORTED)):
        for form, bar in ((ExportFormat.CSV, 100_000), (ExportFormat.PARQUET, 300_000)):
            times, rows = [], 0
            for _ in range(EXPORT_ROUNDS):
                started = time.perf_counter()
                request = RowRequest(fields=fields)
                with export_rows(warehouse.parts.warehouse, exports, "fact", "award", request, form) as file:
                    times.append(time.perf_counter() - started)
                    rows = _rows_of(file, form)
            speed = rows / statistics.median(times)
            row(f"all {rows:,} awards as {form}, {name}", f"{speed:,.0f} rows/s", f"≥ {bar:,}", met=speed >= bar)


def _rows_of(file: IO[bytes], form: ExportFormat) -> int:
    return (pl.read_csv(file, infer_schema=False) if form is ExportFormat.CSV else pl.read_parquet(file)).height


def _row_of_p95(row: Row, what: str, times: list[float], bar: float) -> None:
    p95 = sorted(times)[min(len(times) - 1, int(len(times) * 0.95))]
    figure = f"p95 {_ms(p95)} (median {_ms(statistics.median(times))}, {len(times)} pages)"
    row(what, figure, f"≤ {bar * 1000:.0f} ms", met=p95 <= bar)


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _get(client: TestClient, url: str) -> Any:
    answer = client.get(url)
    answer.raise_for_status()
    return answer.json()


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
