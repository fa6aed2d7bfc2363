"""Relevance of the three modes: nDCG@10 and recall@10 on a set that the seeds label, and on one made by hand for real notices where those are at hand.

Of each there are two: one that the constants of ranking were tuned on, and one held out, which no constant was chosen for.

TENDERLAKE_NOTICES names a folder with the JSON Lines files of the notices; without it, that set is left out.
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

FIRST = 10
Row = Callable[..., None]
Figures = dict[str, tuple[float, float]]


def run(work: Path, row: Row, releases: int = 2_000, embeddings: str = "minilm") -> None:
    """Print a row for each set, kind of query and mode."""
    for name, seed, wording in (("seeds", 7, TUNED), ("seeds held out", 11, HELD_OUT)):
        generated(work / name.replace(" ", "-"), row, name, wording, releases=releases, seed=seed, embeddings=embeddings)
    notices = os.environ.get("TENDERLAKE_NOTICES")
    if notices:
        parts = stocked(work / "notices", sorted(Path(notices).glob("*.jsonl")), embeddings)
        measure(parts, "real notices", by_hand(parts, "queries"), row)
        measure(parts, "real notices held out", by_hand(parts, "held_out"), row)


def generated(folder: Path, row: Row, name: str, wording: Wording, *, releases: int, seed: int, embeddings: str) -> None:
    """The rows of a set that the seeds label."""
    feed, queries = labelled(releases, seed, wording)
    folder.mkdir()
    file = folder / "labelled.jsonl"
    file.write_bytes(b"\n".join(map(orjson.dumps, feed)))
    parts = stocked(folder / "data", [file], embeddings)
    parts.search.set_synonyms([Synonym(id=f"s{i}", words=words) for i, words in enumerate(wording.synonyms)])
    for kind in sorted({one.kind for one in queries}):
        measure(parts, f"{name}, {kind}", [one for one in queries if one.kind == kind], row, barred=False)
    measure(parts, f"{name}, all", queries, row)


def stocked(folder: Path, files: Iterable[Path], embeddings: str) -> Parts:
    """An installation that holds these files."""
    folder.mkdir()
    parts, waiting = inside(folder, embeddings)
    for file in files:
        load(parts, waiting, file)
    return parts


def by_hand(parts: Parts, which: str) -> list[Query]:
    """The queries made by hand, those tuned on or those held out, that the notices at hand can answer."""
    held = {str(one["id"]) for one in parts.search.scan(SearchRequest.collection)}
    made = json.loads((ROOT / "script" / "relevance" / "notices.json").read_text())[which]
    asked = [Query(one["text"], "by hand", frozenset(one["ocids"]) & held) for one in made]
    return [one for one in asked if one.relevant]


def measure(parts: Parts, name: str, queries: Sequence[Query], row: Row, *, barred: bool = True) -> None:
    """A row a mode: the means over the queries."""
    figures: Figures = {}
    for mode in Mode:
        scores = [score(parts, one, mode) for one in queries]
        figures[mode] = (sum(one[0] for one in scores) / len(scores), sum(one[1] for one in scores) / len(scores))
    best = max(figures[Mode.KEYWORD][0], figures[Mode.SEMANTIC][0])
    for mode, (gain, recall) in figures.items():
        last = barred and mode is Mode.HYBRID
        row(
            f"{name} ({len(queries)} queries), {mode}",
            f"nDCG@10 {gain:.3f}, recall@10 {recall:.3f}",
            f"≥ {best:.3f}" if last else "",
            met=gain >= best if last else None,
        )


def score(parts: Parts, query: Query, mode: Mode) -> tuple[float, float]:
    """nDCG and recall of the first ten hits; recall of as many as could be there."""
    found = [hit.id in query.relevant for hit in search(parts, SearchRequest(text=query.text, mode=mode, per_page=FIRST)).hits]
    best = min(FIRST, len(query.relevant))
    ideal = sum(1 / math.log2(i + 2) for i in range(best))
    return sum(hit / math.log2(i + 2) for i, hit in enumerate(found)) / ideal, sum(found) / best


def worst(parts: Parts, queries: Sequence[Query]) -> list[tuple[str, float, float, float]]:
    """The queries on which hybrid loses most against the better of the others: (text, keyword, semantic, hybrid)."""
    figures = [(one.text, *(score(parts, one, mode)[0] for mode in Mode)) for one in queries]
    return sorted(figures, key=lambda one: one[3] - max(one[1], one[2]))[:15]


def main() -> None:
    """Print the rows."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--releases", type=int, default=2_000)
    options.add_argument("--embeddings", default="minilm")
    chosen = options.parse_args()
    from script.benchmarks.main import row

    with tempfile.TemporaryDirectory(prefix="tenderlake-relevance-") as folder:
        run(Path(folder), row, chosen.releases, chosen.embeddings)


if __name__ == "__main__":
    main()
