"""Relevance of the three search modes: nDCG@10 and recall@10 on sets labelled by the seeds, and by hand for real
notices.

There are two sets of each kind: one on which the ranking constants were tuned, and one held out.

TENDERLAKE_NOTICES names a folder with the notices as JSON Lines; without it, those sets are skipped.
"""

import argparse
import json
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import orjson

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from domain.search.queries import Mode, Synonym  # noqa: E402
from script.benchmarks.in_process import inside, load  # noqa: E402
from seeds.relevance import HELD_OUT, TUNED, Query, Wording, labelled  # noqa: E402
from services.ports.parts import Parts  # noqa: E402
from services.search.searching import SearchRequest, search  # noqa: E402

TOP_HITS = 10
Row = Callable[..., None]
Figures = dict[str, tuple[float, float]]


def run(work: Path, row: Row, releases: int = 2_000, embeddings: str = "minilm") -> None:
    """Print a row per set, kind of query and mode."""
    for name, seed, wording in (("seeds", 7, TUNED), ("seeds held out", 11, HELD_OUT)):
        generated(
            work / name.replace(" ", "-"), row, name, wording, releases=releases, seed=seed, embeddings=embeddings
        )
    notices = os.environ.get("TENDERLAKE_NOTICES")
    if notices:
        parts = loaded(work / "notices", sorted(Path(notices).glob("*.jsonl")), embeddings)
        measure(parts, "real notices", by_hand(parts, "queries"), row)
        measure(parts, "real notices held out", by_hand(parts, "held_out"), row)


def generated(
    folder: Path, row: Row, name: str, wording: Wording, *, releases: int, seed: int, embeddings: str
) -> None:
    """Print the rows of a set that the seeds label."""
    feed, queries = labelled(releases, seed, wording)
    folder.mkdir()
    file = folder / "labelled.jsonl"
    file.write_bytes(b"\n".join(map(orjson.dumps, feed)))
    parts = loaded(folder / "data", [file], embeddings)
    parts.search.set_synonyms([Synonym(id=f"s{i}", words=words) for i, words in enumerate(wording.synonyms)])
    for kind in sorted({query.kind for query in queries}):
        measure(parts, f"{name}, {kind}", [query for query in queries if query.kind == kind], row, barred=False)
    measure(parts, f"{name}, all", queries, row)


def loaded(folder: Path, files: Iterable[Path], embeddings: str) -> Parts:
    """Create an installation that holds these files."""
    folder.mkdir()
    parts, waiting = inside(folder, embeddings)
    for file in files:
        load(parts, waiting, file)
    return parts


def by_hand(parts: Parts, which: str) -> list[Query]:
    """Return the hand-made queries, tuned or held out, that the loaded notices can answer."""
    loaded_ids = {str(document["id"]) for document in parts.search.scan(SearchRequest.collection)}
    made = json.loads((ROOT / "script" / "relevance" / "notices.json").read_text())[which]
    asked = [Query(entry["text"], "by hand", frozenset(entry["ocids"]) & loaded_ids) for entry in made]
    return [query for query in asked if query.relevant]


def measure(parts: Parts, name: str, queries: Sequence[Query], row: Row, *, barred: bool = True) -> None:
    """Print a row per mode: the means over the queries."""
    figures: Figures = {}
    for mode in Mode:
        scores = [score(parts, query, mode) for query in queries]
        gains, recalls = zip(*scores, strict=True)
        figures[mode] = (sum(gains) / len(scores), sum(recalls) / len(scores))
    best = max(figures[Mode.KEYWORD][0], figures[Mode.SEMANTIC][0])
    for measured, (gain, recall) in figures.items():
        last = barred and measured is Mode.HYBRID
        row(
            f"{name} ({len(queries)} queries), {measured}",
            f"nDCG@10 {gain:.3f}, recall@10 {recall:.3f}",
            f"≥ {best:.3f}" if last else "",
            met=gain >= best if last else None,
        )


def score(parts: Parts, query: Query, mode: Mode) -> tuple[float, float]:
    """Return nDCG and recall of the first ten hits; recall of at most ten relevant documents."""
    request = SearchRequest(text=query.text, mode=mode, per_page=TOP_HITS)
    found = [hit.id in query.relevant for hit in search(parts, request).hits]
    best = min(TOP_HITS, len(query.relevant))
    ideal = sum(1 / math.log2(i + 2) for i in range(best))
    return sum(hit / math.log2(i + 2) for i, hit in enumerate(found)) / ideal, sum(found) / best


def worst(parts: Parts, queries: Sequence[Query]) -> list[tuple[str, float, float, float]]:
    """Return the queries with the largest loss of hybrid against the better mode: (text, keyword, semantic, hybrid)."""

    def figures(query: Query) -> tuple[str, float, float, float]:
        keyword, semantic, hybrid = (score(parts, query, mode)[0] for mode in Mode)
        return query.text, keyword, semantic, hybrid

    return sorted(map(figures, queries), key=lambda row: row[3] - max(row[1], row[2]))[:15]


def main() -> None:
    """Run the command."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--releases", type=int, default=2_000)
    options.add_argument("--embeddings", default="minilm")
    chosen = options.parse_args()
    from script.benchmarks.main import row

    with tempfile.TemporaryDirectory(prefix="tenderlake-relevance-") as folder:
        run(Path(folder), row, chosen.releases, chosen.embeddings)


if __name__ == "__main__":
    main()
