"""Unit of work: the repositories of ledger, star and settings over one transaction."""

from sqlalchemy import Connection

from infrastructure.warehouse.catalog.repository import CatalogRepository
from infrastructure.warehouse.erasure.repository import ErasureRepository
from infrastructure.warehouse.exports.repository import ExportRepository
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
from infrastructure.warehouse.lineage.repository import LineageRepository
from infrastructure.warehouse.marts.repository import MartRepository
from infrastructure.warehouse.organizations.matches import OrganizationMatchRepository
from infrastructure.warehouse.saved_searches.repository import SavedSearchRepository
from infrastructure.warehouse.search.repository import SearchSettingsRepository
from infrastructure.warehouse.search.state import SearchStateRepository
from infrastructure.warehouse.star.document_files import DocumentFileRepository
from infrastructure.warehouse.star.exchange_rates import ExchangeRateRepository
from infrastructure.warehouse.star.organizations import OrganizationRepository
from infrastructure.warehouse.star.quality import QualityRepository
from infrastructure.warehouse.star.reader import StarReader
from infrastructure.warehouse.star.red_flags import RedFlagRepository
from infrastructure.warehouse.star.repository import StarRepository
from infrastructure.warehouse.star.search_rows import SearchRowReader
from infrastructure.warehouse.users.api_keys import ApiKeyRepository
from infrastructure.warehouse.users.repository import UserRepository
from infrastructure.warehouse.users.security_events import SecurityEventRepository
from infrastructure.warehouse.webhooks.deliveries import DeliveryRepository
from infrastructure.warehouse.webhooks.webhooks import WebhookRepository


class SqlUnitOfWork:
    """Repositories that share one transaction."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.jobs = JobRepository(connection)
        self.batches = BatchRepository(connection)
        self.leases = LeaseRepository(connection)
        self.record_catalogue = RecordCatalogue(connection)
        self.quarantine = QuarantineRepository(connection)
        self.watermarks = WatermarkRepository(connection)
        self.star = StarRepository(connection)
        self.organizations = OrganizationRepository(connection)
        self.organization_matches = OrganizationMatchRepository(connection)
        self.red_flags = RedFlagRepository(connection)
        self.search_rows = SearchRowReader(connection)
        self.document_files = DocumentFileRepository(connection)
        self.marts = MartRepository(connection)
        self.users = UserRepository(connection)
        self.api_keys = ApiKeyRepository(connection)
        self.security_events = SecurityEventRepository(connection)
        self.exchange_rates = ExchangeRateRepository(connection)
        self.star_reader = StarReader(connection)
        self.idempotency_keys = IdempotencyKeyRepository(connection)
        self.webhooks = WebhookRepository(connection)
        self.deliveries = DeliveryRepository(connection)
        self.record_versions = RecordVersionRepository(connection)
        self.outcomes = OutcomeRepository(connection)
        self.audit = AuditRepository(connection)
        self.raw_job_order = RawJobOrder(connection)
        self.search_settings = SearchSettingsRepository(connection)
        self.search_state = SearchStateRepository(connection)
        self.saved_searches = SavedSearchRepository(connection)
        self.installations = InstallationRepository(connection)
        self.erasure = ErasureRepository(connection)
        self.catalog = CatalogRepository(connection)
        self.lineage = LineageRepository(connection)
        self.exports = ExportRepository(connection)
        self.quality = QualityRepository(connection)

    def commit(self) -> None:
        """Commit the transaction."""
        self.connection.commit()

    def quick_check(self) -> str:
        """Return the result of SQLite's `quick_check`; "ok" for PostgreSQL, which checks its own files."""
        if self.connection.dialect.name != "sqlite":
            return "ok"
        return str(self.connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one())
