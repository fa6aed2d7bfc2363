"""The names of the lake's folders, as delta-rs understands them."""

from pathlib import Path


def table_uri(folder: Path) -> str:
    """The folder as delta-rs takes any name of one: a path with '%' or '[' in it would be read as something else."""
    return folder.absolute().as_uri()
