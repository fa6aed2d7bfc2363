"""`python -m seeds`: rewrite the bundled set, or generate any number of releases."""

import argparse
import gzip
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from seeds import bundle, files, generate


def main(arguments: list[str] | None = None) -> int:
    """Run the command; 0, or 2 with a line that says what is wrong."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.command == "make":
        for path in bundle.write(given.folder):
            print(f"{path.stat().st_size:>10,}  {path}")
        return 0
    try:
        stream = generate.lines(
            given.count, seed=given.seed, publishers=given.publishers, multi_share=given.multi_share, broken=given.broken, repairable=given.repairable
        )
    except ValueError as error:
        parser.error(str(error))
    with _output(given.out, given.gzip) as out:
        for line in stream:
            out.write(line + b"\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m seeds", description="Generated procurement data; the same bytes for the same parameters.")
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="rewrite the bundled set")
    make.add_argument("--folder", type=Path, default=files.DATA, help="where to (default: the package's own)")
    some = commands.add_parser("releases", help="OCDS releases as JSON Lines, about 6 KB each")
    some.add_argument("--count", type=int, required=True, help="how many releases")
    some.add_argument("--seed", type=int, default=1, help="another seed gives other processes with other ocids (default: 1)")
    some.add_argument("--publishers", type=int, default=3, help="how many publishers (default: 3)")
    some.add_argument("--multi-share", type=float, default=1 / 3, help="share of processes with 2 to 4 releases (default: a third)")
    some.add_argument("--broken", type=float, default=0.0, help="share of releases that can't be used (default: 0)")
    some.add_argument("--repairable", type=float, default=0.0, help="share of releases that need a repair or a note (default: 0)")
    some.add_argument("--out", type=Path, help="the file to write (default: standard output)")
    some.add_argument("--gzip", action="store_true", help="compress it")
    return parser


@contextmanager
def _output(path: Path | None, packed: bool) -> Iterator[BinaryIO]:
    with path.open("wb") if path else open(sys.stdout.fileno(), "wb", closefd=False) as file:
        if not packed:
            yield file
            return
        with gzip.GzipFile(filename="", fileobj=file, mode="wb", compresslevel=6, mtime=0) as out:
            yield out  # type: ignore[misc]  # a GzipFile writes as a BinaryIO does


if __name__ == "__main__":
    sys.exit(main())
