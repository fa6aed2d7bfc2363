"""A load on PostgreSQL, Redis and, if a typesense-server is configured, Typesense, compared with the defaults."""

import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import text

from infrastructure.warehouse.engine import make_engine
from script.installation import Stack
from script.servers import KINDS, postgresql_program, settings_of
from seeds.generate import lines

MAX_RATIO = 1.5  # of the load on the defaults
Seconds = dict[str, float]


def run(file: Path, count: int, rounds: int, row: Callable[..., None], kinds: Collection[str] = tuple(KINDS)) -> None:
    """Load the file, alternating, into new installations with and without servers of these kinds; print the seconds of
    each stage."""
    if postgresql_program("initdb") is None:
        row("the load on servers", "there is no PostgreSQL: install Debian's package postgresql")
        return
    pairs = []
    for _ in range(rounds):
        with Stack() as stack:
            embedded = load(stack, file, count)
        with on_servers(kinds) as stack:
            pairs.append((embedded, load(stack, file, count)))
    for index, name in enumerate(("the defaults", ", ".join(kinds))):
        middle = {part: statistics.median(pair[index][part] for pair in pairs) for part in pairs[0][index]}
        stages = ", ".join(f"{part} {seconds:.1f}" for part, seconds in middle.items() if part != "all")
        row(
            f"{count} releases on {name}",
            f"{middle['all']:.1f} s, {count / middle['all']:.0f} releases/s (busy: {stages})",
        )
    shares = [servers["all"] / embedded["all"] for embedded, servers in pairs]
    share, each = statistics.median(shares), ", ".join(f"{ratio:.2f}" for ratio in shares)
    figure = f"{share:.2f} times (median of {each})"
    row(f"the load on {', '.join(kinds)} compared with the defaults", figure, f"≤ {MAX_RATIO}", met=share <= MAX_RATIO)


@contextmanager
def on_servers(kinds: Collection[str]) -> Iterator[Stack]:
    """Run an installation on new servers."""
    servers = {name: KINDS[name]() for name in kinds}
    try:
        for server in servers.values():
            server.start()
        with Stack(None, **settings_of(servers)) as stack:
            yield stack
    finally:
        for server in servers.values():
            server.remove()


def load(stack: Stack, file: Path, count: int) -> Seconds:
    """Return the seconds from the upload's 202 to searchable (`all`), and the busy seconds of each stage."""
    # Keeps the start of the workers out of the figures.
    stack.wait(stack.upload("first.json", next(iter(lines(1, seed=6)))))
    time.sleep(3)
    since = datetime.now(UTC)
    with file.open("rb") as body:
        job_id = stack.upload(file.name, body)
    started = time.monotonic()
    job = stack.follow(job_id)
    found = {"all": time.monotonic() - started}
    if job["status"] != "succeeded" or job["counts"]["accepted"] != count:
        sys.exit(f"the load did not succeed: {job}")
    return found | busy(stack, since)


def busy(stack: Stack, since: datetime) -> Seconds:
    """Return the busy seconds of each stage since then."""
    url = stack.env.get("TENDERLAKE_DATABASE_URL", f"sqlite:///{stack.data}/warehouse.db")
    engine = make_engine(url)
    queries = {
        "land": "SELECT created_at, committed_at, 'land' FROM batch WHERE seq IS NOT NULL",
        "others": "SELECT started_at, finished_at, stage FROM stage_run WHERE stage <> 'embed'",
    }
    found: defaultdict[str, float] = defaultdict(float)
    with engine.connect() as connection:
        for query in queries.values():
            for begun, ended, stage in connection.execute(text(query)):
                begun, ended = (datetime.fromisoformat(one) if isinstance(one, str) else one for one in (begun, ended))
                if begun.replace(tzinfo=UTC) >= since:
                    found[stage] += (ended - begun).total_seconds()
    engine.dispose()
    return {stage: found[stage] for stage in ("land", "refine", "publish", "index")}
