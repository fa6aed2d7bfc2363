"""Reads all settings from `TENDERLAKE_*` environment variables or `.env`; docs/settings.md lists them."""

import json
import os
import tomllib
from collections.abc import Callable, Iterator
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.document_files.pdf_limits import PdfLimits
from domain.red_flags.settings import RedFlagSettings


def read_red_flags(value: Any) -> Any:
    """The thresholds in JSON text or in a file. ValueError for text that is neither."""
    if not isinstance(value, str) or not value.strip():
        return value or {}
    if value.lstrip().startswith("{"):
        return json.loads(value)
    path = Path(value)
    if path.suffix not in FILE_READERS:
        raise ValueError("must be JSON, or the path of a .json, .toml, .yaml or .yml file")
    if not path.is_file():
        raise ValueError(f"there is no file {path}")
    return FILE_READERS[path.suffix](path.read_text(encoding="utf-8"))


def split_list(value: Any) -> Any:
    """The items of a text with commas."""
    return [item.strip() for item in value.split(",") if item.strip()] if isinstance(value, str) else value


def check_network(value: str) -> str:
    """The address or network. ValueError for anything else, such as a host name."""
    try:
        return str(ip_network(value, strict=False))
    except ValueError as error:
        raise ValueError(f"{value} is neither an IP address nor a network such as 10.0.0.0/8") from error


FILE_READERS: dict[str, Callable[[str], Any]] = {
    ".json": json.loads,
    ".toml": tomllib.loads,
    ".yaml": yaml.safe_load,
    ".yml": yaml.safe_load,
}


class Settings(BaseSettings):
    """The settings of an installation. Sizes are in bytes and times in seconds unless the name has another unit."""

    # Errors don't quote values: URLs may hold passwords.
    model_config = SettingsConfigDict(
        env_prefix="TENDERLAKE_", env_file=".env", env_ignore_empty=True, extra="ignore", hide_input_in_errors=True
    )

    data_dir: Path = Field(Path("data"), description="folder of all data: lake, warehouse, queue, search index, files")
    host: str = Field("127.0.0.1", description="address that the API listens on")
    port: Annotated[int, Field(ge=1, le=65535)] = Field(8000, description="port that the API listens on")
    trusted_proxies: Annotated[
        list[Annotated[str, AfterValidator(check_network)]], NoDecode, BeforeValidator(split_list)
    ] = Field(
        [],
        description="addresses or networks of reverse proxies, separated by commas, whose X-Forwarded-For and "
        "X-Forwarded-Proto are used; default: none",
    )
    cors_origins: Annotated[
        list[Annotated[str, Field(pattern=r"^(https?://[^/\s]+|\*)$")]], NoDecode, BeforeValidator(split_list)
    ] = Field(
        [], description="origins of web pages that may call the API (CORS), separated by commas, or *; default: none"
    )
    login_failures: Annotated[int, Field(ge=1)] = Field(
        10,
        description="wrong passwords of a user from one address, in each API process, after which further ones are "
        "refused with 429 for a growing time, up to a minute",
    )
    admin_password: SecretStr | None = Field(
        None, description="password of the user admin; if unset, a random one is generated at the first start"
    )
    workers: Annotated[int, Field(ge=1, le=64)] = Field(
        os.cpu_count() or 1, description="number of worker processes (default: as many as cores)"
    )
    database_url: str | None = Field(
        None,
        description="URL of the warehouse's database, such as postgresql://user:password@host/database; default: "
        "SQLite in the data folder",
    )
    connect_seconds: Annotated[float, Field(ge=2, le=120)] = Field(
        5.0,
        description="time limit for connecting to PostgreSQL, and for its silence before a second connection checks "
        "whether it still answers",
    )
    statement_seconds: Annotated[float, Field(gt=0)] = Field(
        60.0,
        description="time limit for a PostgreSQL statement of an API request; workers and commands have no such limit",
    )
    pool_seconds: Annotated[float, Field(gt=0)] = Field(
        10.0, description="time limit for an API request to get a PostgreSQL connection from the pool of its process"
    )
    pool_connections: Annotated[int, Field(ge=5, le=1_000)] = Field(
        15, description="most PostgreSQL connections of a process; five of them are kept open while idle"
    )
    redis_url: str | None = Field(
        None, description="URL of a Redis or Valkey for the queue; default: the bundled redis-server"
    )
    redis_seconds: Annotated[float, Field(gt=0)] = Field(
        2.0, description="time limit for Redis to answer when a message is sent"
    )
    lake_uri: str | None = Field(None, description="folder of the Delta lake; default: lake in the data folder")
    batch_records: Annotated[int, Field(ge=1, le=100_000)] = Field(6_000, description="most raw records in a batch")
    max_upload_bytes: Annotated[int, Field(ge=1)] = Field(20 * 1024**3, description="largest upload accepted")
    max_open_jobs: Annotated[int, Field(ge=0)] = Field(
        100_000, description="most unfinished jobs; further changes are refused with 429; 0: no limit"
    )
    rate_per_minute: Annotated[int | None, Field(ge=1)] = Field(
        None, description="most requests per minute of a user, in each API process; default: no limit"
    )
    request_seconds: Annotated[float, Field(gt=0)] = Field(
        300.0, description="time until an answer begins, after which a request gets 503"
    )
    export_max_rows: Annotated[int, Field(ge=0)] = Field(
        1_000_000, description="most rows of a list that is answered as a file at once; a longer one becomes a job"
    )
    profiles_dir: Path | None = Field(
        None, description="folder of mapping profiles (YAML) for publishers' own tables; see docs/formats.md"
    )
    max_record_bytes: Annotated[int, Field(ge=1024)] = Field(
        64 * 1024**2, description="largest single record; larger ones are quarantined"
    )
    max_archive_members: Annotated[int, Field(ge=1, le=1_000_000)] = Field(
        100_000,
        description="most members of an archive, including those of nested archives; larger archives are refused, or "
        "read up to the limit with an error",
    )
    upload_idle_seconds: Annotated[float, Field(gt=0)] = Field(
        60.0, description="time without data after which an upload is ended with 408"
    )
    sweep_seconds: Annotated[float, Field(gt=0)] = Field(
        5.0, description="interval at which the sweep looks for stages that are behind and idle"
    )
    token_minutes: Annotated[int, Field(ge=1)] = Field(60, description="lifetime of a token from POST /v1/auth/token")
    base_currency: Annotated[str, Field(pattern="^[A-Z]{3}$")] = Field(
        "EUR", description="ISO 4217 code that amounts are converted to"
    )
    rates_url: Annotated[str | None, Field(pattern="^https?://")] = Field(
        None,
        description="URL of an exchange-rate service with the Frankfurter API, such as https://api.frankfurter.dev; "
        "default: none",
    )
    rates_hours: Annotated[float, Field(gt=0, le=8_760)] = Field(
        6.0, description="interval in hours at which rates that facts need are fetched from the exchange-rate service"
    )
    red_flags: Annotated[RedFlagSettings, NoDecode, BeforeValidator(read_red_flags)] = Field(
        RedFlagSettings(),
        description="thresholds of the red flags (docs/red-flags.md): JSON, or the path of a JSON, TOML or YAML file",
    )
    fiscal_year_start: Annotated[int, Field(ge=1, le=12)] = Field(
        1, description="first month of the fiscal year in the calendar dimension"
    )
    embeddings: Annotated[str, Field(pattern="^(minilm|static|off|https?://.+)$")] = Field(
        "minilm",
        description="embedding model of semantic search: minilm, static, off, or the URL of an OpenAI-compatible "
        "endpoint (its `…/v1`)",
    )
    embeddings_key: SecretStr | None = Field(None, description="API key of the embedding endpoint")
    embeddings_model: str | None = Field(None, description="model requested from the embedding endpoint")
    url: str | None = Field(
        None, description="URL of the server that `tenderlake load` and `seed` call; default: the one on this machine"
    )
    user: str = Field("admin", description="user that `tenderlake load` and `seed` sign in as")
    password: SecretStr | None = Field(
        None, description="password of that user; default on the server's machine: the password of admin"
    )
    watch_dir: Path | None = Field(
        None, description="drop folder whose files `tenderlake up` loads as they arrive; default: none"
    )
    typesense_url: str | None = Field(
        None,
        pattern="^https?://",
        description="URL of a Typesense server, version 29 or 30; default: the embedded search engine",
    )
    typesense_api_key: SecretStr | None = Field(
        None, description="API key of the Typesense server with all permissions"
    )
    typesense_seconds: Annotated[float, Field(gt=0)] = Field(
        4.0,
        description="time limit for Typesense to answer before a second request checks whether it still answers; each "
        "further try has twice the time",
    )
    webhook_private: bool = Field(
        False, description="whether webhooks may call internal addresses (loopback, private networks)"
    )
    pdf_processes: Annotated[int, Field(ge=1, le=64)] = Field(
        os.cpu_count() or 1, description="PDFs that a worker reads in parallel (default: as many as cores)"
    )
    pdf_cpu_seconds: Annotated[int, Field(ge=1)] = Field(
        PdfLimits.cpu_seconds, description="CPU seconds for the text of one PDF; later pages are left out, with a note"
    )
    pdf_page_seconds: Annotated[int, Field(ge=1)] = Field(
        PdfLimits.page_seconds,
        description="CPU seconds for one page of a PDF; a page that takes longer is left out, with a note",
    )
    pdf_timeout: Annotated[float, Field(gt=0)] = Field(
        PdfLimits.timeout, description="elapsed time for one PDF; what was read until then is kept"
    )
    pdf_memory_bytes: Annotated[int, Field(ge=256 * 1024**2)] = Field(
        PdfLimits.memory_bytes, description="memory limit of a process that reads PDFs"
    )
    pdf_pages: Annotated[int, Field(ge=1)] = Field(PdfLimits.pages, description="most pages read from one PDF")
    pdf_output_bytes: Annotated[int, Field(ge=1024)] = Field(
        PdfLimits.output_bytes, description="most bytes of text kept from one PDF"
    )
    openlineage_file: Path | None = Field(
        None, description="file that gets an OpenLineage event (a line of JSON) for each start and end of a stage run"
    )
    openlineage_url: Annotated[str | None, Field(pattern="^https?://")] = Field(
        None, description="URL of an OpenLineage service such as Marquez, whose /api/v1/lineage gets the same events"
    )
    openlineage_key: SecretStr | None = Field(None, description="API key of the OpenLineage service")
    openlineage_namespace: str = Field("tenderlake", description="namespace of the stages in OpenLineage events")
    data_owner: str = Field("tenderlake", description="owner of the tables, as the data catalogue names it")
    keep_details_days: Annotated[int | None, Field(ge=8)] = Field(
        None,
        description="days for which quarantine, outcomes and stage times of ended jobs are kept; default: for ever",
    )
    keep_audit_days: Annotated[int | None, Field(ge=1)] = Field(
        None,
        description="days for which the security log and closed entries of the audit trail are kept; default: for ever",
    )
    metrics_token: SecretStr | None = Field(
        None, description="token that GET /metrics needs as a bearer token; without one it needs no authentication"
    )
    log_format: Literal["text", "json"] = Field(
        "text", description="form of log lines: text, or json (an object a line)"
    )
    heartbeat_file: Path | None = Field(
        None, description="file that `worker`, `sweep` and `watch` touch every 5 s, for health checks; default: none"
    )
    log_level: str = Field("INFO", description="lowest level of log lines: DEBUG, INFO, WARNING or ERROR")

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """The settings without URLs, which may hold passwords."""
        return ((name, value) for name, value in super().__repr_args__() if not (name or "").endswith("url"))

    @property
    def warehouse_url(self) -> str:
        """The SQLAlchemy URL of the warehouse, with the default applied."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'warehouse.db'}"

    @property
    def lake_path(self) -> Path:
        """The folder of the lake, with the default applied."""
        return Path(self.lake_uri) if self.lake_uri else self.data_dir / "lake"
