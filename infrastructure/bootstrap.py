"""The composition root: the only module that connects ports with adapters."""

from functools import partial

from domain.document_files.pdf_limits import PdfLimits
from domain.search.search_documents import SPECS
from domain.shared.errors import StartupError
from infrastructure.credentials import PASSWORD_HASHER, JwtSigner
from infrastructure.embeddings import ConfiguredModels
from infrastructure.exchange_rates.frankfurter import Frankfurter
from infrastructure.exports.table_files import TableFiles
from infrastructure.files.file_store import FileStore
from infrastructure.files.secret_encryption import FernetCipher
from infrastructure.files.secret_files import DataFolderSecrets
from infrastructure.formats.file_sources import FileSources
from infrastructure.formats.json.exchange_rate_lines import RateLines
from infrastructure.formats.json.recogniser import OcdsJson
from infrastructure.formats.pdf.recogniser import PdfSource
from infrastructure.formats.recogniser_chain import Recogniser
from infrastructure.formats.tables.recognisers import tables
from infrastructure.http.webhook_sender import HttpWebhookSender
from infrastructure.lake.delta_lake import DeltaLake
from infrastructure.openlineage.clients import connect
from infrastructure.openlineage.dataset_names import dataset_names
from infrastructure.openlineage.emitter import OpenLineageEvents
from infrastructure.openlineage.events import EventBuilder
from infrastructure.pdf.reader import PdfReader
from infrastructure.pipeline.background_reader import BackgroundSliceReader
from infrastructure.queue.dispatcher import RedisMessageQueue
from infrastructure.queue.redis_server import local_url
from infrastructure.search.embedded.engine import EmbeddedSearch
from infrastructure.search.typesense.engine import TypesenseSearch
from infrastructure.settings import Settings
from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.postgresql import Timeouts
from services.ports.exports import TableExports
from services.ports.parts import Parts
from services.ports.search import SearchEngine
from services.ports.secrets import PasswordHasher
from services.ports.sources import InlineSliceReader
from services.ports.stage_events import NoStageEvents, StageEvents


def bootstrap(settings: Settings, worker: str | None = None, *, serving: bool = False) -> Parts:
    """Build the ports of an installation; nothing connects before its first use.

    `worker`: the name of a worker, which reads long slices in the background.
    `serving`: set by the API, whose statements have a time limit, and whose writers come before those of stages.
    """
    warehouse = SqlWarehouse(settings.warehouse_url, timeouts(settings, serving=serving), priority=serving)
    files = FileStore(settings.data_dir / "files")
    sources = FileSources(
        files,
        settings.data_dir / "spool",
        _recognisers(settings),
        settings.max_upload_bytes,
        settings.max_archive_members,
    )
    return Parts(
        warehouse=warehouse,
        lake=DeltaLake(settings.lake_path),
        search=search_engine(settings),
        messages=RedisMessageQueue(
            settings.redis_url or local_url(settings.data_dir.resolve()), settings.redis_seconds
        ),
        sources=sources,
        files=files,
        batch_records=settings.batch_records,
        base_currency=settings.base_currency,
        red_flags=settings.red_flags,
        rate_service=rate_service(settings),
        hooks=HttpWebhookSender(private=settings.webhook_private),
        embedders=models(settings),
        seals=seals(settings),
        exports=table_exports(settings),
        readings=BackgroundSliceReader(warehouse, worker) if worker else InlineSliceReader(),
        events=stage_events(settings, warehouse),
    )


def stage_events(settings: Settings, warehouse: SqlWarehouse) -> StageEvents:
    """OpenLineage events to the file and the service that the settings name, if any."""
    if settings.openlineage_file is None and settings.openlineage_url is None:
        return NoStageEvents()

    def columns() -> dict[str, list[tuple[str, str]]]:
        with warehouse.read() as work:
            stored = work.catalog.tables()
        return {name: [(column.name, column.type) for column in one.columns] for name, one in stored.items()}

    names = dataset_names(settings.data_dir, settings.lake_path, settings.warehouse_url, settings.typesense_url)
    builder = EventBuilder(settings.openlineage_namespace, names, columns)
    key = settings.openlineage_key.get_secret_value() if settings.openlineage_key else None
    return OpenLineageEvents(partial(connect, settings.openlineage_file, settings.openlineage_url, key), builder)


def table_exports(settings: Settings) -> TableExports:
    """Writes the files that clients export."""
    return TableFiles(settings.data_dir / "spool", settings.data_dir / "exports")


def timeouts(settings: Settings, *, serving: bool = False) -> Timeouts:
    """The limits of PostgreSQL connections and statements."""
    statement_seconds = settings.statement_seconds if serving else None
    return Timeouts(settings.connect_seconds, statement_seconds, settings.pool_seconds, settings.pool_connections)


def _recognisers(settings: Settings) -> list[Recogniser]:
    """The recognisers of file formats, in the order in which they are tried."""
    max_record_bytes = settings.max_record_bytes
    found = tables(settings.data_dir / "spool", max_record_bytes, settings.max_upload_bytes, settings.profiles_dir)
    return [PdfSource(pdf_reader(settings)), RateLines(max_record_bytes), OcdsJson(max_record_bytes), *found]


def search_engine(settings: Settings) -> SearchEngine:
    """The search engine of the settings. StartupError for a Typesense URL without a key."""
    if settings.typesense_url is None:
        return EmbeddedSearch(settings.data_dir / "search", SPECS)
    if settings.typesense_api_key is None or not settings.typesense_api_key.get_secret_value():
        raise StartupError("TENDERLAKE_TYPESENSE_URL is set, but TENDERLAKE_TYPESENSE_API_KEY is not")
    key = settings.typesense_api_key.get_secret_value()
    return TypesenseSearch(settings.typesense_url, key, SPECS, seconds=settings.typesense_seconds)


def pdf_reader(settings: Settings) -> PdfReader:
    """The reader of PDFs; its child processes start with the first file."""
    limits = PdfLimits(
        cpu_seconds=settings.pdf_cpu_seconds,
        page_seconds=settings.pdf_page_seconds,
        timeout=settings.pdf_timeout,
        memory_bytes=settings.pdf_memory_bytes,
        pages=settings.pdf_pages,
        output_bytes=settings.pdf_output_bytes,
    )
    return PdfReader(limits, settings.pdf_processes, settings.data_dir / "spool")


def rate_service(settings: Settings) -> Frankfurter | None:
    """The exchange-rate service; None if no URL is set."""
    return Frankfurter(settings.rates_url) if settings.rates_url else None


def models(settings: Settings) -> ConfiguredModels:
    """The embedding models; each is loaded at its first use."""
    key = settings.embeddings_key.get_secret_value() if settings.embeddings_key else None
    return ConfiguredModels(settings.embeddings, settings.embeddings_model, key)


def vault(settings: Settings) -> DataFolderSecrets:
    """The secrets in the data folder: the key that signs tokens, the first password."""
    return DataFolderSecrets(settings.data_dir)


def password_hasher() -> PasswordHasher:
    """The hasher of passwords."""
    return PASSWORD_HASHER


def token_signer(settings: Settings) -> JwtSigner:
    """The signer of tokens, whose key is created on first use."""
    return JwtSigner(vault(settings).signing_key())


def seals(settings: Settings) -> FernetCipher:
    """The cipher for secrets in the database."""
    return FernetCipher(vault(settings))
