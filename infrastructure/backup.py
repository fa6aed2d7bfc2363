"""Backs up an installation while it runs, and restores it into an empty folder and database.

The snapshot of the database comes first, together with the versions of the lake's tables and the names of the stored
files; then these files are copied. One that a purge or compaction removes meanwhile makes the backup start again. Not
copied: the search index, which is built again from gold, the queue, whose messages the sweep sends again, and temporary
files.
"""

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from loguru import logger

from domain.shared.errors import ConflictError, DamagedError, InvalidError, UnavailableError
from infrastructure.files.backup_folder import (
    BackupWriter,
    Manifest,
    copy_hashed,
    damaged_files,
    read_manifest,
)
from infrastructure.lake.snapshot import logged_rows, stored_rows, table_files, table_versions
from infrastructure.settings import Settings
from infrastructure.system.file_permissions import restrict_permissions
from infrastructure.warehouse import migrate
from infrastructure.warehouse.dump import SQLITE_FILE, Rows, different_counts, dumping, load_postgresql, sqlite_rows
from infrastructure.warehouse.engine import SqlWarehouse
from infrastructure.warehouse.postgresql import Timeouts

ATTEMPTS = 5  # a purge or compaction that removes files meanwhile makes an attempt fail
DATABASE, LAKE, FILES, DATA = "database", "lake", "files", "data"  # the folders of a backup
LEFT_OUT = ("lock", SQLITE_FILE)  # files of the data folder; names that begin so


def back_up(settings: Settings, target: Path, previous: Path | None = None) -> BackupWriter:
    """Write a backup of the installation. InvalidError for a target that exists, UnavailableError if files of each
    attempt were removed meanwhile."""
    writer = BackupWriter(target, previous)
    warehouse = SqlWarehouse(settings.warehouse_url, Timeouts(settings.connect_seconds, None, settings.pool_seconds))
    try:
        for _ in range(ATTEMPTS):
            writer.start()
            try:
                manifest = _copy(settings, warehouse, writer)
                restrict_permissions(writer.folder)
                writer.finish(manifest)
                return writer
            except FileNotFoundError as error:
                logger.info("backup: {} was removed meanwhile; starting again", error.filename or error)
        raise UnavailableError(f"purges or compactions removed files during each of {ATTEMPTS} attempts; try again")
    finally:
        writer.discard()
        warehouse.close()


def _copy(settings: Settings, warehouse: SqlWarehouse, writer: BackupWriter) -> Manifest:
    versions: dict[Path, int] = {}
    stored: list[Path] = []

    def note_files() -> None:
        versions.update(table_versions(settings.lake_path))
        stored.extend(_stored(settings.data_dir / "files"))

    with warehouse.read() as work:
        installation = work.installations.get()
    with dumping(warehouse, note_files) as dump:
        (writer.folder / DATABASE).mkdir(mode=0o700)
        columns, counts = dump(writer.folder / DATABASE)
        writer.add_written(DATABASE)
    rows = {f"{DATABASE}/{name}": count for name, count in counts.items()}
    for table, version in versions.items():
        name = f"{LAKE}/{table.relative_to(settings.lake_path).as_posix()}"
        for file in table_files(table, version):
            writer.add(file, f"{LAKE}/{file.relative_to(settings.lake_path).as_posix()}")
        rows[name] = logged_rows(writer.folder / name, version)  # a purge may have removed log files meanwhile
    for file in stored:
        writer.add(file, f"{FILES}/{file.relative_to(settings.data_dir / 'files').as_posix()}")
    for file in sorted(settings.data_dir.iterdir()):
        if file.is_file() and not file.name.startswith(LEFT_OUT):
            writer.add(file, f"{DATA}/{file.name}")
    return Manifest(
        created_at=datetime.now(UTC),
        database=warehouse.engine.dialect.name,
        revision=migrate.current(settings.warehouse_url) or "",
        installation=installation.id if installation else None,
        columns=columns,
        rows=rows,
    )


def _stored(folder: Path) -> Iterable[Path]:
    """The stored files, without those that are being received."""
    return sorted(path for path in folder.glob("*/*") if path.parent.name != "incoming" and path.is_file())


def restore(settings: Settings, source: Path) -> Manifest:
    """Restore a backup, and count the rows of each table. Nothing is written before all files are read and found whole;
    on failure nothing is left.

    InvalidError for a data folder or database that is not empty, DamagedError for a damaged backup.
    """
    manifest = read_manifest(source)
    dialect = SqlWarehouse(settings.warehouse_url).engine.dialect.name
    if dialect != manifest.database:
        raise InvalidError(f"the backup is of {manifest.database}, but TENDERLAKE_DATABASE_URL names {dialect}")
    _require_known(settings, manifest)
    for folder in (settings.data_dir, settings.lake_path):
        if folder.exists() and any(folder.iterdir()):
            raise ConflictError(f"{folder} is not empty: restore into a new folder (TENDERLAKE_DATA_DIR)")
    if dialect != "sqlite" and migrate.current(settings.warehouse_url) is not None:
        raise ConflictError("the database is not empty: restore into a new one (TENDERLAKE_DATABASE_URL)")
    if damaged := list(damaged_files(source, manifest)):
        raise DamagedError(f"the backup {source} is damaged, nothing was restored: {'; '.join(damaged[:5])}")
    existed = settings.data_dir.exists()
    try:
        _write(settings, source, manifest)
        _check_rows(settings, manifest)
        for folder in {settings.data_dir, settings.lake_path}:
            restrict_permissions(folder)
    except BaseException:
        for path in settings.data_dir.iterdir() if settings.data_dir.exists() else ():
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        if not existed:
            settings.data_dir.rmdir()
        raise
    return manifest


def _require_known(settings: Settings, manifest: Manifest) -> None:
    if manifest.revision not in migrate.revisions(settings.warehouse_url):
        raise InvalidError(
            f"a newer version of tenderlake made the backup (revision {manifest.revision}): restore it with that one"
        )


def _write(settings: Settings, source: Path, manifest: Manifest) -> None:
    homes = {LAKE: settings.lake_path, FILES: settings.data_dir / "files", DATA: settings.data_dir}
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    for file in manifest.files:
        folder, _, rest = file.path.partition("/")
        if folder in homes:
            target = homes[folder] / rest
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if copy_hashed(source / file.path, target)[0] != file.sha256:
                raise DamagedError(f"{source / file.path} changed while it was read")
    if manifest.database == "sqlite":  # last: without a database the folder is not one that can be started
        copy_hashed(source / DATABASE / SQLITE_FILE, settings.data_dir / SQLITE_FILE)
        return
    migrate.upgrade_to(settings.warehouse_url, manifest.revision)
    warehouse = SqlWarehouse(settings.warehouse_url)
    try:
        load_postgresql(warehouse, source / DATABASE, manifest.columns, _rows_of(manifest, DATABASE))
    finally:
        warehouse.close()


def _check_rows(settings: Settings, manifest: Manifest) -> None:
    """Compare the lake and SQLite with the manifest; PostgreSQL's tables were counted when they were loaded."""
    found = {f"{LAKE}/{name}": stored_rows(settings.lake_path / name) for name in _rows_of(manifest, LAKE)}
    sqlite = manifest.database == "sqlite"
    if sqlite:
        counts = sqlite_rows(settings.data_dir / SQLITE_FILE)
        found |= {f"{DATABASE}/{name}": count for name, count in counts.items()}
    expected = {name: rows for name, rows in manifest.rows.items() if sqlite or name.startswith(f"{LAKE}/")}
    if wrong := different_counts(expected, found):
        raise DamagedError(f"the backup is incomplete, nothing was restored: {'; '.join(wrong[:5])}")


def _rows_of(manifest: Manifest, part: str) -> Rows:
    """The numbers of rows of the tables in this part of the backup."""
    prefix = f"{part}/"
    return {name.removeprefix(prefix): rows for name, rows in manifest.rows.items() if name.startswith(prefix)}
