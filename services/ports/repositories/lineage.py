"""Repository of lineage."""

from datetime import datetime
from typing import NamedTuple, Protocol

from domain.lineage.process_lineage import FactRows, LoggedVersion


class SilverBatchRun(NamedTuple):
    """A silver batch: the sequence numbers that it took, (from_seq, upto_seq], and when it was committed."""

    id: int
    from_seq: int
    upto_seq: int
    committed_at: datetime | None


class LineageReader(Protocol):
    """What the ledger and the star know of the origin of rows."""

    def fact_rows(self, process_key: int) -> list[FactRows]: ...
    def silver_batch(self, silver_batch: int) -> SilverBatchRun | None: ...
    def release_versions(self, ocid: str) -> list[LoggedVersion]: ...
