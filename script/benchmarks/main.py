"""The benchmarks: tables, PDF, a load from 202 to searchable beside ocdskit and flatterer, single releases and bursts, a large warehouse, and search."""

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
from script.benchmarks import burst, csv_load, pdf, relevance, search, servers  # noqa: E402
from script.installation import Memory, Stack  # noqa: E402
from seeds.generate import lines  # noqa: E402

STAGES = ("refine", "publish", "index")
PARTS = ("tables", "pdf", "load", "servers", "relevance", "search")
ON_SERVERS = 5_000  # releases


def main() -> None:
    """Run what was asked for and print it as Markdown."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--releases", type=int, default=20_000)
    options.add_argument("--rounds", type=int, default=3, help="how often the load and its peers run")
    options.add_argument("--pages", type=int, default=1_000, help="pages of the PDF")
    options.add_argument("--singles", type=int, default=50)
    options.add_argument("--times", type=int, default=10, help="how many loads the large warehouse holds; 0 leaves that part out")
    options.add_argument("--documents", type=int, default=100_000, help="process documents that are searched")
    options.add_argument("--only", choices=PARTS, nargs="+", default=PARTS, help="the parts to run (default: all)")
    chosen = options.parse_args()
    memory = int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")) // 1024**3
    print(f"{platform.platform()}, {os.cpu_count()} cores, {memory} GB, Python {platform.python_version()}\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="tenderlake-bench-") as folder:
        work = Path(folder)
        file = write(work / "releases.jsonl", chosen.releases, seed=7)
        print(f"{chosen.releases} releases, {file.stat().st_size / chosen.releases / 1000:.1f} KB each\n\n| what | figure | bar |\n|---|---|---|", flush=True)
        runs = {
            "tables": lambda: csv_load.run(work, file, row),
            "pdf": lambda: pdf.run(work, chosen.pages, row),
            "load": lambda: measure_all_of_a_load(work, file, chosen),
            "servers": lambda: servers.run(write(work / "fewer.jsonl", ON_SERVERS, seed=9), ON_SERVERS, chosen.rounds, row),
            "relevance": lambda: relevance.run(work, row),
            "search": lambda: search.run(work, row, chosen.documents),
        }
        for part in chosen.only:
            runs[part]()


def measure_all_of_a_load(work: Path, file: Path, chosen: argparse.Namespace) -> None:
    """Loads, each in a new installation and between two runs of its peers, for the speed of a machine changes; then, in another one, what else goes on."""
    loads, shares = [], []
    before = measure_peers(work, file)
    for _ in range(chosen.rounds):
        with Stack() as stack:
            warm_up(stack)
            loads.append(measure_load(stack, file, chosen.releases))
        after = measure_peers(work, file)
        shares.append(loads[-1] * 2 / (before + after))
        before = after
    share, each = statistics.median(shares), ", ".join(f"{one:.2f}" for one in shares)
    row("from 202 to searchable, beside the two peers before and after it", f"{share:.2f} times their mean (median of {each})", "≤ 1", met=share <= 1)
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
        row("– beside the first load of an installation, right after it", f"{share:.2f} times", "≤ 1.3", met=share <= 1.3)


def row(what: str, figure: str, bar: str = "", *, met: bool | None = None) -> None:
    """One line of the table."""
    print(f"| {what} | {figure} | {bar}{'' if met is None else ' ✓' if met else ' ✗ missed'} |", flush=True)


def write(path: Path, count: int, seed: int) -> Path:
    """Generated releases of OCDS 1.1 as JSON Lines: ocdskit compiles releases of one version only."""
    of_1_1 = (line for line in lines(count * 2, seed=seed) if b'"parties"' in line)
    with path.open("wb") as file:
        for line in islice(of_1_1, count):
            file.write(line + b"\n")
    return path


def measure_peers(work: Path, file: Path) -> float:
    """Seconds that ocdskit compile and flatterer take for the same file, one after the other."""
    schema, compiled = work / "schema.json", work / "compiled.jsonl"
    schema.write_bytes(orjson.dumps(merge_schema()))
    tools = Path(sys.executable).parent
    started = time.monotonic()
    with file.open("rb") as source, compiled.open("wb") as out:
        subprocess.run([tools / "ocdskit", "compile", "--schema", schema], stdin=source, stdout=out, check=True)
    one = time.monotonic() - started
    started = time.monotonic()
    command = [tools / "flatterer", "--ndjson", "--sqlite", "--nocsv", "--force", compiled, work / "flat"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    two = time.monotonic() - started
    shutil.rmtree(work / "flat", ignore_errors=True)
    compiled.unlink()
    row("ocdskit compile", f"{one:.1f} s")
    row("flatterer --sqlite of its result", f"{two:.1f} s")
    return one + two


def merge_schema() -> dict[str, Any]:
    """The merge rules of OCDS 1.1 as a JSON Schema, so that ocdskit need not fetch one; what has an id is merged by it."""
    schema: dict[str, Any] = {"type": "object", "properties": {name: {"type": "string", "omitWhenMerged": True} for name in OMITTED}}
    for parts in sorted(OCDS_1_1.replaced):
        holder = schema
        *above, last = parts
        for name in above:
            holder = holder["properties"].setdefault(name, {"type": "object", "properties": {"id": {"type": "string"}}})
        holder["properties"][last] = {"type": "array", "wholeListMerge": True, "items": {"type": "object", "properties": {}}}
    return schema


def warm_up(stack: Stack) -> None:
    """One release, so that no figure has the start of the workers and of the model in it."""
    stack.wait(stack.upload("first.json", next(iter(lines(1, seed=6)))))
    wait_embedded(stack)


def wait_embedded(stack: Stack) -> None:
    """Until all that is indexed has its vectors: making them keeps a core busy."""
    while len(stack.query("select distinct silver_batch from watermark where stage in ('index', 'embed')")) > 1:
        time.sleep(0.2)


def measure_load(stack: Stack, file: Path, count: int) -> float:
    """Seconds from the upload's 202 to searchable."""
    since = datetime.now(UTC).isoformat()
    with Memory(stack) as memory, file.open("rb") as body:
        job_id = stack.upload(file.name, body)
        started = time.monotonic()
        job = stack.follow(job_id)
        took = time.monotonic() - started
    if job["status"] != "succeeded" or job["counts"]["accepted"] != count:
        sys.exit(f"the load did not succeed: {job}")
    row("from 202 to searchable", f"{took:.1f} s, {count / took:.0f} releases/s")
    landed = stack.query(f"select sum((julianday(committed_at) - julianday(created_at)) * 86400) from batch where seq is not null and created_at > '{since}'")[
        0
    ][0]
    row("– land, busy", f"{landed:.1f} s, {count / landed:.0f} releases/s")
    for stage in STAGES:
        busy = stack.query(
            f"select sum((julianday(finished_at) - julianday(started_at)) * 86400) from stage_run where stage = '{stage}' and started_at > '{since}'"
        )[0][0]
        row(f"– {stage}, busy", f"{busy:.1f} s, {count / busy:.0f} releases/s")
    row("peak memory over all processes (PSS)", f"{memory.peak / 1e9:.2f} GB", "≤ 1.5 GB", met=memory.peak <= 1.5e9)
    return took


def measure_singles(stack: Stack, count: int) -> None:
    """One release to an idle system, until a search finds it."""
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
    row(f"one release posted to an idle system, until searchable (median of {count})", f"{middle:.2f} s (worst {max(times):.2f} s)", "≤ 1 s", met=middle <= 1)


def measure_accepting(stack: Stack, file: Path) -> None:
    """How long accepting one more takes while a load runs."""
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
    row(f"accepting one more while a load runs, p99 of {len(times)}", f"{p99:.3f} s (median {statistics.median(times):.3f} s)", "≤ 0.3 s", met=p99 <= 0.3)


def wait_idle(stack: Stack) -> None:
    """Until no job is on its way."""
    while any(stack.client.get("/v1/jobs", params={"status": status}).json()["items"] for status in ("accepted", "running")):
        time.sleep(0.2)


def measure_large(stack: Stack, work: Path, count: int, times: int) -> float:
    """Seconds that the same load takes on a warehouse that holds `times` as much."""
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
