"""The checks of `tenderlake doctor`: each has a finding and, if it fails, advice."""

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
    """One finding."""

    passed: bool
    finding: str
    advice: str = ""


def examine(settings: Settings) -> Iterator[Check]:
    """Run all checks; a check that can't run is a finding, too."""
    folder = settings.data_dir.resolve()
    if not folder.exists():
        yield Check(False, f"there is no data folder {folder}", "run `tenderlake up` once, or set TENDERLAKE_DATA_DIR")
        return
    yield from _folder(folder)
    yield _running(settings)
    yield from _database(settings)


def _folder(folder: Path) -> Iterator[Check]:
    yield Check(
        os.access(folder, os.W_OK),
        f"data folder {folder} can be written",
        f"give the user {os.getuid()} the right to write it",
    )
    free = shutil.disk_usage(folder).free
    yield Check(
        free > MIN_FREE_BYTES,
        f"{free // 1024**2} MB are free",
        "free some space: jobs fail when the disk is full; `du -sh` in the data folder shows what is large",
    )
    opened = list(open_to_others(folder))
    named = f", such as {opened[0]}" if opened else ""
    what = f"{len(opened)} files and folders of the data folder can be read by others{named}"
    yield Check(not opened, what, f"run `tenderlake up`, or chmod -R go= {folder}")
    left = list(folder.glob("verify-*"))
    yield Check(not left, f"{len(left)} leftover scratch folders", f"remove {folder}/verify-*")


def _running(settings: Settings) -> Check:
    with socket.socket() as probe:
        probe.settimeout(1)
        up = probe.connect_ex((settings.host, settings.port)) == 0
    found = f"a server listens at {settings.host}:{settings.port}"
    return Check(True, found if up else f"no server listens at {settings.host}:{settings.port}")


def _database(settings: Settings) -> Iterator[Check]:
    from infrastructure.bootstrap import bootstrap, timeouts
    from infrastructure.warehouse.migrate import current, head

    try:
        now, newest = current(settings.warehouse_url, timeouts(settings)), head(settings.warehouse_url)
    except AwayError as error:
        yield Check(
            False, f"the warehouse can't be opened: {error}", "start PostgreSQL, or correct TENDERLAKE_DATABASE_URL"
        )
        return
    except Exception as error:  # pylint: disable=broad-exception-caught  # any failure is the finding
        advice = "restore warehouse.db from a backup, or correct TENDERLAKE_DATABASE_URL"
        yield Check(False, f"the warehouse can't be opened: {getattr(error, 'orig', None) or error}", advice)
        return
    yield Check(
        now == newest,
        f"the warehouse is at revision {now}, this version needs {newest}",
        "run `tenderlake migrate` (or the newer version that made it)",
    )
    if now != newest:
        return
    try:
        parts = bootstrap(settings)
    except StartupError as error:
        yield Check(False, error.detail, "correct or remove what it names")
        return
    checks: list[Callable[[Parts], Iterator[Check]]] = [_integrity, _rules, _stages, _jobs, _search]
    for check in checks:
        try:
            yield from check(parts)
        except TenderlakeError as error:
            yield Check(False, error.detail, "see the message above")


def _integrity(parts: Parts) -> Iterator[Check]:
    with parts.warehouse.read() as work:
        result = work.quick_check()
    yield Check(
        result == "ok",
        f"database file: {result}",
        "stop tenderlake and restore warehouse.db from a backup; or remove it with silver and search, and load the "
        "stored files again",
    )


def _stages(parts: Parts) -> Iterator[Check]:
    with parts.warehouse.read() as work:
        ends = {
            "refine": work.batches.last_committed(),
            "publish": work.batches.last_silver(),
            "index": work.batches.last_silver(),
        }
        for stage, end in ends.items():
            watermark = work.watermarks.get(stage)
            at = watermark.seq if stage == "refine" else watermark.silver_batch
            error = work.watermarks.error(stage)
            passed = at >= end or not watermark.attempts
            yield Check(
                passed, f"{stage} is at {at} of {end}", f"its last run failed: {error}; `tenderlake up` tries again"
            )
        set_aside = work.batches.count_set_aside()
    advice = "their jobs have the reason (GET /v1/jobs?status=failed); fix its cause and load the file again"
    yield Check(not set_aside, f"{set_aside} batches are set aside", advice)


def _rules(parts: Parts) -> Iterator[Check]:
    with parts.warehouse.read() as work:
        installation = work.installations.get()
    warning = outdated_rules(installation) if installation else None
    yield Check(
        warning is None, warning or "silver was made by this version's rules", "run `tenderlake rebuild silver`"
    )


def _jobs(parts: Parts) -> Iterator[Check]:
    with parts.warehouse.read() as work:
        counts = work.jobs.by_status()
    yield Check(True, "jobs: " + (", ".join(f"{count} {status}" for status, count in sorted(counts.items())) or "none"))


def _search(parts: Parts) -> Iterator[Check]:
    with parts.warehouse.read() as work:
        processes = len(work.star.process_keys())
        watermark, end = work.watermarks.get("index"), work.batches.last_silver()
    found = parts.search.count(Collection.PROCESSES)
    yield Check(
        found == processes or watermark.silver_batch < end,
        f"{found} documents for {processes} processes",
        "run `tenderlake rebuild --layer search`",
    )
