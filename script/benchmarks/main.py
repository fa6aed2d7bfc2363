"""The benchmarks: tables, PDF, a load compared with its peers, single releases, bursts, a large warehouse, search."""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from domain.ocds.merging.compiled_release import OMITTED  # noqa: E402
from domain.ocds.merging.rules import OCDS_1_1  # noqa: E402
from script.benchmarks import burst, csv_load, matching, pdf, relevance, search, servers, warehouse  # noqa: E402
from script.installation import Memory, Stack  # noqa: E402
from seeds.generate import lines  # noqa: E402

STAGES = ("refine", "publish", "index")
PARTS = ("tables", "pdf", "load", "servers", "postgresql", "relevance", "search", "matching", "warehouse")
SERVER_LOAD_RELEASES = 5_000


def main() -> None:
    """Run the chosen benchmarks and print a Markdown table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--releases", type=int, default=20_000)
    options.add_argument("--rounds", type=int, default=3, help="number of runs of the load and its peers")
    options.add_argument("--pages", type=int, default=1_000, help="pages of the PDF")
    options.add_argument("--singles", type=int, default=50)
    options.add_argument("--times", type=int, default=10, help="number of loads in the large warehouse; 0 skips it")
    options.add_argument("--documents", type=int, default=100_000, help="process documents that are searched")
    options.add_argument("--processes", type=int, default=200_000, help="contracting processes of the warehouse")
    options.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="the parts to run (default: all)")
    chosen = options.parse_args()
    memory = int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) // 1024**3
    print(
        f"{platform.platform()}, {os.cpu_count()} cores, {memory} GB, Python {platform.python_version()}\n", flush=True
    )
    with tempfile.TemporaryDirectory(prefix="tenderlake-bench-") as folder:
        work = Path(folder)
        file = write(work / "releases.jsonl", chosen.releases, seed=7)
        print(
            f"{chosen.releases} releases, {file.stat().st_size / chosen.releases / 1000:.1f} KB each\n\n| what | "
            "figure | bar |\n|---|---|---|",
            flush=True,
        )
        runs = {
            "tables": lambda: csv_load.run(work, file, row),
            "pdf": lambda: pdf.run(work, chosen.pages, row),
            "load": lambda: measure_all_of_a_load(work, file, chosen),
            "servers": lambda: measure_servers(work, chosen.rounds),
            "postgresql": lambda: servers.run(file, chosen.releases, chosen.rounds, row, ["PostgreSQL"]),
            "relevance": lambda: relevance.run(work, row),
            "matching": lambda: matching.run(row),
            "search": lambda: search.run(work, row, chosen.documents),
            "warehouse": lambda: warehouse.run(work, chosen.processes, row),
        }
        for part in chosen.only:
            runs[part]()


def measure_servers(work: Path, rounds: int) -> None:
    """Compare a load on PostgreSQL and Redis with the same load on the defaults."""
    file = write(work / "fewer.jsonl", SERVER_LOAD_RELEASES, seed=9)
    servers.run(file, SERVER_LOAD_RELEASES, rounds, row)


def measure_all_of_a_load(work: Path, file: Path, chosen: argparse.Namespace) -> None:
    """Measure loads, each in a new installation and between two runs of the peers, as the machine's speed changes; then
    everything else in one more installation."""
    loads, shares = [], []
    before = measure_peers(work, file)
    for _ in range(chosen.rounds):
        with Stack() as stack:
            warm_up(stack)
            loads.append(measure_load(stack, file, chosen.releases))
        after = measure_peers(work, file)
        shares.append(loads[-1] * 2 / (before + after))
        before = after
    share, each = statistics.median(shares), ", ".join(f"{ratio:.2f}" for ratio in shares)
    figure = f"{share:.2f} times their mean (median of {each})"
    row("from 202 to searchable, compared with the two peers before and after it", figure, "≤ 1", met=share <= 1)
    with Stack() as stack:
        warm_up(stack)
        measure_singles(stack, chosen.singles)
        burst.run(stack, 1_000, row)
        wait_embedded(stack)
        measure_accepting(stack, write(work / "second.jsonl", chosen.releases, seed=8))
        large = measure_large(stack, work, chosen.releases, chosen.times) if chosen.times else 0.0
    if large:
        with Stack() as stack:
            warm_up(stack)
            first = measure_load(stack, file, chosen.releases)
        share = large / first
        what = "– compared with the first load of an installation, right after it"
        row(what, f"{share:.2f} times", "≤ 1.3", met=share <= 1.3)


def row(what: str, figure: str, bar: str = "", *, met: bool | None = None) -> None:
    """Print a row of the table."""
    print(f"| {what} | {figure} | {bar}{'' if met is None else ' ✓' if met else ' ✗ missed'} |", flush=True)


def write(path: Path, count: int, seed: int) -> Path:
    """Write generated releases of OCDS 1.1 as JSON Lines; ocdskit compiles releases of one version only."""
    of_1_1 = (line for line in lines(count * 2, seed=seed) if b'"parties"' in line)
    with path.open("wb") as file:
        for line in islice(of_1_1, count):
            file.write(line + b"\n")
    return path


def measure_peers(work: Path, file: Path) -> float:
    """Run ocdskit compile, then flatterer, on the same file; return the seconds of both."""
    schema, compiled = work / "schema.json", work / "compiled.jsonl"
    schema.write_bytes(orjson.dumps(merge_schema()))
    tools = Path(sys.executable).parent
    started = time.monotonic()
    with file.open("rb") as source, compiled.open("wb") as out:
        subprocess.run([tools / "ocdskit", "compile", "--schema", schema], stdin=source, stdout=out, check=True)
    compile_seconds = time.monotonic() - started
    started = time.monotonic()
    options = ("--ndjson", "--sqlite", "--nocsv", "--force")
    subprocess.run(
        [tools / "flatterer", *options, compiled, work / "flat"],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    flatten_seconds = time.monotonic() - started
    shutil.rmtree(work / "flat", ignore_errors=True)
    compiled.unlink()
    row("ocdskit compile", f"{compile_seconds:.1f} s")
    row("flatterer --sqlite of its result", f"{flatten_seconds:.1f} s")
    return compile_seconds + flatten_seconds


def merge_schema() -> dict[str, Any]:
    """Return the merge rules of OCDS 1.1 as a JSON Schema, so that ocdskit fetches none; ids merge objects."""
    schema: dict[str, Any] = {
        "type": "object",
        "properties": {name: {"type": "string", "omitWhenMerged": True} for name in OMITTED},
    }
    for parts in sorted(OCDS_1_1.replaced):
        holder = schema
        *above, last = parts
        for name in above:
            holder = holder["properties"].setdefault(name, {"type": "object", "properties": {"id": {"type": "string"}}})
        holder["properties"][last] = {
            "type": "array",
            "wholeListMerge": True,
            "items": {"type": "object", "properties": {}},
        }
    return schema


def warm_up(stack: Stack) -> None:
    """Load one release, so that no figure includes the start of the workers and the model."""
    stack.wait(stack.upload("first.json", next(iter(lines(1, seed=6)))))
    wait_embedded(stack)


def wait_embedded(stack: Stack) -> None:
    """Wait until all indexed documents have vectors: embedding keeps a core busy."""
    while (
        len(stack.query("select distinct silver_batch from watermark where part = '' and stage in ('index', 'embed')"))
        > 1
    ):
        time.sleep(0.2)


def measure_load(stack: Stack, file: Path, count: int) -> float:
    """Return the seconds from the upload's 202 until everything is searchable."""
    since = datetime.now(UTC).isoformat()
    with Memory(stack) as memory, file.open("rb") as body:
        job_id = stack.upload(file.name, body)
        started = time.monotonic()
        job = stack.follow(job_id)
        took = time.monotonic() - started
    if job["status"] != "succeeded" or job["counts"]["accepted"] != count:
        sys.exit(f"the load did not succeed: {job}")
    row("from 202 to searchable", f"{took:.1f} s, {count / took:.0f} releases/s")
    landed = stack.query(
        "select sum((julianday(committed_at) - julianday(created_at)) * 86400) from batch where seq is not null and "
        f"created_at > '{since}'"
    )[0][0]
    row("– land, busy", f"{landed:.1f} s, {count / landed:.0f} releases/s")
    for stage in STAGES:
        busy = stack.query(
            "select sum((julianday(finished_at) - julianday(started_at)) * 86400) from stage_run where stage = "
            f"'{stage}' and started_at > '{since}'"
        )[0][0]
        row(f"– {stage}, busy", f"{busy:.1f} s, {count / busy:.0f} releases/s")
    row("peak memory over all processes (PSS)", f"{memory.peak / 1e9:.2f} GB", "≤ 1.5 GB", met=memory.peak <= 1.5e9)
    return took


def measure_singles(stack: Stack, count: int) -> None:
    """Measure one release on an idle system, until a search finds it."""
    times = []
    for number, line in enumerate(lines(count, seed=99)):
        release = orjson.loads(line)
        word = f"zq{number}x{int(time.time())}"
        release["tender"]["title"] = f"{release['tender']['title']} {word}"
        started = time.monotonic()
        stack.upload(f"single-{number}.json", orjson.dumps(release))
        while not stack.client.get("/v1/search", params={"q": word, "mode": "keyword"}).json()["found"]:
            time.sleep(0.01)
        times.append(time.monotonic() - started)
        time.sleep(0.2)
    middle = statistics.median(times)
    row(
        f"one release posted to an idle system, until searchable (median of {count})",
        f"{middle:.2f} s (worst {max(times):.2f} s)",
        "≤ 1 s",
        met=middle <= 1,
    )


def measure_accepting(stack: Stack, file: Path) -> None:
    """Measure how long accepting one more upload takes during a load."""
    times: list[float] = []
    ended = threading.Event()

    def post() -> None:
        for number, line in enumerate(lines(100_000, seed=123)):
            if ended.is_set():
                return
            started = time.monotonic()
            stack.upload(f"more-{number}.json", line)
            times.append(time.monotonic() - started)
            ended.wait(0.05)

    with file.open("rb") as body:
        job_id = stack.upload(file.name, body)
    poster = threading.Thread(target=post)
    poster.start()
    stack.wait(job_id)
    ended.set()
    poster.join()
    wait_idle(stack)
    p99 = sorted(times)[min(len(times) - 1, int(len(times) * 0.99))]
    row(
        f"accepting one more while a load runs, p99 of {len(times)}",
        f"{p99:.3f} s (median {statistics.median(times):.3f} s)",
        "≤ 0.3 s",
        met=p99 <= 0.3,
    )


def wait_idle(stack: Stack) -> None:
    """Wait until no job is accepted or running."""
    while any(
        stack.client.get("/v1/jobs", params={"status": status}).json()["items"] for status in ("accepted", "running")
    ):
        time.sleep(0.2)


def measure_large(stack: Stack, work: Path, count: int, times: int) -> float:
    """Return the seconds of the same load on a warehouse that holds `times` as much."""
    have = stack.query("select count(*) from record")[0][0]
    number = 0
    while have < count * times:
        part = write(work / f"more-{number}.jsonl", count, seed=1_000 + number)
        with part.open("rb") as body:
            stack.wait(stack.upload(part.name, body))
        part.unlink()
        number += 1
        have = stack.query("select count(*) from record")[0][0]
    last = write(work / "last.jsonl", count, seed=5_000)
    with Memory(stack) as memory, last.open("rb") as body:
        job_id = stack.upload(last.name, body)
        started = time.monotonic()
        stack.follow(job_id)
        took = time.monotonic() - started
    row(f"the same load on a warehouse of {have} releases", f"{took:.1f} s")
    row("– peak memory over all processes (PSS)", f"{memory.peak / 1e9:.2f} GB", "≤ 1.5 GB", met=memory.peak <= 1.5e9)
    return took


if __name__ == "__main__":
    main()
