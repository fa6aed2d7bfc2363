"""Contracting processes as OCDS records, each with its releases, compiled and versioned release."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import orjson
import polars as pl

from domain.ocds.merging.compiled_release import ReleaseSource, compile_releases
from domain.ocds.merging.superseded import without_superseded
from domain.ocds.merging.versioned_release import version_releases
from domain.shared.errors import NotFoundError
from domain.shared.exact_json import dumps
from services.lake.current_releases import current_releases
from services.ports.lake import Lake
from services.ports.warehouse import Warehouse
from services.shared.clock import now

CHUNK_PROCESSES = 100  # whose releases are read at once
OCDS_VERSION = "1.1"
PUBLISHER = {"name": "tenderlake"}


def get_record(warehouse: Warehouse, lake: Lake, ocid: str) -> bytes:
    """The process's record as JSON. NotFoundError for an unknown ocid."""
    for record in _records(warehouse, lake, [ocid]):
        return record
    raise NotFoundError(f"there is no process {ocid}")


def record_package(warehouse: Warehouse, lake: Lake, ocids: Iterable[str], uri: str) -> Iterator[bytes]:
    """Parts of an OCDS record package of these processes, in their order; `uri` identifies the package."""
    metadata: dict[str, Any] = {
        "uri": uri,
        "version": OCDS_VERSION,
        "publishedDate": now().isoformat(timespec="seconds"),
        "publisher": PUBLISHER,
    }
    yield orjson.dumps(metadata)[:-1] + b',"records":['
    separator = b""
    remaining = iter(ocids)
    while chunk := list(islice(remaining, CHUNK_PROCESSES)):
        for record in _records(warehouse, lake, chunk):
            yield separator + record
            separator = b","
    yield b"]}"


def _records(warehouse: Warehouse, lake: Lake, ocids: Sequence[str]) -> Iterator[bytes]:
    """Records as JSON, in order; releases exactly as published. Processes without releases are left out."""
    by_ocid = current_releases(warehouse, lake, ocids).partition_by("ocid", as_dict=True)
    for ocid in ocids:
        if (releases := by_ocid.get((ocid,))) is not None:
            yield _record(ocid, releases)


def _record(ocid: str, releases: pl.DataFrame) -> bytes:
    sources = [
        ReleaseSource(record_id, payload.encode(), date, package)
        for record_id, payload, date, package in without_superseded(releases)
        .select("record_id", "payload", "date", "package")
        .iter_rows()
    ]
    members = {
        "ocid": dumps(ocid),
        "releases": b"[" + ",".join(releases["payload"]).encode() + b"]",
        "compiledRelease": compile_releases(sources).release,
        "versionedRelease": dumps(version_releases(sources), orjson.OPT_SORT_KEYS),
    }
    return b"{" + b",".join(b'"%s":%s' % (name.encode(), text) for name, text in members.items()) + b"}"
