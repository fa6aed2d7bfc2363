"""Unit of work: the repositories of ledger, star and settings over one transaction."""

from functools import cached_property

from sqlalchemy import Connection

from infrastructure.warehouse.erasure.repository import ErasureRepository
from infrastructure.warehouse.installation.repository import InstallationRepository
from infrastructure.warehouse.ledger.audit import AuditRepository, OutcomeRepository
from infrastructure.warehouse.ledger.batches import BatchRepository
from infrastructure.warehouse.ledger.idempotency_keys import IdempotencyKeyRepository
from infrastructure.warehouse.ledger.jobs import JobRepository
from infrastructure.warehouse.ledger.leases import LeaseRepository
from infrastructure.warehouse.ledger.quarantine import QuarantineRepository
from infrastructure.warehouse.ledger.raw_job_order import RawJobOrder
from infrastructure.warehouse.ledger.record_catalogue import RecordCatalogue
from infrastructure.warehouse.ledger.record_versions import RecordVersionRepository
from infrastructure.warehouse.ledger.watermarks import WatermarkRepository
from infrastructure.warehouse.saved_searches.repository import SavedSearchRepository
from infrastructure.warehouse.search.repository import SearchSettingsRepository
from infrastructure.warehouse.star.document_files import DocumentFileRepository
from infrastructure.warehouse.star.exchange_rates import ExchangeRateRepository
from infrastructure.warehouse.star.organizations import OrganizationRepository
from infrastructure.warehouse.star.reader import StarReader
from infrastructure.warehouse.star.repository import StarRepository
from infrastructure.warehouse.star.search_rows import SearchRowReader
from infrastructure.warehouse.users.repository import UserRepository
from infrastructure.warehouse.webhooks.deliveries import DeliveryRepository
from infrastructure.warehouse.webhooks.webhooks import WebhookRepository


class SqlUnitOfWork:
    """Repositories that share one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def commit(self) -> None:
        """Commit the transaction."""
        self.connection.commit()

    def quick_check(self) -> str:
        """Return the result of SQLite's `quick_check`; "ok" for PostgreSQL, which checks its own files."""
        if self.connection.dialect.name != "sqlite":
            return "ok"
        return str(self.connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())

    @cached_property
    def jobs(self) -> JobRepository:
        return JobRepository(self.connection)

    @cached_property
    def batches(self) -> BatchRepository:
        return BatchRepository(self.connection)

    @cached_property
    def leases(self) -> LeaseRepository:
        return LeaseRepository(self.connection)

    @cached_property
    def record_catalogue(self) -> RecordCatalogue:
        return RecordCatalogue(self.connection)

    @cached_property
    def quarantine(self) -> QuarantineRepository:
        return QuarantineRepository(self.connection)

    @cached_property
    def watermarks(self) -> WatermarkRepository:
        return WatermarkRepository(self.connection)

    @cached_property
    def star(self) -> StarRepository:
        return StarRepository(self.connection)

    @cached_property
    def organizations(self) -> OrganizationRepository:
        return OrganizationRepository(self.connection)

    @cached_property
    def search_rows(self) -> SearchRowReader:
        return SearchRowReader(self.connection)

    @cached_property
    def document_files(self) -> DocumentFileRepository:
        return DocumentFileRepository(self.connection)

    @cached_property
    def users(self) -> UserRepository:
        return UserRepository(self.connection)

    @cached_property
    def exchange_rates(self) -> ExchangeRateRepository:
        return ExchangeRateRepository(self.connection)

    @cached_property
    def star_reader(self) -> StarReader:
        return StarReader(self.connection)

    @cached_property
    def idempotency_keys(self) -> IdempotencyKeyRepository:
        return IdempotencyKeyRepository(self.connection)

    @cached_property
    def webhooks(self) -> WebhookRepository:
        return WebhookRepository(self.connection)

    @cached_property
    def deliveries(self) -> DeliveryRepository:
        return DeliveryRepository(self.connection)

    @cached_property
    def record_versions(self) -> RecordVersionRepository:
        return RecordVersionRepository(self.connection)

    @cached_property
    def outcomes(self) -> OutcomeRepository:
        return OutcomeRepository(self.connection)

    @cached_property
    def audit(self) -> AuditRepository:
        return AuditRepository(self.connection)

    @cached_property
    def raw_job_order(self) -> RawJobOrder:
        return RawJobOrder(self.connection)

    @cached_property
    def search_settings(self) -> SearchSettingsRepository:
        return SearchSettingsRepository(self.connection)

    @cached_property
    def saved_searches(self) -> SavedSearchRepository:
        return SavedSearchRepository(self.connection)

    @cached_property
    def installations(self) -> InstallationRepository:
        return InstallationRepository(self.connection)

    @cached_property
    def erasure(self) -> ErasureRepository:
        return ErasureRepository(self.connection)
