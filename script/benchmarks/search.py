"""Search under load: documents indexed per second, and query times through the API with 8 clients, compared with the
engine.

The API runs as `tenderlake up` starts it, over a data folder filled by this process; the clients run in another.
The engine is queried in a third process, by as many threads at the same pace. The two alternate, as the speed of a
machine changes.
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

from cli.processes.environment import CHILD_ENVIRONMENT  # noqa: E402
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
from services.search.indexers import WRITE_DOCUMENTS as COMMIT  # noqa: E402
from services.search.query_vectors import with_query_vector  # noqa: E402
from services.search.searching import SearchRequest, to_search_query  # noqa: E402

MAX_ADDED_MS = 3.0  # that the API may add at the median
# Queries per second of each client at a pace; half of it for kinds whose queries would mostly wait for each other.
RATE = 4.0
ROUNDS = 2  # of each side
BASE_RELEASES = 2_000  # that go through all stages; their documents are multiplied
FACETS = "buyer,category,region,status"


@dataclass(frozen=True)
class Kind:
    """A kind of query: its texts and its URL."""

    name: str
    texts: Sequence[str]
    path: str = "/v1/search?mode=keyword&q="
    rate: float = RATE

    def bare(self, parts: Parts, text: str) -> None:
        """Send the same query to the engine itself."""
        if "suggest" in self.path:
            parts.search.suggest(Collection.PROCESSES, text, 10)
        else:
            parts.search.search(self.query(parts, text))

    def query(self, parts: Parts, text: str) -> SearchQuery:
        """Return the query that the API sends to the engine."""
        wanted = httpx.URL(self.path).params
        facets = [wanted.get("facet_by", "")]
        asked = SearchRequest(text=text, mode=Mode(wanted["mode"]), facet_by=facets, sort=wanted.get("sort"))
        filters = {"classification": [wanted["classification"]]} if "classification" in wanted else {}
        return with_query_vector(
            parts.search, parts.embedders, to_search_query(SearchRequest(**{**vars(asked), "values": filters}))
        )[0]


WORDS = (
    "school meals",
    "road resurfacing",
    "laptops and docking stations",
    "grounds maintenance",
    "home care for older people",
    "window cleaning",
)
TYPOS = (
    "schol meals",
    "resurfcing",
    "laptosp and dcking stations",
    "grouds maintenace",
    "hospitl beds",
    "windw cleaning",
)
MEANT = (
    "lunches for pupils",
    "mending holes in streets",
    "portable computers",
    "mowing lawns",
    "help for the elderly",
    "protection against hackers",
)
KINDS = (
    Kind("keyword", WORDS),
    Kind("typo", TYPOS),
    Kind(
        "filter, four facets, sort",
        WORDS,
        f"/v1/search?mode=keyword&classification=45&facet_by={FACETS}&sort=-published&q=",
    ),
    Kind("semantic", MEANT, "/v1/search?mode=semantic&q="),
    Kind("hybrid", MEANT, "/v1/search?mode=hybrid&q=", rate=RATE / 2),
    Kind("suggest", [word[:length] for word in WORDS for length in (3, 5, 8)], "/v1/search/suggest?q="),
)


def run(work: Path, row: Row, documents: int = 100_000, seconds: float = 10.0, embeddings: str = "minilm") -> None:
    """Print the rows, for so many documents; each kind and side runs for `seconds`."""
    data = work / "search"
    data.mkdir()
    fill(work, data, row, documents, embeddings)
    with Stack(data, TENDERLAKE_EMBEDDINGS=embeddings, TENDERLAKE_WORKERS="1") as stack:
        with pool() as clients, pool() as engine:
            for kind in KINDS:
                measure(
                    Sides(data, embeddings, stack.port, processes(stack)[0][0], clients, engine), kind, row, seconds
                )
        used = [sum(process.memory_full_info().pss for process in members) / 1e6 for members in processes(stack)]
        size = sum(path.stat().st_size for path in (data / "search").rglob("*") if path.is_file()) / 1e6
        row(f"memory with {documents} documents and vectors", f"API {used[0]:.0f} MB, all processes {used[1]:.0f} MB")
        row("on disk", f"{size:.0f} MB")


def fill(work: Path, data: Path, row: Row, documents: int, embeddings: str) -> None:
    """Index documents of generated releases, multiplied under new ids, with vectors."""
    source = work / "base.jsonl"
    source.write_bytes(b"\n".join(lines(BASE_RELEASES, seed=7)))
    folder = work / "base"
    folder.mkdir()
    base, waiting = inside(folder, "off")
    load(base, waiting, source)
    found = list(base.search.scan(Collection.PROCESSES))
    parts, _ = inside(data, embeddings)
    stream = many(found, documents)
    started = time.perf_counter()
    written = 0
    while part := [document for _, document in zip(range(COMMIT), stream, strict=False)]:
        parts.search.write(Collection.PROCESSES, part, ())
        written += len(part)
    took = time.perf_counter() - started
    row("index, words only", f"{written / took:.0f} documents/s ({written} documents)")
    embedder = parts.embedders.get(parts.embedders.model or "")
    if embedder is None:
        sys.exit("this benchmark needs embeddings")
    started, made = time.perf_counter(), 0
    ids = [document["id"] for document in found[: 8 * SLICE_DOCUMENTS]]
    for start in range(0, len(ids), SLICE_DOCUMENTS):
        made += embed_documents(parts.search, embedder, Collection.PROCESSES, ids[start : start + SLICE_DOCUMENTS])
    speed = made / (time.perf_counter() - started)
    row(f"embed ({embedder.model})", f"{speed:.0f} documents/s", "")
    row("index and embed", f"{1 / (took / written + 1 / speed):.0f} documents/s")
    copy_vectors(parts, embedder, found, documents)


def many(found: Sequence[SearchDocument], count: int) -> Iterator[SearchDocument]:
    """Yield `count` documents: the found ones repeatedly, with new ids and a number in the title."""
    for i in range(count):
        document, copy = found[i % len(found)], i // len(found)
        if not copy:
            yield document
        else:
            yield document | {"id": f"{document['id']}-{copy}", "title": f"{document.get('title', '')} {copy}"}


def copy_vectors(parts: Parts, embedder: Embedder, found: Sequence[SearchDocument], count: int) -> None:
    """Write random vectors for the other documents; they cost a search as much as real ones."""
    chance = np.random.default_rng(7)
    have = {name for name, _ in parts.search.vectors(Collection.PROCESSES, embedder.model)}
    hashes = {
        str(document["id"]): embedding_text_hash(Collection.PROCESSES, document) for document in many(found, count)
    }
    missing = [(name, text) for name, text in hashes.items() if name not in have]
    for start in range(0, len(missing), COMMIT):
        part = missing[start : start + COMMIT]
        made = chance.standard_normal((len(part), embedder.dimension)).astype(np.float32)
        made /= np.linalg.norm(made, axis=1, keepdims=True)
        vectors = [VectorRow(name, text, made[i]) for i, (name, text) in enumerate(part)]
        parts.search.write_vectors(Collection.PROCESSES, embedder.model, vectors)


@dataclass(frozen=True)
class Sides:
    """The two sides, each queried from its own process."""

    data: Path
    embeddings: str
    port: int
    server: psutil.Process
    clients: ProcessPoolExecutor
    engine: ProcessPoolExecutor

    def measured(self, kind: Kind, pace: Pace) -> tuple["Side", "Side"]:
        """Measure both sides, alternating; return (API, engine)."""
        api, bare = Side([]), Side([])
        for _ in range(ROUNDS):
            before = busy(self.server)
            api.add(
                self.clients.submit(through_the_api, self.port, kind, pace).result(), kind, busy(self.server) - before
            )
            bare.add(*self.engine.submit(of_the_engine, self.data, self.embeddings, kind, pace).result())
        return api, bare


@dataclass
class Side:
    """Query times and CPU time of one side, in milliseconds."""

    times: list[float]
    cpu: float = 0.0
    queries: int = 0  # warm-up included

    def add(self, times: list[float], kind: Kind, cpu: float) -> None:
        """Add a round; `cpu` in seconds."""
        self.times += times
        self.cpu += cpu * 1000
        self.queries += len(times) + CLIENTS * len(kind.texts)

    def __str__(self) -> str:
        return f"{' / '.join(f'{value:.1f}' for value in percentiles(self.times))} ms"


def busy(process: psutil.Process) -> float:
    """Return the CPU seconds that a process has used."""
    used = process.cpu_times()
    return float(used.user + used.system)


def pool() -> ProcessPoolExecutor:
    """Start a process with the environment of the API."""
    os.environ.update(CHILD_ENVIRONMENT)
    return ProcessPoolExecutor(1, get_context("spawn"))


def through_the_api(port: int, kind: Kind, pace: Pace) -> list[float]:
    """Return the query times of the clients in milliseconds."""

    def start() -> Ask:
        connection = Connection(port, "admin", PASSWORD)
        return lambda text: connection.get(kind.path + quote(text))

    return asked(start, kind.texts, pace)


def of_the_engine(data: Path, embeddings: str, kind: Kind, pace: Pace) -> tuple[list[float], Kind, float]:
    """Return the query times of threads that use the engine, the kind, and the CPU seconds."""
    parts = opened(data, embeddings)
    before = time.process_time()
    return asked(lambda: partial(kind.bare, parts), kind.texts, pace), kind, time.process_time() - before


@lru_cache(maxsize=1)
def opened(data: Path, embeddings: str) -> Parts:
    """Return the parts of the installation that the API serves."""
    return bootstrap(Settings(data_dir=data, embeddings=embeddings))


def measure(sides: Sides, kind: Kind, row: Row, seconds: float) -> None:
    """Print two rows with the percentiles of API and engine: at a pace, and without pause."""
    api, bare = sides.measured(kind, Pace(seconds, kind.rate))
    added = percentiles(api.times)[0] - percentiles(bare.times)[0]
    name = f"{kind.name}, {CLIENTS} clients, each {kind.rate:.0f} per second (p50 / p95 / p99)"
    bar = f"API adds ≤ {MAX_ADDED_MS:.0f} ms: {added:+.1f}"
    row(name, f"API {api}, engine {bare}", bar, met=added <= MAX_ADDED_MS)
    api, bare = sides.measured(kind, Pace(seconds / 2))
    rates = [len(side.times) / (ROUNDS * seconds / 2) for side in (api, bare)]
    added = percentiles(api.times)[0] - percentiles(bare.times)[0]
    name = f"– the same, without pause: {rates[0]:.0f} and {rates[1]:.0f} per second"
    row(name, f"API {api}, engine {bare}; the API adds {added:+.1f}")
    figure = f"API {api.cpu / api.queries:.1f} ms, engine {bare.cpu / bare.queries:.1f} ms"
    row("– the same, CPU time per query", figure)


def percentiles(times: list[float]) -> tuple[float, float, float]:
    """Return p50, p95 and p99."""
    cut = statistics.quantiles(times, n=100)
    return cut[49], cut[94], cut[98]


def processes(stack: Stack) -> tuple[list[psutil.Process], list[psutil.Process]]:
    """Return the processes of the API, and all of the installation."""
    assert stack.process is not None
    launcher = psutil.Process(stack.process.pid)
    family = [launcher, *launcher.children(recursive=True)]
    return [process for process in family if "cli.serve" in process.cmdline()], family


def main() -> None:
    """Run the command."""
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
