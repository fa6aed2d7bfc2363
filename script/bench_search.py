"""The search under load: documents indexed a second, and how long queries take through the API with 8 clients, beside the bare engine in the same run.

The API runs in a process of its own over a data folder that this process has filled; the bare engine is asked in this process, also by 8 threads.
"""

import argparse
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import numpy as np
import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from domain.meaning import text_hash  # noqa: E402
from domain.search import Collection, Document, Mode, SearchQuery  # noqa: E402
from script.bench_relevance import Row  # noqa: E402
from script.inside import inside, load  # noqa: E402
from script.stack import PASSWORD, Stack  # noqa: E402
from seeds.generate import lines  # noqa: E402
from services.ports import Embedder, Parts, VectorRow  # noqa: E402
from services.queries.meaning import with_meaning  # noqa: E402
from services.queries.search import Asked, query_of  # noqa: E402
from services.stages.embed import SLICE, embed_documents  # noqa: E402
from services.stages.index import SLICE as COMMIT  # noqa: E402

CLIENTS = 8
MOST_ADDED = 3.0  # ms that the API may add at the median
BASE = 2_000  # releases that go through all stages; their documents are multiplied
FACETS = "buyer,category,region,status"


@dataclass(frozen=True)
class Kind:
    """One kind of query: its texts, and how it is asked."""

    name: str
    texts: Sequence[str]
    path: str = "/v1/search?mode=keyword&q="

    def bare(self, parts: Parts, text: str) -> None:
        """The same query of the engine itself."""
        if "suggest" in self.path:
            parts.search.suggest(Collection.PROCESSES, text, 10)
        else:
            parts.search.search(self.query(parts, text))

    def query(self, parts: Parts, text: str) -> SearchQuery:
        """What the API asks the engine for."""
        wanted = httpx.URL(self.path).params
        asked = Asked(text=text, mode=Mode(wanted["mode"]), facet_by=[wanted.get("facet_by", "")], sort=wanted.get("sort"))
        filters = {"classification": [wanted["classification"]]} if "classification" in wanted else {}
        return with_meaning(parts, query_of(Asked(**{**vars(asked), "values": filters})))[0]


WORDS = ("school meals", "road resurfacing", "laptops and docking stations", "grounds maintenance", "home care for older people", "window cleaning")
TYPOS = ("schol meals", "resurfcing", "laptosp and dcking stations", "grouds maintenace", "hospitl beds", "windw cleaning")
MEANT = ("lunches for pupils", "mending holes in streets", "portable computers", "mowing lawns", "help for the elderly", "protection against hackers")
KINDS = (
    Kind("keyword", WORDS),
    Kind("typo", TYPOS),
    Kind("filter, four facets, sort", WORDS, f"/v1/search?mode=keyword&classification=45&facet_by={FACETS}&sort=-published&q="),
    Kind("semantic", MEANT, "/v1/search?mode=semantic&q="),
    Kind("hybrid", MEANT, "/v1/search?mode=hybrid&q="),
    Kind("suggest", [word[:length] for word in WORDS for length in (3, 5, 8)], "/v1/search/suggest?q="),
)


def run(work: Path, row: Row, documents: int = 100_000, seconds: float = 10.0, embeddings: str = "minilm") -> None:
    """Print the rows; `documents` processes, `seconds` for each kind of query and side."""
    data = work / "search"
    data.mkdir()
    parts = fill(work, data, row, documents, embeddings)
    with Stack(data, TENDERLAKE_EMBEDDINGS=embeddings, TENDERLAKE_WORKERS="1") as stack:
        for kind in KINDS:
            measure(parts, stack, kind, row, seconds)
        used = [sum(one.memory_full_info().pss for one in members) / 1e6 for members in processes(stack)]
        size = sum(path.stat().st_size for path in (data / "search").rglob("*") if path.is_file()) / 1e6
        row(f"memory with {documents} documents and vectors", f"API {used[0]:.0f} MB, all processes {used[1]:.0f} MB")
        row("on disk", f"{size:.0f} MB")


def fill(work: Path, data: Path, row: Row, documents: int, embeddings: str) -> Parts:
    """Real documents of generated releases, under as many ids as are asked for, with their vectors."""
    source = work / "base.jsonl"
    source.write_bytes(b"\n".join(lines(BASE, seed=7)))
    folder = work / "base"
    folder.mkdir()
    base, waiting = inside(folder, "off")
    load(base, waiting, source)
    found = list(base.search.scan(Collection.PROCESSES))
    parts, _ = inside(data, embeddings)
    every = many(found, documents)
    started = time.perf_counter()
    written = 0
    while part := [one for _, one in zip(range(COMMIT), every, strict=False)]:
        parts.search.write(Collection.PROCESSES, part, ())
        written += len(part)
    took = time.perf_counter() - started
    row("index, words only", f"{written / took:.0f} documents/s ({written} documents)")
    embedder = parts.embedders.get(parts.embedders.model or "")
    if embedder is None:
        sys.exit("this benchmark needs embeddings")
    started, made = time.perf_counter(), 0
    for start in range(0, min(len(found), 8 * SLICE), SLICE):
        made += embed_documents(parts, embedder, Collection.PROCESSES, found[start : start + SLICE])
    speed = made / (time.perf_counter() - started)
    row(f"embed ({embedder.model})", f"{speed:.0f} documents/s", "")
    row("index and embed", f"{1 / (took / written + 1 / speed):.0f} documents/s")
    copy_vectors(parts, embedder, found, documents)
    return parts


def many(found: Sequence[Document], count: int) -> Iterator[Document]:
    """`count` documents: the found ones over and over, each time under other ids and with a number in the title."""
    for i in range(count):
        one, turn = found[i % len(found)], i // len(found)
        yield one if not turn else one | {"id": f"{one['id']}-{turn}", "title": f"{one.get('title', '')} {turn}"}


def copy_vectors(parts: Parts, embedder: Embedder, found: Sequence[Document], count: int) -> None:
    """The rest of the vectors: random ones, as far from each other as vectors can be, which costs a search as much as real ones."""
    chance = np.random.default_rng(7)
    have = {name for name, _ in parts.search.vectors(Collection.PROCESSES, embedder.model)}
    names = [str(one["id"]) for one in many(found, count) if str(one["id"]) not in have]
    for start in range(0, len(names), COMMIT):
        part = names[start : start + COMMIT]
        made = chance.standard_normal((len(part), embedder.dimension)).astype(np.float32)
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        parts.search.write_vectors(Collection.PROCESSES, embedder.model, [VectorRow(name, text_hash(name), made[i]) for i, name in enumerate(part)])


def measure(parts: Parts, stack: Stack, kind: Kind, row: Row, seconds: float) -> None:
    """A row: the percentiles through the API, and bare."""
    local = threading.local()

    def through(text: str) -> None:
        if not hasattr(local, "client"):
            local.client = httpx.Client(base_url=f"http://127.0.0.1:{stack.port}", auth=("admin", PASSWORD), timeout=60)
        local.client.get(kind.path + str(httpx.QueryParams({"q": text}))[2:]).raise_for_status()

    api = percentiles(clients(through, kind.texts, seconds))
    bare = percentiles(clients(lambda text: kind.bare(parts, text), kind.texts, seconds))
    added = api[0] - bare[0]
    figure = f"API {api[0]:.1f} / {api[1]:.1f} / {api[2]:.1f} ms, bare {bare[0]:.1f} / {bare[1]:.1f} / {bare[2]:.1f} ms (p50 / p95 / p99)"
    row(f"{kind.name}, {CLIENTS} clients", figure, f"API adds ≤ {MOST_ADDED:.0f} ms: {added:+.1f}", met=added <= MOST_ADDED)


def clients(ask: Callable[[str], None], texts: Sequence[str], seconds: float) -> list[float]:
    """The milliseconds of every query of CLIENTS threads that ask one after another; the first round warms up and does not count."""
    times: list[float] = []

    def work(first: int) -> None:
        for text in texts:
            ask(text)
        end, i = time.perf_counter() + seconds, first
        while time.perf_counter() < end:
            started = time.perf_counter()
            ask(texts[i % len(texts)])
            times.append((time.perf_counter() - started) * 1000)
            i += 1

    threads = [threading.Thread(target=work, args=(first,)) for first in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return times


def percentiles(times: list[float]) -> tuple[float, float, float]:
    """p50, p95, p99."""
    cut = statistics.quantiles(times, n=100)
    return cut[49], cut[94], cut[98]


def processes(stack: Stack) -> tuple[list[psutil.Process], list[psutil.Process]]:
    """The API's, and all of the installation's."""
    assert stack.process is not None
    launcher = psutil.Process(stack.process.pid)
    family = [launcher, *launcher.children(recursive=True)]
    return [one for one in family if "cli.serve" in one.cmdline()], family


def main() -> None:
    """Print the rows."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--documents", type=int, default=100_000)
    options.add_argument("--seconds", type=float, default=10.0)
    options.add_argument("--embeddings", default="minilm", choices=["minilm", "static"])
    chosen = options.parse_args()
    from script.bench import row

    with tempfile.TemporaryDirectory(prefix="tenderlake-search-") as folder:
        run(Path(folder), row, chosen.documents, chosen.seconds, chosen.embeddings)


if __name__ == "__main__":
    main()
