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
    """Run the command; return 0, or 2 with an error line."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command == "make":
        for path in bundle.write(options.folder):
            print(f"{path.stat().st_size:>10,}  {path}")
        return 0
    try:
        stream = generate.lines(
            options.count,
            seed=options.seed,
            publishers=options.publishers,
            multi_share=options.multi_share,
            broken=options.broken,
            repairable=options.repairable,
        )
    except ValueError as error:
        parser.error(str(error))
    with _output(options.out, options.gzip) as out:
        for line in stream:
            out.write(line + b"\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m seeds", description="Generated procurement data; the same bytes for the same parameters."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    make = commands.add_parser("make", help="rewrite the bundled set")
    make.add_argument("--folder", type=Path, default=files.DATA, help="target folder (default: the package's own)")
    command = commands.add_parser("releases", help="OCDS releases as JSON Lines, about 6 KB each")
    command.add_argument("--count", type=int, required=True, help="number of releases")
    command.add_argument("--seed", type=int, default=1, help="another seed gives other processes (default: 1)")
    command.add_argument("--publishers", type=int, default=3, help="number of publishers (default: 3)")
    command.add_argument("--multi-share", type=float, default=1 / 3, help="share with 2 to 4 releases (default: 1/3)")
    command.add_argument("--broken", type=float, default=0.0, help="share of releases that can't be used (default: 0)")
    command.add_argument("--repairable", type=float, default=0.0, help="share with a repair or a note (default: 0)")
    command.add_argument("--out", type=Path, help="the file to write (default: standard output)")
    command.add_argument("--gzip", action="store_true", help="compress it")
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
