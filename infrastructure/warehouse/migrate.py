"""Brings the warehouse to this version's tables with Alembic, and fills the rows that no data makes."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from domain.calendar import calendar
from domain.errors import StartupError
from infrastructure.warehouse.engine import Warehouse, make_engine
from services.ports import Seals


def upgrade(url: str, fiscal_year_start: int = 1, seals: Seals | None = None) -> None:
    """Migrate up to the newest revision. StartupError where the database is of a newer version of the product.

    `seals` is for secrets that an older version kept in the clear; nothing on disk tells of these afterwards.
    """
    config = _config(url)
    config.attributes["seals"] = seals
    before = current(url)
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    if before is not None and before not in known:
        raise StartupError(f"the warehouse is of a newer version (revision {before}); run that version of tenderlake, or restore a backup made with this one")
    if before != head(url):
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise StartupError(f"the warehouse can't be migrated: {error}") from error
    warehouse = Warehouse(url)
    if config.attributes.get("sealed"):
        warehouse.scrub()
    with warehouse.read() as work:
        filled = work.gold.fixed()
    if not filled:  # also where a kill came between the migration and this
        with warehouse.write() as work:
            work.gold.fill_fixed(calendar(fiscal_year_start))
            work.commit()
    warehouse.close()


def current(url: str) -> str | None:
    """The revision of the database; None for an empty one."""
    engine = make_engine(url)
    try:
        with engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    finally:
        engine.dispose()


def head(url: str) -> str | None:
    """The newest revision that this version knows."""
    return ScriptDirectory.from_config(_config(url)).get_current_head()


def _config(url: str) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("sqlalchemy.url", url.replace("%", "%%"))
    return config
