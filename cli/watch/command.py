"""`tenderlake watch DIR`: loads files that arrive in a folder (cli/watch/drop_folder.py).

It runs next to `tenderlake up`, on the same data folder or database.

It polls twice a second, which notices every file on every file system, whatever its name.
"""

import fcntl
import os
import time
from pathlib import Path
from threading import Event
from typing import Annotated

import typer
from loguru import logger

from domain.shared.errors import StartupError, level_of
from infrastructure.settings import Settings
from infrastructure.system.signals import set_on_stop_signal
from services.ports.parts import Parts

POLL_SECONDS = 0.5
AFTER_FAILURE_SECONDS = 5.0
LOCK = ".tenderlake-watch"
Folder = Annotated[
    Path, typer.Argument(metavar="DIR", help="the folder; loading/, done/ and failed/ are made in it", file_okay=False)
]


def watch(directory: Folder) -> None:
    """Load every file that arrives in a folder, then move it to done/ or failed/, with a report next to it."""
    from infrastructure.bootstrap import bootstrap
    from infrastructure.logging import set_up
    from infrastructure.system.heartbeat import start_heartbeat
    from workers.startup import wait_for_installation

    settings, stop = Settings(), Event()
    set_up("watch", settings.log_level, settings.log_format)
    set_on_stop_signal(stop)
    lock = _lock(directory)
    try:
        parts = bootstrap(settings)
        wait_for_installation(settings, parts, stop)
        if not stop.is_set():
            start_heartbeat(settings.heartbeat_file)
            _run(settings, parts, directory, stop)
    finally:
        os.close(lock)


def _run(settings: Settings, parts: Parts, directory: Path, stop: Event) -> None:
    from cli.watch.drop_folder import DropFolder

    drop = DropFolder(parts, directory.resolve(), settings.max_upload_bytes)
    drop.prepare()
    logger.info("watching {}", drop.folder)
    pause = 0.0
    while not stop.wait(pause):
        pause = POLL_SECONDS
        try:
            drop.step(time.monotonic())
        except Exception as error:  # pylint: disable=broad-exception-caught  # the next poll retries
            logger.log(level_of(error), "watching {}: {}: {}", drop.folder, type(error).__name__, error)
            pause = AFTER_FAILURE_SECONDS


def _lock(directory: Path) -> int:
    """Lock the folder and return the file descriptor. StartupError if it is locked already or not writable."""
    try:
        directory.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StartupError(
            f"the folder {directory} can't be watched ({error.strerror}): files are moved within it, so it must be "
            "writable"
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise StartupError(f"the folder {directory} is already watched by another tenderlake") from None
    return descriptor
