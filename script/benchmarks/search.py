"""The search under load: documents indexed a second, and how long queries take through the API with 8 clients, beside the bare engine in the same run.

The API runs as `tenderlake up` starts it, over a data folder that this process has filled; its clients are a process of their own. The bare engine
is asked in a third process, by as many threads at the same pace. The two sides take turns, because the speed of a machine changes.
"""

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache, partial
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import quote

import httpx
import numpy as np
import psutil

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from cli.up.launcher import CHILD_ENVIRONMENT  # noqa: E402
from domain.search.embedding_text import embedding_text_hash  # noqa: E402
from domain.search.queries import Collection, Mode, SearchDocument, SearchQuery  # noqa: E402
from infrastructure.bootstrap import bootstrap  # noqa: E402
from infrastructure.settings import Settings  # noqa: E402
from script.benchmarks.clients import CLIENTS, Ask, Connection, Pace, asked  # noqa: E402
from script.benchmarks.in_process import inside, load  # noqa: E402
from script.benchmarks.relevance import Row  # noqa: E402
from script.installation import PASSWORD, Stack  # noqa: E402
from seeds.generate import lines  # noqa: E402
from services.pipeline.embedding.embed import SLICE_DOCUMENTS, embed_documents  # noqa: E402
from services.ports.embeddings import Embedder  # noqa: E402
from services.ports.parts import Parts  # noqa: E402
from services.ports.search import VectorRow  # noqa: E402
from services.search.query_vectors import with_query_vector  # noqa: E402
from services.search.search_documents import WRITE_DOCUMENTS as COMMIT  # noqa: E402
from services.search.searching import SearchRequest, to_search_query  # noqa: E402

MOST_ADDED = 3.0  # ms that the API may add at the median
RATE = 4.0  # queries a second of each client, where they pause; half of it for a kind whose queries would wait for each other most of the time
TURNS = 2  # that each side takes
BASE = 2_000  # releases that go through all stages; their documents are multiplied
FACETS = "buyer,category,region,status"


@dataclass(frozen=True)
class Kind:
    """One kind of query: its texts, and how it is asked."""

    name: str
    texts: Sequence[str]
    path: str = "/v1/search?mode=keyword&q="
    rate: float = RATE

    def bare(self, parts: Parts, text: str) -> None:
        """The same query of the engine itself."""
        if "suggest" in self.path:
            parts.search.suggest(Collection.PROCESSES, text, 10)
        else:
            parts.search.search(self.query(parts, text))

    def query(self, parts: Parts, text: str) -> SearchQuery:
        """What the API asks the engine for."""
        wanted = httpx.URL(self.path).params
        asked = SearchRequest(text=text, mode=Mode(wanted["mode"]), facet_by=[wanted.get("facet_by", "")], sort=wanted.get("sort"))
        filters = {"classification": [wanted["classification"]]} if "classification" in wanted else {}
        return with_query_vector(parts, to_search_query(SearchRequest(**{**vars(asked), "values": filters})))[0]


WORDS = ("school meals", "road resurfacing", "laptops and docking stations", "grounds maintenance", "home care for older people", "window cleaning")
TYPOS = ("schol meals", "resurfcing", "laptosp and dcking stations", "grouds maintenace", "hospitl beds", "windw cleaning")
MEANT = ("lunches for pupils", "mending holes in streets", "portable computers", "mowing lawns", "help for the elderly", "protection against hackers")
KINDS = (
    Kind("keyword", WORDS),
    Kind("typo", TYPOS),
    Kind("filter, four facets, sort", WORDS, f"/v1/search?mode=keyword&classification=45&facet_by={FACETS}&sort=-published&q="),
    Kind("semantic", MEANT, "/v1/search?mode=semantic&q="),
    Kind("hybrid", MEANT, "/v1/search?mode=hybrid&q=", rate=RATE / 2),
    Kind("suggest", [word[:length] for word in WORDS for length in (3, 5, 8)], "/v1/search/suggest?q="),
)


def run(work: Path, row: Row, documents: int = 100_000, seconds: float = 10.0, embeddings: str = "minilm") -> None:
    """Print the rows; `documents` processes, `seconds` for each kind of query and side."""
    data = work / "search"
    data.mkdir()
    fill(work, data, row, documents, embeddings)
    with Stack(data, TENDERLAKE_EMBEDDINGS=embeddings, TENDERLAKE_WORKERS="1") as stack:
        with pool() as clients, pool() as engine:
            for kind in KINDS:
                measure(Sides(data, embeddings, stack.port, processes(stack)[0][0], clients, engine), kind, row, seconds)
        used = [sum(one.memory_full_info().pss for one in members) / 1e6 for members in processes(stack)]
        size = sum(path.stat().st_size for path in (data / "search").rglob("*") if path.is_file()) / 1e6
        row(f"memory with {documents} documents and vectors", f"API {used[0]:.0f} MB, all processes {used[1]:.0f} MB")
        row("on disk", f"{size:.0f} MB")


def fill(work: Path, data: Path, row: Row, documents: int, embeddings: str) -> None:
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
    for start in range(0, min(len(found), 8 * SLICE_DOCUMENTS), SLICE_DOCUMENTS):
        made += embed_documents(parts, embedder, Collection.PROCESSES, found[start : start + SLICE_DOCUMENTS])
    speed = made / (time.perf_counter() - started)
    row(f"embed ({embedder.model})", f"{speed:.0f} documents/s", "")
    row("index and embed", f"{1 / (took / written + 1 / speed):.0f} documents/s")
    copy_vectors(parts, embedder, found, documents)


def many(found: Sequence[SearchDocument], count: int) -> Iterator[SearchDocument]:
    """`count` documents: the found ones over and over, each time under other ids and with a number in the title."""
    for i in range(count):
        one, turn = found[i % len(found)], i // len(found)
        yield one if not turn else one | {"id": f"{one['id']}-{turn}", "title": f"{one.get('title', '')} {turn}"}


def copy_vectors(parts: Parts, embedder: Embedder, found: Sequence[SearchDocument], count: int) -> None:
    """The rest of the vectors: random ones, as far from each other as vectors can be, which costs a search as much as real ones."""
    chance = np.random.default_rng(7)
    have = {name for name, _ in parts.search.vectors(Collection.PROCESSES, embedder.model)}
    lacking = [(str(one["id"]), embedding_text_hash(Collection.PROCESSES, one)) for one in many(found, count) if str(one["id"]) not in have]
    for start in range(0, len(lacking), COMMIT):
        part = lacking[start : start + COMMIT]
        made = chance.standard_normal((len(part), embedder.dimension)).astype(np.float32)
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        parts.search.write_vectors(Collection.PROCESSES, embedder.model, [VectorRow(name, text, made[i]) for i, (name, text) in enumerate(part)])


@dataclass(frozen=True)
class Sides:
    """The two that are compared, each asked from a process of its own."""

    data: Path
    embeddings: str
    port: int
    server: psutil.Process
    clients: ProcessPoolExecutor
    engine: ProcessPoolExecutor

    def measured(self, kind: Kind, pace: Pace) -> tuple["Side", "Side"]:
        """Through the API, and bare; the two in turns."""
        api, bare = Side([]), Side([])
        for _ in range(TURNS):
            before = busy(self.server)
            api.add(self.clients.submit(through_the_api, self.port, kind, pace).result(), kind, busy(self.server) - before)
            bare.add(*self.engine.submit(of_the_engine, self.data, self.embeddings, kind, pace).result())
        return api, bare


@dataclass
class Side:
    """What one of the two took: the milliseconds of its queries, and of the processor."""

    times: list[float]
    cpu: float = 0.0
    queries: int = 0  # those that warm up included

    def add(self, times: list[float], kind: Kind, cpu: float) -> None:
        """Another turn; `cpu` in seconds."""
        self.times += times
        self.cpu += cpu * 1000
        self.queries += len(times) + CLIENTS * len(kind.texts)

    def __str__(self) -> str:
        return f"{' / '.join(f'{one:.1f}' for one in percentiles(self.times))} ms"


def busy(process: psutil.Process) -> float:
    """Seconds of the processor that a process has used."""
    used = process.cpu_times()
    return float(used.user + used.system)


def pool() -> ProcessPoolExecutor:
    """A process with the environment of the API's."""
    os.environ.update(CHILD_ENVIRONMENT)
    return ProcessPoolExecutor(1, get_context("spawn"))


def through_the_api(port: int, kind: Kind, pace: Pace) -> list[float]:
    """The milliseconds of the clients."""

    def start() -> Ask:
        connection = Connection(port, "admin", PASSWORD)
        return lambda text: connection.get(kind.path + quote(text))

    return asked(start, kind.texts, pace)


def of_the_engine(data: Path, embeddings: str, kind: Kind, pace: Pace) -> tuple[list[float], Kind, float]:
    """The milliseconds of as many threads that ask the engine itself, and the seconds of the processor."""
    parts = opened(data, embeddings)
    before = time.process_time()
    return asked(lambda: partial(kind.bare, parts), kind.texts, pace), kind, time.process_time() - before


@lru_cache(maxsize=1)
def opened(data: Path, embeddings: str) -> Parts:
    """The parts of the installation that the API serves."""
    return bootstrap(Settings(data_dir=data, embeddings=embeddings))


def measure(sides: Sides, kind: Kind, row: Row, seconds: float) -> None:
    """Two rows, each with the percentiles through the API, and bare: at a pace that the machine bears, and without pause."""
    api, bare = sides.measured(kind, Pace(seconds, kind.rate))
    added = percentiles(api.times)[0] - percentiles(bare.times)[0]
    name = f"{kind.name}, {CLIENTS} clients, each {kind.rate:.0f} a second (p50 / p95 / p99)"
    row(name, f"API {api}, bare {bare}", f"API adds ≤ {MOST_ADDED:.0f} ms: {added:+.1f}", met=added <= MOST_ADDED)
    api, bare = sides.measured(kind, Pace(seconds / 2))
    rates = [len(one.times) / (TURNS * seconds / 2) for one in (api, bare)]
    added = percentiles(api.times)[0] - percentiles(bare.times)[0]
    row(f"– the same, without pause: {rates[0]:.0f} and {rates[1]:.0f} a second", f"API {api}, bare {bare}; the API adds {added:+.1f}")
    row("– the same, processor time a query", f"API {api.cpu / api.queries:.1f} ms, bare {bare.cpu / bare.queries:.1f} ms")


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
    from script.benchmarks.main import row

    with tempfile.TemporaryDirectory(prefix="tenderlake-search-") as folder:
        run(Path(folder), row, chosen.documents, chosen.seconds, chosen.embeddings)


if __name__ == "__main__":
    main()
