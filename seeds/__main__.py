"""`python -m seeds`: makes the bundled files anew, or as many releases as wanted."""

import gzip
from pathlib import Path
from typing import Annotated

import typer

from seeds.files import DATA
from seeds.files import make as make_files
from seeds.generate import lines

app = typer.Typer(no_args_is_help=True, add_completion=False)


@app.command()
def make(folder: Path = DATA) -> None:
    """Write the bundled seed files."""
    make_files(folder)


@app.command()
def releases(
    out: Path,
    count: Annotated[int, typer.Option(min=1)] = 20_000,
    seed: int = 1,
    publishers: Annotated[int, typer.Option(min=1)] = 3,
    multi_share: float = 1 / 3,
    repairable: float = 0.0,
    broken: float = 0.0,
) -> None:
    """Write any number of releases as JSON Lines, gzipped where the name ends in .gz."""
    opened = gzip.open(out, "wb") if out.suffix == ".gz" else out.open("wb")
    with opened as file:
        for line in lines(count, seed=seed, of=publishers, multi_share=multi_share, repair=repairable, break_=broken):
            file.write(line + b"\n")


if __name__ == "__main__":
    app()
