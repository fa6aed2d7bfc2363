"""Folder URIs for delta-rs."""

from pathlib import Path


def table_uri(folder: Path) -> str:
    """The folder as a URI: delta-rs misreads paths that contain '%' or '['."""
    return folder.absolute().as_uri()
