"""Identifies an installation: database, data folder and queue that belong together, and the rules version of silver.

At the first start database and data folder get the same id. A data folder with another id is refused: its lake lacks
the batches of the database's ledger, and workers would delete files of another installation.
"""

import secrets
from contextlib import suppress
from pathlib import Path

from domain.maintenance.installation import RULES_VERSION, Installation
from domain.shared.errors import AwayError, StartupError
from services.ports.queue import MessageQueue
from services.ports.secrets import SecretFiles
from services.ports.warehouse import Warehouse
from services.shared.clock import now

FILE = "installation"


def identify(warehouse: Warehouse, files: SecretFiles, folder: Path, *, database_in_folder: bool) -> Installation:
    """The installation of the database. StartupError if the data folder doesn't belong to it.

    After a crash between the two writes only the folder has an id; the next start adopts it.
    """
    kept = files.read(FILE)
    of_folder = kept.decode("utf-8", "replace").strip() if kept else None
    with warehouse.write() as work:
        installation = work.installations.get()
        if installation is None:
            rules_version = 1 if work.record_catalogue.any() else RULES_VERSION
            installation = Installation(id=of_folder or secrets.token_hex(16), rules_version=rules_version)
            if of_folder is None:
                files.write(FILE, installation.id.encode())
            work.installations.add(installation, now())
            work.commit()
            return installation
    if of_folder is None and database_in_folder:
        files.write(FILE, installation.id.encode())
    else:
        _check_folder(installation, of_folder, folder)
    return installation


def is_installed(warehouse: Warehouse, messages: MessageQueue, files: SecretFiles, folder: Path) -> bool:
    """Whether the database has its installation, to which folder and queue belong.

    StartupError if they belong to another one; AwayError if the database does not answer.
    """
    with warehouse.read() as work:
        installation = work.installations.get()
    if installation is None:
        return False
    kept = files.read(FILE)
    _check_folder(installation, kept.decode("utf-8", "replace").strip() if kept else None, folder)
    with suppress(AwayError):  # work can be accepted without the queue, and a queue that is back was claimed before
        claim_queue(warehouse, messages)
    return True


def _check_folder(installation: Installation, of_folder: str | None, folder: Path) -> None:
    if of_folder != installation.id:
        raise StartupError(
            f"the database belongs to another data folder (installation {installation.id}) than {folder}"
            f" ({f'installation {of_folder}' if of_folder else 'which belongs to none'}): set TENDERLAKE_DATA_DIR"
            f" to the folder that it was made with, or TENDERLAKE_DATABASE_URL to an empty database"
        )


def claim_queue(warehouse: Warehouse, messages: MessageQueue) -> None:
    """Claim the queue for this installation. StartupError if it serves another one, whose messages would be lost."""
    with warehouse.read() as work:
        installation = work.installations.get()
    if installation and (owner := messages.claim(installation.id)) != installation.id:
        raise StartupError(
            f"the queue of TENDERLAKE_REDIS_URL serves another installation ({owner}) than this one "
            f"({installation.id}):"
            " name a Redis, or a database number of it, that is this installation's own"
        )


def rules_applied(warehouse: Warehouse) -> None:
    """Record that all of silver is made by this version's rules."""
    with warehouse.write() as work:
        work.installations.set_rules_version(RULES_VERSION)
        work.commit()


def outdated_rules(installation: Installation) -> str | None:
    """The warning to show if silver was made by older rules than this version's; None otherwise."""
    if not installation.outdated:
        return None
    return (
        f"silver was made by older rules (version {installation.rules_version}, now {RULES_VERSION}):"
        " run `tenderlake rebuild silver`; until then only changed records follow the new rules"
    )
