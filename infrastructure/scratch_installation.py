"""A scratch installation over the live bronze, in which `verify` rebuilds silver, gold and search."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import insert, select
from sqlmodel import SQLModel

from domain.search.search_documents import SPECS
from infrastructure.lake.delta_lake import DeltaLake
from infrastructure.search.embedded.engine import EmbeddedSearch
from infrastructure.settings import Settings
from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.migrate import create
from services.ports.parts import Parts

COPIED_TABLES = ("job", "batch", "record", "record_version", "organization_decision")
CHUNK_ROWS = 20_000


class DiscardingMessageQueue:
    """Adapter of the port `MessageQueue` that drops messages: the caller runs the stages itself."""

    def send(self, actor: str, *args: str) -> None:
        """Drop the message."""

    def pending(self, actor: str) -> set[tuple[str, ...]]:  # pylint: disable=unused-argument
        """Return no messages."""
        return set()

    def depths(self, actors: Sequence[str]) -> dict[str, int]:
        """Return zero for each."""
        return dict.fromkeys(actors, 0)

    def check(self) -> None:
        """Do nothing: it is always available."""

    def wait(self, seconds: float) -> None:
        """Return at once."""

    def claim(self, installation: str) -> str:
        """Return the installation that asks: the queue is not shared."""
        return installation


@contextmanager
def scratch_installation(settings: Settings, live: Parts) -> Iterator[Parts]:
    """Open empty silver, gold and search over the live bronze and a copy of its ledger; removed on exit."""
    folder = Path(tempfile.mkdtemp(prefix="verify-", dir=settings.data_dir))
    try:
        url = f"sqlite:///{folder / 'warehouse.db'}"
        create(url, fiscal_year_start=None)  # the calendar is not made from bronze
        warehouse = SqlWarehouse(url)
        _copy_ledger(live, warehouse)
        lake = DeltaLake(settings.lake_path, silver=folder / "silver")
        search = EmbeddedSearch(folder / "search", SPECS)
        yield Parts(
            warehouse=warehouse,
            lake=lake,
            search=search,
            messages=DiscardingMessageQueue(),
            sources=live.sources,
            files=live.files,
            exports=live.exports,
            batch_records=live.batch_records,
            base_currency=live.base_currency,
            red_flags=live.red_flags,
        )
        warehouse.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy_ledger(live: Parts, target: SqlWarehouse) -> None:
    for name in COPIED_TABLES:
        table = SQLModel.metadata.tables[name]
        with live.warehouse.read() as source, target.write() as copy:
            streaming = source.connection.execution_options(yield_per=CHUNK_ROWS)  # type: ignore[attr-defined]
            result = streaming.execute(select(table))
            for part in result.mappings().partitions(CHUNK_ROWS):
                copy.connection.execute(insert(table), [dict(row) for row in part])
            copy.commit()
