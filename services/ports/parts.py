"""The ports: what the use cases need from the outside, as Protocols; `infrastructure/bootstrap.py` plugs the adapters
in.
"""

from dataclasses import dataclass, field

from domain.red_flags.settings import RedFlagSettings
from services.ports.embeddings import EmbeddingModels, NoEmbeddingModels
from services.ports.exchange_rates import RateService
from services.ports.exports import TableExports
from services.ports.files import StoredFiles
from services.ports.lake import Lake
from services.ports.queue import MessageQueue
from services.ports.search import SearchEngine
from services.ports.secrets import PlainTextCipher, SecretCipher
from services.ports.sources import InlineSliceReader, SliceReader, Sources
from services.ports.stage_events import NoStageEvents, StageEvents
from services.ports.warehouse import WarehouseUpkeep
from services.ports.webhooks import NoWebhookSender, WebhookSender


@dataclass(frozen=True)
class Parts:
    """What the use cases work with."""

    warehouse: WarehouseUpkeep
    lake: Lake
    search: SearchEngine
    messages: MessageQueue
    sources: Sources
    files: StoredFiles
    exports: TableExports
    batch_records: int
    base_currency: str = "EUR"
    red_flags: RedFlagSettings = field(default_factory=RedFlagSettings)
    rate_service: RateService | None = None
    embedders: EmbeddingModels = field(default_factory=NoEmbeddingModels)
    hooks: WebhookSender = field(default_factory=NoWebhookSender)
    seals: SecretCipher = field(default_factory=PlainTextCipher)
    readings: SliceReader = field(default_factory=InlineSliceReader)
    events: StageEvents = field(default_factory=NoStageEvents)
