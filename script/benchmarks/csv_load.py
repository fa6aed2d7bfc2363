"""A flat CSV beside the same releases as JSON Lines: reading and judging alone, and all stages, in CPU seconds of one process."""

import csv
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from domain.validation.elements import validate_element
from infrastructure.bootstrap import bootstrap
from infrastructure.settings import Settings
from infrastructure.warehouse.migrate import upgrade
from services.pipeline.indexing.index import index
from services.pipeline.landing.land import land
from services.pipeline.publishing.publish import publish
from services.pipeline.refining.refine import refine
from services.ports.parts import Parts
from services.uploads.submission import submit

BAR = 1.5
ROUNDS = 2  # by turns; the better one of each counts
STAGES: dict[str, Callable[..., None]] = {"land": land, "refine": refine, "publish": publish, "index": index}


class Queue:
    """The messages of one process."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[str, ...]] = deque()

    def send(self, actor: str, *args: str) -> None:
        """Enqueue a message."""
        if (actor, *args) not in self.waiting:
            self.waiting.append((actor, *args))

    def pending(self, actor: str) -> set[tuple[str, ...]]:
        """The arguments of what waits."""
        return {message[1:] for message in self.waiting if message[0] == actor}

    def check(self) -> None:
        """It always answers."""


def run(work: Path, file: Path, row: Callable[..., None], most: int = 4_000) -> None:
    """Print what the first `most` releases of a file of JSON Lines cost, and what they cost as CSV."""
    lines, table = work / "flat.jsonl", work / "flat.csv"
    with file.open("rb") as source:
        chosen = [orjson.loads(line) for line, _ in zip(source, range(most), strict=False)]
    lines.write_bytes(b"".join(orjson.dumps(one) + b"\n" for one in chosen))
    columns = write_flat(chosen, table)
    print_costs(work, lines, table, columns, row)


def print_costs(work: Path, lines: Path, table: Path, columns: int, row: Callable[..., None]) -> None:
    """A line for reading and judging, and one for all stages."""
    for what, cost, bar in (("read and judged", read_cost, ""), ("through all stages", whole_cost, f"at most {BAR} × JSON Lines")):
        first, second, count, same = float("inf"), float("inf"), 0, 0
        for number in range(ROUNDS):
            taken, count = cost(work / f"{cost.__name__}-json-{number}", lines)
            first = min(first, taken)
            taken, same = cost(work / f"{cost.__name__}-csv-{number}", table)
            second = min(second, taken)
        if count != same:
            raise RuntimeError(f"{count} records of the lines, {same} of the table")
        met = second / first <= BAR if bar else None
        row(f"flat CSV of {columns} columns, {what}", f"{second / count * 1e6:.0f} µs a release, {second / first:.2f} × JSON Lines", bar, met=met)


def read_cost(home: Path, path: Path) -> tuple[float, int]:
    """(CPU seconds, records) of reading and judging alone."""
    parts = parts_in(home)
    sha256, _ = parts.files.copy(path)
    begin, count, position = time.process_time(), 0, None
    while True:
        piece = parts.sources.read(sha256, path.name, position, 4_000)
        count += sum(len(validate_element(one.raw, one.place, one.kind)) for one in piece.elements)
        position = piece.position
        if position is None:
            return time.process_time() - begin, count


def whole_cost(home: Path, path: Path) -> tuple[float, int]:
    """(CPU seconds, records) of all stages up to the search documents."""
    parts = parts_in(home)
    upgrade(f"sqlite:///{home.resolve() / 'warehouse.db'}")
    queue = Queue()
    parts = replace(parts, messages=queue)
    sha256, size = parts.files.copy(path)
    job = submit(parts.warehouse, queue, sha256=sha256, size=size, filename=path.name, actor="bench")
    begin = time.process_time()
    while queue.waiting:
        actor, *args = queue.waiting.popleft()
        if actor in STAGES:
            STAGES[actor](parts, *args)
    seconds = time.process_time() - begin
    with parts.warehouse.read() as work:
        return seconds, int(work.jobs.get(job.id).counts.accepted)


def parts_in(home: Path) -> Parts:
    """An installation in a folder of its own."""
    home.mkdir()
    return bootstrap(Settings(data_dir=home))


def write_flat(releases: list[dict[str, Any]], path: Path) -> int:
    """The releases as a flat CSV, one a row; the number of its columns."""
    flat = [dict(_cells(release)) for release in releases]
    headings = sorted({heading for one in flat for heading in one})
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, headings)
        writer.writeheader()
        writer.writerows(flat)
    return len(headings)


def _cells(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from _cells(inside, f"{path}/{key}" if path else key)
    elif isinstance(value, list) and any(isinstance(one, dict | list) for one in value):
        for place, inside in enumerate(value):
            yield from _cells(inside, f"{path}/{place}")
    elif isinstance(value, list) and value:
        yield path, ";".join(map(str, value))
    elif value is not None and value != []:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)
