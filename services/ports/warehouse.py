"""The warehouse database: units of work over its repositories."""

from contextlib import AbstractContextManager
from typing import Protocol

from services.ports.repositories.administration import InstallationReader, InstallationWriter, UserReader, UserWriter
from services.ports.repositories.jobs import (
    IdempotencyKeyReader,
    IdempotencyKeyWriter,
    JobReader,
    JobWriter,
    RawJobOrderReader,
    RawJobOrderWriter,
)
from services.ports.repositories.pipeline import (
    BatchReader,
    BatchWriter,
    LeaseReader,
    LeaseWriter,
    WatermarkReader,
    WatermarkWriter,
)
from services.ports.repositories.raw_records import (
    AuditReader,
    AuditWriter,
    ErasureReader,
    ErasureWriter,
    OutcomeReader,
    OutcomeWriter,
    QuarantineReader,
    QuarantineWriter,
    RecordCatalogueReader,
    RecordCatalogueWriter,
    RecordVersionReader,
    RecordVersionWriter,
)
from services.ports.repositories.search import (
    SavedSearchReader,
    SavedSearchWriter,
    SearchSettingsReader,
    SearchSettingsWriter,
)
from services.ports.repositories.star import (
    DocumentFileReader,
    DocumentFileWriter,
    ExchangeRateReader,
    ExchangeRateWriter,
    SearchRows,
    StarQueries,
    StarTableReader,
    StarTableWriter,
)
from services.ports.repositories.webhooks import DeliveryReader, DeliveryWriter, WebhookReader, WebhookWriter


class ReadUnitOfWork(Protocol):
    """Repositories over one consistent view of the warehouse. The connection refuses writes."""

    @property
    def jobs(self) -> JobReader: ...
    @property
    def raw_job_order(self) -> RawJobOrderReader: ...
    @property
    def idempotency_keys(self) -> IdempotencyKeyReader: ...
    @property
    def batches(self) -> BatchReader: ...
    @property
    def leases(self) -> LeaseReader: ...
    @property
    def watermarks(self) -> WatermarkReader: ...
    @property
    def record_catalogue(self) -> RecordCatalogueReader: ...
    @property
    def record_versions(self) -> RecordVersionReader: ...
    @property
    def quarantine(self) -> QuarantineReader: ...
    @property
    def outcomes(self) -> OutcomeReader: ...
    @property
    def audit(self) -> AuditReader: ...
    @property
    def erasure(self) -> ErasureReader: ...
    @property
    def star_writer(self) -> StarTableReader: ...
    @property
    def star_reader(self) -> StarQueries: ...
    @property
    def search_rows(self) -> SearchRows: ...
    @property
    def document_files(self) -> DocumentFileReader: ...
    @property
    def exchange_rates(self) -> ExchangeRateReader: ...
    @property
    def search_settings(self) -> SearchSettingsReader: ...
    @property
    def saved_searches(self) -> SavedSearchReader: ...
    @property
    def webhooks(self) -> WebhookReader: ...
    @property
    def deliveries(self) -> DeliveryReader: ...
    @property
    def users(self) -> UserReader: ...
    @property
    def installations(self) -> InstallationReader: ...
    def quick_check(self) -> str: ...


class WriteUnitOfWork(ReadUnitOfWork, Protocol):
    """Repositories over one transaction, which is committed on request only."""

    @property
    def jobs(self) -> JobWriter: ...
    @property
    def raw_job_order(self) -> RawJobOrderWriter: ...
    @property
    def idempotency_keys(self) -> IdempotencyKeyWriter: ...
    @property
    def batches(self) -> BatchWriter: ...
    @property
    def leases(self) -> LeaseWriter: ...
    @property
    def watermarks(self) -> WatermarkWriter: ...
    @property
    def record_catalogue(self) -> RecordCatalogueWriter: ...
    @property
    def record_versions(self) -> RecordVersionWriter: ...
    @property
    def quarantine(self) -> QuarantineWriter: ...
    @property
    def outcomes(self) -> OutcomeWriter: ...
    @property
    def audit(self) -> AuditWriter: ...
    @property
    def erasure(self) -> ErasureWriter: ...
    @property
    def star_writer(self) -> StarTableWriter: ...
    @property
    def document_files(self) -> DocumentFileWriter: ...
    @property
    def exchange_rates(self) -> ExchangeRateWriter: ...
    @property
    def search_settings(self) -> SearchSettingsWriter: ...
    @property
    def saved_searches(self) -> SavedSearchWriter: ...
    @property
    def webhooks(self) -> WebhookWriter: ...
    @property
    def deliveries(self) -> DeliveryWriter: ...
    @property
    def users(self) -> UserWriter: ...
    @property
    def installations(self) -> InstallationWriter: ...
    def commit(self) -> None: ...


class Warehouse(Protocol):
    """Opens units of work."""

    def read(self) -> AbstractContextManager[ReadUnitOfWork]: ...
    def write(self) -> AbstractContextManager[WriteUnitOfWork]: ...
    def wait(self, seconds: float) -> None:
        """Where the database is away, return once it answers; AwayError where that takes longer."""


class WarehouseUpkeep(Warehouse, Protocol):
    """The same, and the care of the database, which the erase stage, the worker process and the commands take."""

    def vacuum(self) -> None: ...
    def checkpoint_log(self) -> None: ...
    def check(self) -> None: ...
