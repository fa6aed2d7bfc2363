"""Document files as silver rows: one per file, one per page. Pure."""

from collections.abc import Iterable
from typing import Any

import orjson
import polars as pl

from domain.document_files.passages import cut_passages
from domain.document_files.process_links import name_key, process_claims
from domain.lake.silver import PAGES, RECORD_TABLES

PLAIN = ("filename", "sha256", "size", "media_type", "title", "language", "state", "reason", "url")
TEXT = 500  # characters of a title


def document_rows(records: Iterable[tuple[str, bytes | str]], silver_batch: int) -> dict[str, pl.DataFrame]:
    """Return the silver tables `file` and `page` of document files (record_id, payload as JSON)."""
    files: list[dict[str, Any]] = []
    pages: list[dict[str, Any]] = []
    for record_id, payload in records:
        document = orjson.loads(payload)
        files.append({"silver_batch": silver_batch, "record_id": record_id, "deleted": False} | _file(document))
        pages += [{"silver_batch": silver_batch, "record_id": record_id} | page for page in _pages(document)]
    types = {"file": RECORD_TABLES["file"], "page": PAGES["page"]}
    return {"file": pl.DataFrame(files, schema=types["file"]), "page": pl.DataFrame(pages, schema=types["page"])}


def _file(document: dict[str, Any]) -> dict[str, Any]:
    pages = _pages(document)
    row = {name: document.get(name) for name in PLAIN}
    said = [{"rule": claim.rule, "ocid": claim.ocid} for claim in process_claims(document)]
    return row | {
        "title": (row["title"] or "")[:TEXT].strip() or None,
        "name": name_key(document["filename"]),
        "ocid": document.get("ocid"),
        "claims": _json(said),
        "pages": document.get("page_count") if isinstance(document.get("page_count"), int) else len(pages),
        "words": sum(len(page["text"].split()) for page in pages),
        "passages": len(cut_passages(pages)),
        "facts": _json(document.get("facts")),
        "metadata": _json(document.get("metadata")),
        "outline": _json(document.get("outline")),
    }


def _pages(document: dict[str, Any]) -> list[dict[str, Any]]:
    pages = sorted(document.get("pages") or [], key=lambda page: int(page["page"]))
    return [
        {"page": page["page"], "text": page.get("text") or "", "tables": _json(page.get("tables"))} for page in pages
    ]


def _json(value: Any) -> str | None:
    return orjson.dumps(value).decode() if value else None
