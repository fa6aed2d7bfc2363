"""The rows of gold that hits were made of."""

from collections.abc import Sequence
from typing import Any

from domain.gold import Condition
from domain.search import Collection, Hit
from services.ports import Warehouse
from services.queries.gold import ask

# The fact or dimension that a document stands for, its key there, and the document's field that has it.
ROWS = {
    Collection.PROCESSES: ("process", "ocid", "id"),
    Collection.ORGANIZATIONS: ("organization", "organization_id", "id"),
    Collection.DOCUMENTS: ("document", "record_id", "document_id"),
}
VERSIONS = 10  # rows that a key has at most, most often: an organisation has one a version


def with_gold(warehouse: Warehouse, collection: Collection, hits: Sequence[Hit]) -> list[Hit]:
    """The hits with their rows; None where gold has moved on since."""
    table, key, field = ROWS[collection]
    ids = list(dict.fromkeys(str(hit.document[field]) for hit in hits))
    if not ids:
        return list(hits)
    where = [Condition(key, "eq", tuple(ids))]
    if collection is Collection.ORGANIZATIONS:
        where.append(Condition("is_current", "eq", (True,)))
    rows, _ = ask(warehouse, table, where, None, None, len(ids) * VERSIONS)
    found: dict[str, dict[str, Any]] = {str(row[key]): row for row in rows}
    return [hit.model_copy(update={"gold": found.get(str(hit.document[field]))}) for hit in hits]
