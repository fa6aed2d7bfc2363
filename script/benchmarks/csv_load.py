"""Compares a flat CSV with the same releases as JSON Lines: reading and validation, and all stages, in CPU seconds."""

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
from infrastructure.scratch_installation import DiscardingMessageQueue
from infrastructure.settings import Settings
from infrastructure.warehouse.migrate import upgrade
from services.pipeline.indexing.index import index
from services.pipeline.landing.land import land
from services.pipeline.publishing.publish import publish
from services.pipeline.refining.refine import refine
from services.ports.parts import Parts
from services.uploads.submission import submit

MAX_RATIO = 1.5
ROUNDS = 2  # alternating; the better round of each counts
STAGES: dict[str, Callable[..., None]] = {"land": land, "refine": refine, "publish": publish, "index": index}


class Queue(DiscardingMessageQueue):
    """Message queue within one process."""

    def __init__(self) -> None:
        self.waiting: deque[tuple[str, ...]] = deque()

    def send(self, actor: str, *args: str) -> None:
        """Enqueue a message."""
        if (actor, *args) not in self.waiting:
            self.waiting.append((actor, *args))

    def pending(self, actor: str) -> set[tuple[str, ...]]:
        """Return the arguments of the queued messages."""
        return {message[1:] for message in self.waiting if message[0] == actor}

    def check(self) -> None:
        """Do nothing: it is always available."""


def run(work: Path, file: Path, row: Callable[..., None], count: int = 4_000) -> None:
    """Print the cost of the first `count` releases of a JSON Lines file, as they are and as CSV."""
    lines, table = work / "flat.jsonl", work / "flat.csv"
    with file.open("rb") as source:
        chosen = [orjson.loads(line) for line, _ in zip(source, range(count), strict=False)]
    lines.write_bytes(b"".join(orjson.dumps(release) + b"\n" for release in chosen))
    columns = write_flat(chosen, table)
    print_costs(work, lines, table, columns, row)


def print_costs(work: Path, lines: Path, table: Path, columns: int, row: Callable[..., None]) -> None:
    """Print a row for reading and validation, and one for all stages."""
    measures = (
        ("read and validated", read_cost, ""),
        ("through all stages", whole_cost, f"at most {MAX_RATIO} × JSON Lines"),
    )
    for what, cost, bar in measures:
        first, second, count, same = float("inf"), float("inf"), 0, 0
        for number in range(ROUNDS):
            taken, count = cost(work / f"{cost.__name__}-json-{number}", lines)
            first = min(first, taken)
            taken, same = cost(work / f"{cost.__name__}-csv-{number}", table)
            second = min(second, taken)
        if count != same:
            raise RuntimeError(f"{count} records of the lines, {same} of the table")
        met = second / first <= MAX_RATIO if bar else None
        figure = f"{second / count * 1e6:.0f} µs per release, {second / first:.2f} × JSON Lines"
        row(f"flat CSV of {columns} columns, {what}", figure, bar, met=met)


def read_cost(home: Path, path: Path) -> tuple[float, int]:
    """Return (CPU seconds, records) of reading and validation."""
    parts = parts_in(home)
    sha256, _ = parts.files.copy(path)
    begin, count, position = time.process_time(), 0, None
    while True:
        piece = parts.sources.read(sha256, path.name, position, 4_000)
        count += sum(len(validate_element(element.raw, element.place, element.kind)) for element in piece.elements)
        position = piece.position
        if position is None:
            return time.process_time() - begin, count


def whole_cost(home: Path, path: Path) -> tuple[float, int]:
    """Return (CPU seconds, records) of all stages up to the search documents."""
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
        ended = work.jobs.get(job.id)
    assert ended is not None
    return seconds, int(ended.counts.accepted)


def parts_in(home: Path) -> Parts:
    """Create an installation in its own folder."""
    home.mkdir()
    return bootstrap(Settings(data_dir=home))


def write_flat(releases: list[dict[str, Any]], path: Path) -> int:
    """Write the releases as a flat CSV, one per row; return the number of columns."""
    flat = [dict(_cells(release)) for release in releases]
    headings = sorted({heading for cells in flat for heading in cells})
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, headings)
        writer.writeheader()
        writer.writerows(flat)
    return len(headings)


def _cells(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inside in value.items():
            yield from _cells(inside, f"{path}/{key}" if path else key)
    elif isinstance(value, list) and any(isinstance(element, dict | list) for element in value):
        for index, inside in enumerate(value):
            yield from _cells(inside, f"{path}/{index}")
    elif isinstance(value, list) and value:
        yield path, ";".join(map(str, value))
    elif value is not None and value != []:
        yield path, str(value).lower() if isinstance(value, bool) else str(value)
