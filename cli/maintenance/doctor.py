"""The checks of `tenderlake doctor`: each says what it looked at, and how to mend what is wrong."""

import os
import shutil
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from domain.search.queries import Collection
from domain.shared.errors import AwayError, StartupError, TenderlakeError
from infrastructure.settings import Settings
from infrastructure.system.file_permissions import open_to_others
from services.maintenance.installation import outdated_rules
from services.ports.parts import Parts

MIN_FREE_BYTES = 1024**3


@dataclass(frozen=True)
class Check:
    """One thing looked at."""

    passed: bool
    finding: str
    advice: str = ""


def examine(settings: Settings) -> Iterator[Check]:
    """All checks in turn; a check that fails to run is a finding, too."""
    folder = settings.data_dir.resolve()
    if not folder.exists():
        yield Check(False, f"there is no data folder {folder}", "run `tenderlake up` once, or set TENDERLAKE_DATA_DIR")
        return
    yield from _folder(folder)
    yield _running(settings)
    yield from _database(settings)


def _folder(folder: Path) -> Iterator[Check]:
    yield Check(os.access(folder, os.W_OK), f"data folder {folder} can be written", f"give the user {os.getuid()} the right to write it")
    free = shutil.disk_usage(folder).free
    yield Check(
        free > MIN_FREE_BYTES, f"{free // 1024**2} MB are free", "make room: jobs fail when the disk is full; `du -sh` in the data folder shows what is large"
    )
    opened = list(open_to_others(folder))
    named = f", such as {opened[0]}" if opened else ""
    what = f"{len(opened)} files and folders of the data folder can be read by others{named}"
    yield Check(not opened, what, f"run `tenderlake up`, or chmod -R go= {folder}")
    left = list(folder.glob("verify-*"))
    yield Check(not left, f"{len(left)} scratch folders left behind", f"remove {folder}/verify-*")


def _running(settings: Settings) -> Check:
    with socket.socket() as probe:
        probe.settimeout(1)
        up = probe.connect_ex((settings.host, settings.port)) == 0
    return Check(True, f"something answers at {settings.host}:{settings.port}" if up else f"nothing runs at {settings.host}:{settings.port}")


def _database(settings: Settings) -> Iterator[Check]:
    from infrastructure.bootstrap import bootstrap, timeouts
    from infrastructure.warehouse.migrate import current, head

    try:
        now, newest = current(settings.warehouse_url, timeouts(settings)), head(settings.warehouse_url)
    except AwayError as error:
        yield Check(False, f"the warehouse can't be opened: {error}", "start PostgreSQL, or set TENDERLAKE_DATABASE_URL right")
        return
    except Exception as error:  # pylint: disable=broad-exception-caught  # whatever it is, it is the finding
        yield Check(False, f"the warehouse can't be opened: {error}", "restore warehouse.db from a backup, or set TENDERLAKE_DATABASE_URL right")
        return
    yield Check(
        now == newest, f"the warehouse is at revision {now}, this version's is {newest}", "run `tenderlake migrate` (or the newer version that made it)"
    )
    if now != newest:
        return
    try:
        parts = bootstrap(settings)
    except StartupError as error:
        yield Check(False, error.detail, "mend what it names, or take it away")
        return
    checks: list[Callable[[Parts], Iterator[Check]]] = [_integrity, _rules, _stages, _jobs, _search]
    for check in checks:
        try:
            yield from check(parts)
        except TenderlakeError as error:
            yield Check(False, error.detail, "see the line before")


def _integrity(parts: Parts) -> Iterator[Check]:
    with parts.warehouse.read() as work:
        said = work.quick_check()
    yield Check(
        said == "ok", f"database file: {said}", "stop, restore warehouse.db from a backup; or remove it with silver and search and load the raw files again"
    )


def _stages(parts: Parts) -> Iterator[Check]:
    with parts.warehouse.read() as work:
        ends = {"refine": work.batches.last_committed(), "publish": work.batches.last_silver(), "index": work.batches.last_silver()}
        for stage, end in ends.items():
            mark = work.watermarks.get(stage)
            at = mark.seq if stage == "refine" else mark.silver_batch
            error = work.watermarks.error(stage)
            yield Check(at >= end or not mark.attempts, f"{stage} stands at {at} of {end}", f"its last run ended with: {error}; `tenderlake up` tries again")
        aside = work.batches.count_set_aside()
    yield Check(not aside, f"{aside} batches are set aside", "their jobs say why (GET /v1/jobs?status=failed); mend the cause and load the file again")


def _rules(parts: Parts) -> Iterator[Check]:
    with parts.warehouse.read() as work:
        installation = work.installations.get()
    told = outdated_rules(installation) if installation else None
    yield Check(told is None, told or "silver was made by this version's rules", "run `tenderlake rebuild silver`")


def _jobs(parts: Parts) -> Iterator[Check]:
    with parts.warehouse.read() as work:
        counts = work.jobs.by_status()
    yield Check(True, "jobs: " + (", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "none"))


def _search(parts: Parts) -> Iterator[Check]:
    with parts.warehouse.read() as work:
        processes = len(work.star_writer.process_keys())
        mark, end = work.watermarks.get("index"), work.batches.last_silver()
    found = parts.search.count(Collection.PROCESSES)
    yield Check(found == processes or mark.silver_batch < end, f"{found} documents for {processes} processes", "run `tenderlake rebuild --layer search`")
