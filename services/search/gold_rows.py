"""Adds to search hits the rows of gold that they were built from."""

from collections.abc import Sequence
from typing import Any

from domain.search.queries import Collection, Hit
from domain.star.queries import Condition
from services.ports.warehouse import Warehouse
from services.star.rows import query_rows

# Per collection: its fact or dimension, the key column there, and the document field with the key.
ROWS = {
    Collection.PROCESSES: ("process", "ocid", "id"),
    Collection.ORGANIZATIONS: ("organization", "organization_id", "id"),
    Collection.DOCUMENTS: ("document", "record_id", "document_id"),
}
ROWS_PER_KEY = 10  # upper bound in practice: an organisation has one row per version


def with_gold_rows(warehouse: Warehouse, collection: Collection, hits: Sequence[Hit]) -> list[Hit]:
    """The hits with their gold rows; None if the row has been deleted since indexing."""
    table, key, field = ROWS[collection]
    ids = list(dict.fromkeys(str(hit.document[field]) for hit in hits))
    if not ids:
        return list(hits)
    where = [Condition(key, "eq", tuple(ids))]
    if collection is Collection.ORGANIZATIONS:
        where.append(Condition("is_current", "eq", (True,)))
    rows, _ = query_rows(warehouse, table, where, None, None, len(ids) * ROWS_PER_KEY)
    found: dict[str, dict[str, Any]] = {str(row[key]): row for row in rows}
    return [hit.model_copy(update={"gold": found.get(str(hit.document[field]))}) for hit in hits]
