"""Migrates the warehouse to the newest revision with Alembic, and fills its fixed rows."""

from pathlib import Path
from threading import Event

import polars as pl
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from loguru import logger
from sqlalchemy.exc import DBAPIError
from sqlmodel import SQLModel

from domain.red_flags.indicator_rows import indicator_rows
from domain.red_flags.settings import RedFlagSettings
from domain.shared.errors import StartupError
from domain.star.calendar import calendar
from infrastructure.warehouse.engine import SqlWarehouse, make_engine
from infrastructure.warehouse.postgresql import Timeouts
from services.ports.secrets import SecretCipher

OUTDATED = (
    "a newer version of tenderlake migrated the warehouse (revision {}): this one handles no messages, upgrade it"
)
OUTDATED_CHECK_SECONDS = 10.0  # between two looks of a worker at the revision
POLL_SECONDS = 0.2  # between two checks whether the warehouse is migrated


def upgrade(
    url: str, fiscal_year_start: int = 1, seals: SecretCipher | None = None, timeouts: Timeouts | None = None
) -> None:
    """Migrate to the newest revision. StartupError if a newer version of the product made the database, or if
    PostgreSQL refuses the user or what it does.

    `seals` encrypts secrets that an older version stored in plain text; the old text is vacuumed from disk.
    """
    try:
        _upgrade(url, fiscal_year_start, seals, timeouts)
    except DBAPIError as error:
        if url.startswith("sqlite"):
            raise
        reason = " ".join(str(error.orig).split())
        raise StartupError(f"PostgreSQL refuses: {reason}; see docs/postgresql.md") from error


def _upgrade(url: str, fiscal_year_start: int, seals: SecretCipher | None, timeouts: Timeouts | None) -> None:
    config = _config(url)
    config.attributes["seals"] = seals
    config.attributes["timeouts"] = timeouts
    before = current(url, timeouts)
    if before is not None and before not in revisions(url):
        advice = "run that version, or restore a backup made with this one"
        raise StartupError(f"a newer version of tenderlake made the warehouse (revision {before}); {advice}")
    if before != head(url):
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StartupError(f"the warehouse can't be migrated: {error}") from error
    warehouse = SqlWarehouse(url, timeouts)
    if config.attributes.get("sealed"):
        warehouse.vacuum()
    with warehouse.read() as work:
        filled = work.star.has_fixed_rows()
        has_indicators = bool(work.red_flags.thresholds())
    if not filled:  # also if a crash came between the migration and this
        _fill(warehouse, fiscal_year_start)
    elif not has_indicators:  # of a version without red flags: without thresholds, so that they are computed
        _write_indicators(warehouse, None)
    warehouse.close()


def create(url: str, fiscal_year_start: int | None = 1) -> None:
    """Create the newest tables in an empty database that is never migrated, such as one for `verify`; without a fiscal
    year, the calendar is empty.

    Much faster than all revisions in turn; tests/infrastructure/warehouse/test_migrate.py compares the results.
    """
    warehouse = SqlWarehouse(url)
    SQLModel.metadata.create_all(warehouse.engine)
    _fill(warehouse, fiscal_year_start)
    warehouse.close()


def _fill(warehouse: SqlWarehouse, fiscal_year_start: int | None) -> None:
    with warehouse.write() as work:
        work.star.fill_fixed(pl.DataFrame() if fiscal_year_start is None else calendar(fiscal_year_start))
        work.commit()
    _write_indicators(warehouse, RedFlagSettings())


def _write_indicators(warehouse: SqlWarehouse, settings: RedFlagSettings | None) -> None:
    with warehouse.write() as work:
        work.red_flags.write_indicators(indicator_rows(settings))
        work.commit()


def current(url: str, timeouts: Timeouts | None = None) -> str | None:
    """Return the revision of the database; None for an empty one. AwayError if PostgreSQL does not answer."""
    engine = make_engine(url, timeouts)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def revisions(url: str) -> set[str]:
    """Return the revisions that this version knows."""
    return {revision.revision for revision in ScriptDirectory.from_config(_config(url)).walk_revisions()}


def upgrade_to(url: str, revision: str) -> None:
    """Create the tables of a revision in an empty database, to be filled from a backup."""
    command.upgrade(_config(url), revision)


def head(url: str) -> str | None:
    """Return the newest revision of this version."""
    return ScriptDirectory.from_config(_config(url)).get_current_head()


def wait_until_current(url: str, timeouts: Timeouts, stop: Event, *, quiet: bool = False) -> None:
    """Return when the database is migrated to the newest revision, or when `stop` is set.

    It logs once what it waits for; `quiet`: at DEBUG only, for a process whose launcher's API says it.
    """
    newest, known, logged = head(url), revisions(url), ""
    while not stop.is_set():
        newer = None
        try:
            found = current(url, timeouts)
            if found == newest:
                return
            reason = f"it is at revision {found}, this version needs {newest}" if found else "it is empty"
            newer = found if found not in {None, *known} else None
        except Exception as error:  # pylint: disable=broad-exception-caught  # not created yet, or not reachable
            reason = " ".join(str(error).split())
        if reason != logged and newer:
            logger.log("DEBUG" if quiet else "ERROR", OUTDATED, newer)
        elif reason != logged:
            logger.log(
                "DEBUG" if quiet else "INFO",
                "waiting for the warehouse, which `tenderlake migrate` or `up` migrates: {}",
                reason,
            )
        logged = reason
        stop.wait(POLL_SECONDS)


def stop_when_outdated(url: str, timeouts: Timeouts, stop: Event, seconds: float = OUTDATED_CHECK_SECONDS) -> None:
    """Set `stop`, and log one line, when a newer version has migrated the database; returns when `stop` is set."""
    known = revisions(url)
    while not stop.wait(seconds):
        try:
            found = current(url, timeouts)
        except Exception as error:  # pylint: disable=broad-exception-caught  # the database is away
            logger.debug("the revision of the warehouse can't be read: {}", error)
            continue
        if found is not None and found not in known:
            logger.error(OUTDATED, found)
            stop.set()


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
