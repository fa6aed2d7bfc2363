"""The one reader of the environment: every setting is a `TENDERLAKE_*` variable (or a line of `.env`), listed in docs/settings.md."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an installation can choose. Sizes are bytes, times seconds, unless the name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="TENDERLAKE_", env_file=".env", extra="ignore")

    data_dir: Path = Field(Path("data"), description="folder of everything the product keeps: lake, warehouse, queue, search, files")
    host: str = Field("127.0.0.1", description="address that the API listens on")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(8000, description="port that the API listens on")
    admin_password: SecretStr | None = Field(None, description="password of the user admin; where unset, a random one is made at the first start")
    workers: Annotated[int, Field(ge=1, le=64)] = Field(os.cpu_count() or 1, description="worker processes (default: as many as cores)")
    database_url: str | None = Field(None, description="SQLAlchemy URL of the warehouse; default: SQLite in the data folder")
    connect_seconds: Annotated[float, Field(ge=2, le=120)] = Field(
        5.0, description="how long connecting to PostgreSQL may take, and how long it may be silent before a second connection tells whether it still answers"
    )
    statement_seconds: Annotated[float, Field(gt=0)] = Field(
        60.0, description="how long PostgreSQL may work on a statement of an API request before it is cancelled; workers and commands have no such limit"
    )
    pool_seconds: Annotated[float, Field(gt=0)] = Field(
        10.0, description="how long an API request waits for a free connection to PostgreSQL, of which a process has up to 15"
    )
    redis_url: str | None = Field(None, description="URL of a Redis or Valkey for the queue; default: the bundled redis-server")
    redis_seconds: Annotated[float, Field(gt=0)] = Field(2.0, description="how long Redis may take to answer whoever sends a message")
    lake_uri: str | None = Field(None, description="folder of the Delta lake; default: lake in the data folder")
    batch_records: Annotated[int, Field(ge=1, le=100_000)] = Field(6_000, description="raw records a batch holds at most")
    max_upload_bytes: Annotated[int, Field(ge=1)] = Field(20 * 1024**3, description="largest upload accepted")
    profiles_dir: Path | None = Field(None, description="folder of mapping profiles (YAML) for publishers' own tables; see docs/formats.md")
    max_record_bytes: Annotated[int, Field(ge=1024)] = Field(64 * 1024**2, description="largest single record; a larger one is quarantined")
    max_archive_members: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        100_000, description="members that an archive may have, with those of archives in it; one of more is refused or read up to there, and it is said"
    )
    upload_idle_seconds: Annotated[float, Field(gt=0)] = Field(60.0, description="how long an upload may send nothing before it is ended with a 408")
    sweep_seconds: Annotated[float, Field(gt=0)] = Field(5.0, description="how often the sweep looks for stages that are behind and idle")
    token_minutes: Annotated[int, Field(ge=1)] = Field(60, description="how long a token from POST /v1/auth/token is good for")
    base_currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = Field("EUR", description="ISO 4217 code that amounts are converted to")
    rates_url: Annotated[str | None, Field(pattern="^https?://")] = Field(
        None, description="URL of an exchange-rate service in Frankfurter's shape, such as https://api.frankfurter.dev; where unset, none is asked"
    )
    rates_hours: Annotated[float, Field(gt=0, le=8_760)] = Field(
        6.0, description="how often, in hours, the exchange-rate service is asked for rates that facts need"
    )
    fiscal_year_start: Annotated[int, Field(ge=1, le=12)] = Field(1, description="month in which the fiscal year of the calendar begins")
    embeddings: Annotated[str, Field(pattern="^(minilm|static|off|https?://.+)$")] = Field(
        "minilm", description="model of the search by meaning: minilm, static, off, or the URL of an OpenAI-compatible endpoint (its `…/v1`)"
    )
    embeddings_key: SecretStr | None = Field(None, description="API key of the embedding endpoint")
    embeddings_model: str | None = Field(None, description="model asked of the embedding endpoint")
    url: str | None = Field(None, description="server that `tenderlake load` and `seed` talk to; default: this machine's")
    user: str = Field("admin", description="user that `tenderlake load` and `seed` sign in as")
    password: SecretStr | None = Field(None, description="password of that user; on the server's own machine the admin's is known")
    watch_dir: Path | None = Field(None, description="folder whose files `tenderlake up` loads as they come in; default: none")
    typesense_url: str | None = Field(None, pattern="^https?://", description="URL of a Typesense server, 29 or 30; default: search inside tenderlake")
    typesense_api_key: SecretStr | None = Field(None, description="API key of the Typesense server, one that may do everything")
    typesense_seconds: Annotated[float, Field(gt=0)] = Field(
        4.0, description="how long Typesense may take to answer before a second request tells whether it still answers; each further try has twice the time"
    )
    webhook_private: bool = Field(False, description="whether webhooks may call internal addresses (loopback, private networks)")
    pdf_processes: Annotated[int, Field(ge=1, le=64)] = Field(os.cpu_count() or 1, description="PDFs that a worker reads at once (default: as many as cores)")
    pdf_cpu_seconds: Annotated[int, Field(ge=1)] = Field(60, description="CPU time for the text of one PDF; pages behind are left out, and it is said")
    pdf_page_seconds: Annotated[int, Field(ge=1)] = Field(10, description="CPU time for one page of a PDF; one that takes longer is left out, and it is said")
    pdf_timeout: Annotated[float, Field(gt=0)] = Field(180.0, description="time for one PDF by the clock; what was read until then is kept")
    pdf_memory_bytes: Annotated[int, Field(ge=256 * 1024**2)] = Field(1024**3, description="memory of a process that reads PDFs")
    pdf_pages: Annotated[int, Field(ge=1)] = Field(5_000, description="pages read of one PDF at most")
    pdf_output_bytes: Annotated[int, Field(ge=1024)] = Field(32 * 1024**2, description="text kept of one PDF at most")
    log_level: str = Field("INFO", description="least severe log line shown: DEBUG, INFO, WARNING or ERROR")

    @property
    def warehouse_url(self) -> str:
        """The SQLAlchemy URL in force."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'warehouse.db'}"

    @property
    def lake_path(self) -> Path:
        """The lake's folder in force."""
        return Path(self.lake_uri) if self.lake_uri else self.data_dir / "lake"
