"""`tenderlake up`: takes the lock and the port, and runs the queue, the API and the workers until it is stopped.

It imports no database, data frame or web library, as its memory is used as long as the installation runs.
"""

import http.client
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from loguru import logger

from cli.processes.environment import process_environment
from cli.up import start_checks
from cli.up.child_processes import ManagedProcess, python, stop
from cli.up.data_folder_lock import DataFolderLock
from cli.up.greeting import greeting, reachable
from cli.up.source_changes import SourceChanges
from domain.shared.errors import StartupError
from infrastructure.logging import set_up
from infrastructure.queue.redis_server import RedisServer
from infrastructure.settings import Settings
from infrastructure.system.exit_codes import REFUSED_EXIT_CODE
from infrastructure.system.file_permissions import restrict_permissions, set_private_umask
from infrastructure.system.signals import set_on_stop_signal

POLL_SECONDS = 0.1  # between two checks of the children
DISK_CHECK_SECONDS = 10.0  # between two checks of the free disk space
NICE = 5  # niceness of the workers: the API has priority, at the start too
API_START_ATTEMPTS = 3  # exits of the API before its first answer, after which the launcher stops


@dataclass(frozen=True)
class Commands:
    """Commands of the children. The launcher appends the listening socket's descriptor to the API's, and the index and
    number of workers to a worker's.
    """

    api: tuple[str, ...] = tuple(python("cli.serve"))
    worker: tuple[str, ...] = tuple(python("workers.main"))


class _RefusedError(Exception):
    """Raised when a child has printed why it can't start."""


def up(settings: Settings, commands: Commands | None = None, *, reload: bool = False) -> int:
    """Run the installation in the foreground; returns the exit code. StartupError if it can't be started.

    `reload`: API, workers and watcher are restarted when source files change.
    """
    set_private_umask()
    ended = Event()
    set_on_stop_signal(ended)
    set_up("launcher", settings.log_level, settings.log_format)
    folder = start_checks.data_folder(settings.data_dir)
    try:
        lock = DataFolderLock(folder)
    except OSError as error:
        raise start_checks.unwritable(folder, error) from error
    if opened := restrict_permissions(folder):
        logger.info("removed the read permission of other users from {} files and folders of {}", opened, folder)
    try:
        with start_checks.listen(settings.host, settings.port) as listener:
            launcher = Launcher(settings, commands or Commands(), folder, (lock.descriptor, listener.fileno()))
            launcher.changes = SourceChanges() if reload else None
            return launcher.run(ended)
    finally:
        lock.release()


class Launcher:
    """The children of one run. `descriptors` are (lock, API socket); every child inherits the lock."""

    def __init__(self, settings: Settings, commands: Commands, folder: Path, descriptors: tuple[int, int]) -> None:
        self.settings = settings
        self.folder = folder
        lock, listener = descriptors
        self.server = None if settings.redis_url else RedisServer(folder / "queue")
        env = process_environment(settings, folder, self.server.url if self.server else settings.redis_url or "")
        env["PROMETHEUS_MULTIPROC_DIR"] = str(_empty_metrics_folder(folder))
        env.pop("TENDERLAKE_HEARTBEAT_FILE", None)  # the health of `up` is that of its API
        self.api = ManagedProcess("api", [*commands.api, str(listener)], env, (lock, listener), grace=2.5)
        self.workers = [
            ManagedProcess(
                f"worker-{index}",
                [*commands.worker, "--index", str(index), "--of", str(settings.workers)],
                env,
                (lock,),
                nice=NICE,
            )
            for index in range(settings.workers)
        ]
        self.watchers = (
            [ManagedProcess("watch", python("cli.main", "watch", str(settings.watch_dir)), env, (lock,), nice=NICE)]
            if settings.watch_dir
            else []
        )
        self.queue: list[ManagedProcess] = []
        if self.server:
            self.queue = [
                ManagedProcess(
                    "queue",
                    self.server.argv(),
                    keep=(lock,),
                    grace=2.0,
                    before=self.server.prepare,
                    why=self.server.why,
                )
            ]
        self.changes: SourceChanges | None = None  # watched, if given
        self.warned = False
        self.disk_checked_at = 0.0

    def run(self, ended: Event) -> int:
        """Start all children, keep them running until `ended` is set, and stop them in order; returns the exit code."""
        try:
            self._start_queue(ended)
            if not ended.is_set():
                for child in (self.api, *self.workers, *self.watchers):
                    child.start()
                self._await_api(ended)
            if not ended.is_set():
                print(greeting(self.settings, self.folder, self.server is not None), flush=True)
            while not ended.wait(POLL_SECONDS):
                self._check_children()
        except _RefusedError:
            return 1
        except OSError as error:
            raise StartupError(f"can't start: {error}") from error
        finally:
            self._stop()
        print("tenderlake has stopped", flush=True)
        return 0

    def _start_queue(self, ended: Event) -> None:
        for child in self.queue:
            child.start()
            while self.server and not self.server.ready() and not ended.wait(0.01):
                if child.dead():
                    raise StartupError(child.why() or f"the queue's redis-server {child.end()}")
        if self.server:
            self.server.expire_leases()

    def _await_api(self, ended: Event) -> None:
        while not ended.is_set() and not self._answers():
            if self.api.dead() and self.api.process:
                if self.api.process.returncode == REFUSED_EXIT_CODE:
                    raise _RefusedError
                if self.api.deaths + 1 >= API_START_ATTEMPTS:
                    raise StartupError(
                        f"the API exited {API_START_ATTEMPTS} times before its first answer; see the log lines above"
                    )
            self._check_children()
            ended.wait(POLL_SECONDS / 2)

    def _answers(self) -> bool:
        connection = http.client.HTTPConnection(reachable(self.settings.host), self.settings.port, timeout=1.0)
        try:
            connection.request("GET", "/health/live")
            return connection.getresponse().status == http.client.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _check_children(self) -> None:
        if self.changes and self.changes.found():
            logger.info("source files have changed: restarting")
            stop([self.api, *self.watchers, *self.workers])
        for child in (*self.queue, self.api, *self.workers, *self.watchers):  # the queue first: the others need it
            child.restart_if_dead()
        if time.monotonic() - self.disk_checked_at > DISK_CHECK_SECONDS:
            self.disk_checked_at = time.monotonic()
            low = start_checks.room(self.folder) < start_checks.MIN_FREE_BYTES
            if low and not self.warned:
                logger.warning("{}: free some space, or uploads will be refused", start_checks.lacking(self.folder))
            self.warned = low

    def _stop(self) -> None:
        """Stop the API first, then the workers, then the queue, so that nothing is lost."""
        stop([self.api, *self.watchers])
        stop(self.workers)
        stop(self.queue)
        if self.server:
            self.server.clear()


def _empty_metrics_folder(folder: Path) -> Path:
    """The folder of the counters that restarts of the API continue, without those of the last run."""
    metrics = folder / "metrics"
    shutil.rmtree(metrics, ignore_errors=True)
    metrics.mkdir(mode=0o700)
    return metrics
