"""Search documents of processes, organisations and document files, built from gold."""

from collections.abc import Iterator, Sequence
from typing import Any

from domain.search.queries import SearchDocument
from domain.search.search_documents import organization_document, passage_documents, passage_id, process_document
from services.ports.parts import Parts

pass


WRITE_DOCUMENTS = 4_000  # documents of one commit of the engine


def passage_ids(files: Sequence[tuple[str, int]]) -> list[str]:
    """The ids of the passages that search may hold of these files."""
    return [passage_id(record_id, number) for record_id, most in files for number in range(most)]


def file_documents(parts: Parts, files: Sequence[tuple[str, int]]) -> list[SearchDocument]:
    """The passages of these files."""
    with parts.warehouse.read() as work:
        rows = list(work.document_files.get_many([record_id for record_id, _ in files]))
        linked = sorted({row["ocid"] for row in rows if row["process_key"] is not None})
        processes = {facts["process"]["process_key"]: facts["process"] for facts in work.search_rows.processes(linked)}
    pages = pages_by_file(parts, rows)
    return [
        one
        for row in rows
        for one in passage_documents(row, processes.get(row["process_key"]), pages.get(row["record_id"], []))
    ]


def pages_by_file(parts: Parts, rows: Sequence[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The pages of these files in order, by record."""
    made = {row["record_id"]: row["silver_batch"] for row in rows}
    columns = ["silver_batch", "record_id", "page", "text"]
    frame = parts.lake.read_silver("page", sorted(set(made.values())), columns, record_ids=sorted(made))
    pages: dict[str, list[dict[str, Any]]] = {}
    for page in frame.sort("record_id", "page").iter_rows(named=True):
        if made[page["record_id"]] == page["silver_batch"]:
            pages.setdefault(page["record_id"], []).append(page)
    return pages


def group_files(files: Sequence[tuple[str, int]]) -> Iterator[list[tuple[str, int]]]:
    """Files whose passages together are few enough for one commit of the engine, and one file at least."""
    group: list[tuple[str, int]] = []
    size = 0
    for record_id, most in files:
        if group and size + most > WRITE_DOCUMENTS:
            yield group
            group, size = [], 0
        group.append((record_id, most))
        size += most
    if group:
        yield group


def process_documents(parts: Parts, ocids: Sequence[str]) -> list[SearchDocument]:
    """The documents of these processes, of those that gold has."""
    with parts.warehouse.read() as work:
        return [process_document(facts) for facts in work.search_rows.processes(ocids)]


def organization_documents(parts: Parts, organization_ids: Sequence[str]) -> list[SearchDocument]:
    """The documents of these organisations, of those that gold has."""
    with parts.warehouse.read() as work:
        return [organization_document(facts) for facts in work.search_rows.organizations(organization_ids)]
