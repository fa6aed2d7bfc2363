"""Finds remaining occurrences of a word: in files of a data folder, unpacked; in database rows; in API answers."""

import gzip
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pymupdf
from sqlalchemy import select
from sqlmodel import SQLModel

from domain.raw_records.record import Kind
from domain.search.queries import Collection
from domain.search.search_documents import SPECS
from domain.star.queries import DIMENSIONS, FACTS
from infrastructure.search.embedded.engine import EmbeddedSearch
from infrastructure.warehouse.engine import SqlWarehouse
from tests.api.conftest import Api

LISTS = ["jobs", "audit", "gold/processes"]
LISTS += [*(f"gold/facts/{name}" for name in FACTS), *(f"gold/dimensions/{name}" for name in DIMENSIONS)]
LISTS += [f"raw/{kind}" for kind in Kind]
OF_JOB = ("", "/errors", "/outcomes", "/deliveries")


def traces(api: Api, word: str) -> list[str]:
    """Every place that contains the word, case-insensitively."""
    places = [
        *in_files(api.settings.data_dir),
        *in_tables(api),
        *in_search(api.settings.data_dir),
        *in_answers(api, word),
    ]
    return sorted({place for place, said in places if word.casefold() in said.casefold()})


def in_files(data: Path) -> Iterator[tuple[str, str]]:
    """Each file as text, both as stored and unpacked."""
    for path in data.rglob("*"):
        name = str(path.relative_to(data))
        yield name, path.name
        if path.is_file():
            for content in unpacked(path.read_bytes()):
                yield name, content.decode("utf-8", "replace")


def unpacked(content: bytes) -> Iterator[bytes]:
    """The content, and the content packed in it."""
    yield content
    yield content.decode("utf-16-le", "replace").encode("utf-8", "replace")
    if content.startswith(b"\x1f\x8b"):
        yield from unpacked(gzip.decompress(content))
    elif content.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for one in archive.infolist():
                yield one.filename.encode()
                yield from unpacked(archive.read(one))
    elif content.startswith(b"PAR1"):
        frame = pl.read_parquet(io.BytesIO(content))
        yield repr(frame.to_dicts()).encode("utf-8", "replace")
    elif content.startswith(b"%PDF-"):
        document = pymupdf.open(stream=content, filetype="pdf")
        if not document.needs_pass:
            yield "\n".join(page.get_text() for page in document).encode()


def in_tables(api: Api) -> Iterator[tuple[str, str]]:
    """Every row of every table."""
    assert isinstance(api.parts.warehouse, SqlWarehouse)
    with api.parts.warehouse.engine.connect() as connection:
        for table in SQLModel.metadata.tables.values():
            if table.name != "dim_date":
                for row in connection.execute(select(table)):
                    yield f"table {table.name}", repr(tuple(row))


def in_search(data: Path) -> Iterator[tuple[str, str]]:
    """Every document of each index (compressed on disk); asserts that no segment keeps deleted ones."""
    engine = EmbeddedSearch(data / "search", SPECS)
    for collection in Collection:
        for document in engine.scan(collection):
            yield f"search {collection}", repr(document)


def kept_segments(data: Path) -> list[str]:
    """Segments of the search indexes that hold deleted documents."""
    metas = {path.parent.name: orjson.loads(path.read_bytes()) for path in (data / "search").glob("*/meta.json")}
    return [name for name, meta in metas.items() for segment in meta["segments"] if segment["deletes"]]


def in_answers(api: Api, word: str) -> Iterator[tuple[str, str]]:
    """Answers of the API's lists, and of searches for the word."""
    asked = [f"/v1/{name}?limit=1000" for name in LISTS] + [
        "/v1/webhooks",
        "/v1/searches",
        f"/v1/search/suggest?q={word}",
    ]
    hooks: list[dict[str, Any]] = api.client.get("/v1/webhooks").json()["items"]
    asked += [f"/v1/webhooks/{hook['id']}/deliveries?limit=1000" for hook in hooks]
    jobs: list[dict[str, Any]] = api.client.get("/v1/jobs?limit=1000").json()["items"]
    asked += [f"/v1/jobs/{job['id']}{more}" for job in jobs for more in OF_JOB]
    feeds: list[str] = [one["feed"] for one in api.client.get("/v1/searches").json()["items"]]
    for path in asked + feeds:
        answer = api.client.get(path)
        assert answer.status_code == 200, (path, answer.text)
        yield path, answer.text
    for collection in Collection:
        found = api.client.get(
            "/v1/search", params={"q": word, "collection": str(collection), "mode": "keyword"}
        ).json()
        yield f"search for it in {collection}", repr(found["hits"])
