"""Shared by the tests: a real lake in a temporary folder, with an in-memory queue, and readers of its contents.

Only the queue is replaced, by an in-memory queue; nothing is patched.
"""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, select

from domain.document_files.pdf_limits import PdfLimits
from domain.jobs.job import Job
from domain.marts.marts import TABLES as MART_TABLES
from domain.raw_records.quarantine import Quarantined
from domain.raw_records.record import Kind
from domain.search.queries import Collection, SearchDocument
from domain.search.search_documents import SPECS
from infrastructure.exports.table_files import TableFiles
from infrastructure.files.file_store import FileStore
from infrastructure.formats.file_sources import FileSources
from infrastructure.formats.json.exchange_rate_lines import RateLines
from infrastructure.formats.json.recogniser import OcdsJson
from infrastructure.formats.pdf.recogniser import PdfSource
from infrastructure.formats.tables.recognisers import tables
from infrastructure.lake.delta_lake import DeltaLake
from infrastructure.pdf.reader import PdfReader
from infrastructure.scratch_installation import scratch_installation
from infrastructure.search.embedded.engine import EmbeddedSearch
from infrastructure.settings import Settings
from infrastructure.warehouse import migrate
from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.star.gold_tables import gold_table
from infrastructure.warehouse.unit_of_work import SqlUnitOfWork
from services.maintenance.verify import verify
from services.pipeline.backlog import ORGANIZATIONS_PART
from services.pipeline.stages import STAGES as REGISTRY
from services.ports.parts import Parts
from services.ports.warehouse import ReadUnitOfWork
from services.shared.clock import now
from services.uploads import submission as intake
from tests import databases

STAGES = {stage.name: stage for stage in REGISTRY}
PDF_LIMITS = PdfLimits(cpu_seconds=10, page_seconds=2, timeout=60)
# Columns that differ between two ways to the same state: ids and times of runs, not results.
BATCH_COLUMNS = {"silver_batch", "updated_at", "refreshed_at"}
STAR = (
    "fact_process",
    "fact_award",
    "fact_contract",
    "fact_item",
    "fact_bid",
    "fact_transaction",
    "fact_amendment",
    "fact_note",
    "process_quality",
    "quality_total",
    "bridge_process_organization",
    "dim_organization",
    "dim_procedure",
    "dim_classification",
    "dim_location",
    "dim_currency",
    "dim_source",
    "dim_status",
    "dim_exchange_rate",
    *MART_TABLES,
    "fact_red_flag",
    "dim_indicator",
)
Gold = dict[str, list[dict[str, Any]]]
Message = tuple[str, ...]


class MemoryMessages:
    """Adapter of the port `MessageQueue` in memory: first in, first out, without duplicates."""

    def __init__(self) -> None:
        self.waiting: deque[Message] = deque()

    def send(self, actor: str, *args: str) -> None:
        if (actor, *args) not in self.waiting:
            self.waiting.append((actor, *args))

    def wait(self, seconds: float) -> None:
        """Return at once."""

    def pending(self, actor: str) -> set[Message]:
        """Return the arguments of the queued messages."""
        return {message[1:] for message in self.waiting if message[0] == actor}

    def depths(self, actors: Sequence[str]) -> dict[str, int]:
        """Return the number of queued messages of each."""
        return {actor: len(self.pending(actor)) for actor in actors}

    def check(self) -> None:
        """Do nothing: it is always available."""

    def claim(self, installation: str) -> str:
        """Return the installation that asks."""
        return installation

    def drain(self, parts: Parts, most: int = 500) -> None:
        """Handle all messages and those that follow from them."""
        for _ in range(most):
            if not self.waiting:
                return
            self.handle(parts, self.waiting.popleft())
        raise AssertionError(f"the queue does not come to rest: {list(self.waiting)[:5]}")

    @staticmethod
    def handle(parts: Parts, message: Message) -> None:
        """Run the stage of a message."""
        STAGES[message[0]](parts, *message[1:])


def warehouse_of(database: Path, home: Path) -> SqlWarehouse:
    """A new warehouse: a copy of the migrated database, or one in the database that the session chose."""
    return SqlWarehouse(databases.copy_of(database, home))


@contextmanager
def lake_in(
    home: Path, database: Path, batch_records: int = 4_000, longest: int = 1 << 26, most: int = 1 << 33
) -> Iterator[Parts]:
    """Parts of an installation in `home`; `database` is a migrated warehouse to copy."""
    with lake_over(home, warehouse_of(database, home), batch_records, longest, most) as parts:
        yield parts


@contextmanager
def lake_over(
    home: Path, warehouse: SqlWarehouse, batch_records: int = 4_000, longest: int = 1 << 26, most: int = 1 << 33
) -> Iterator[Parts]:
    """Parts of an installation in `home` over that warehouse."""
    files = FileStore(home / "files")
    pdf = PdfReader(PDF_LIMITS, workers=2)
    sources = FileSources(
        files,
        home / "spool",
        [PdfSource(pdf), RateLines(longest), OcdsJson(longest), *tables(home / "spool", longest, most)],
        most,
        100_000,
    )
    search = EmbeddedSearch(home / "search", SPECS)
    try:
        lake, exports = DeltaLake(home / "lake"), TableFiles(home / "spool", home / "exports")
        yield Parts(warehouse, lake, search, MemoryMessages(), sources, files, exports, batch_records)
    finally:
        pdf.close()
        warehouse.close()


def messages(parts: Parts) -> MemoryMessages:
    """The queue of a lake made by `lake_in`."""
    assert isinstance(parts.messages, MemoryMessages)
    return parts.messages


def drain(parts: Parts) -> None:
    """Handle all pending messages."""
    messages(parts).drain(parts)


def submit(parts: Parts, name: str, content: bytes, **more: Any) -> str:
    """Submit a file as the API does; return the job's id. `more` are further fields of the job."""
    receiver = parts.files.receive()
    receiver.write(content)
    sha256, size = receiver.finish()
    return intake.submit(
        parts.warehouse, parts.messages, sha256=sha256, size=size, filename=name, actor="tester", **more
    ).id


def load(parts: Parts, name: str, content: bytes) -> Job:
    """Submit a file, handle all messages and return the final job."""
    job_id = submit(parts, name, content)
    drain(parts)
    return job_of(parts, job_id)


def job_of(parts: Parts, job_id: str) -> Job:
    """The job as the ledger has it."""
    with parts.warehouse.read() as work:
        job: Job | None = work.jobs.get(job_id)
    assert job is not None
    return job


def quarantined(parts: Parts, job_id: str) -> list[Quarantined]:
    """Quarantine entries of a job."""
    with parts.warehouse.read() as work:
        page, following = work.quarantine.page(job_id, 0, 10_000)
    assert following is None
    return list(page)


def rows(parts: Parts, table: str) -> list[dict[str, Any]]:
    """Rows of a table of the star, without ids of runs, in a fixed order."""
    assert isinstance(parts.warehouse, SqlWarehouse)
    target = gold_table(table)
    columns = [column for column in target.columns if column.name not in BATCH_COLUMNS]
    with parts.warehouse.engine.connect() as connection:
        found = [dict(row) for row in connection.execute(select(*columns)).mappings()]
    return sorted(found, key=lambda row: json.dumps(row, default=str, sort_keys=True))


def gold(parts: Parts) -> Gold:
    """The whole star without the calendar."""
    return {table: rows(parts, table) for table in STAR}


def documents(parts: Parts) -> dict[str, list[SearchDocument]]:
    """All search documents by collection, ordered by id, without the time of the run."""
    found = {str(name): sorted(parts.search.scan(name), key=lambda one: str(one["id"])) for name in Collection}
    for one in chain.from_iterable(found.values()):
        one.pop("updated_at", None)
    return found


def release(
    ocid: str = "ocds-test01-1", release_id: str = "1", date: str = "2024-01-01T00:00:00Z", **fields: Any
) -> dict[str, Any]:
    """A small release."""
    return {"ocid": ocid, "id": release_id, "date": date, "tag": ["tender"]} | fields


def lines(releases: Iterable[dict[str, Any]]) -> bytes:
    """Releases as JSON Lines."""
    return b"".join(json.dumps(one, ensure_ascii=False).encode() + b"\n" for one in releases)


def package(releases: Sequence[dict[str, Any]], **about: Any) -> bytes:
    """Releases as a release package."""
    return json.dumps(
        {"uri": "https://example.org/1", "version": "1.1"} | about | {"releases": list(releases)}, ensure_ascii=False
    ).encode()


def connection_of(work: ReadUnitOfWork) -> Connection:
    """The connection of a unit of work, to look into tables and to age rows."""
    assert isinstance(work, SqlUnitOfWork)
    return work.connection


class Killed(Exception):  # noqa: N818
    """Raised in place of killing the process."""


class KillingWarehouse(SqlWarehouse):
    """A warehouse that raises Killed instead of beginning the n-th write transaction."""

    def __init__(self, url: str, allowed: int) -> None:
        super().__init__(url)
        self.allowed = allowed

    @contextmanager
    def write(self) -> Iterator[SqlUnitOfWork]:
        if not self.allowed:
            raise Killed
        self.allowed -= 1
        with super().write() as work:
            yield work


def lake_of(parts: Parts) -> DeltaLake:
    """The parts' lake, with its type."""
    assert isinstance(parts.lake, DeltaLake)
    return parts.lake


def verified(parts: Parts, home: Path) -> list[str]:
    """Differences between the current state and a rebuild from bronze."""
    settings = Settings(data_dir=home)
    with scratch_installation(settings, parts) as fresh:
        return [str(one) for one in verify(parts, fresh)]


def back_to(url: str, revision: str) -> None:
    """Downgrade the database to an older revision."""
    config = Config()
    config.set_main_option("script_location", str(Path(migrate.__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", url)
    command.downgrade(config, revision)


def move_state_there_and_back(warehouse: SqlWarehouse) -> None:
    """Downgrade a warehouse with one loaded batch of releases to 0013, add what that version kept, and upgrade."""
    with warehouse.write() as work:
        work.search_state.record_loss(Collection.PROCESSES, 1)
        (batch,) = work.batches.committed_after(0)
        work.batches.commit_silver(1, 1, [Kind.ORGANIZATIONS, Kind.CLASSIFICATIONS], now())
        marks = [work.watermarks.get("index"), work.watermarks.get("index", ORGANIZATIONS_PART)]
        work.commit()
    assert (batch.kinds, [mark.silver_batch for mark in marks]) == (frozenset({Kind.RELEASES}), [1, 1])
    back_to(warehouse.url, "0013")
    with warehouse.write() as work:
        query = "SELECT stage, silver_batch FROM watermark WHERE stage IN ('organizations', 'processes lost')"
        assert sorted(map(tuple, work.connection.exec_driver_sql(query))) == [
            ("organizations", 1),
            ("processes lost", 1),
        ]
        assert list(work.connection.exec_driver_sql("SELECT kind FROM batch").scalars()) == ["releases"]
        kinds = "SELECT kinds FROM silver_batch"
        assert list(work.connection.exec_driver_sql(kinds).scalars()) == ["classifications,organizations"]
        work.connection.exec_driver_sql(
            "INSERT INTO watermark (stage, seq, silver_batch, done, attempts, updated_at)"
            " SELECT 'swap', 0, 0, 0, 1, updated_at FROM watermark WHERE stage = 'index'"
        )
        work.connection.exec_driver_sql("UPDATE watermark SET silver_batch = 7 WHERE stage = 'processes lost'")
        work.connection.exec_driver_sql("UPDATE batch SET kind = 'organizations,releases'")
        work.commit()
    migrate.upgrade(warehouse.url)
    with warehouse.read() as work:
        assert work.watermarks.get("index") == marks[0]
        assert work.watermarks.get("index", ORGANIZATIONS_PART).silver_batch == 0  # 0017: to be written again
        known = "('refine', 'publish', 'index', 'embed', 'red_flags')"
        stages = f"SELECT DISTINCT stage FROM watermark WHERE stage NOT IN {known}"
        assert list(work.connection.exec_driver_sql(stages)) == []
        assert work.search_state.lost_upto(Collection.PROCESSES) == 7
        assert not work.search_state.paused(now())
        assert [one.kinds for one in work.batches.committed_after(0)] == [{Kind.ORGANIZATIONS, Kind.RELEASES}]
        assert [one.kinds for one in work.batches.silver_after(0)] == [{Kind.ORGANIZATIONS, Kind.CLASSIFICATIONS}]
