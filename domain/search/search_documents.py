"""Search documents from gold rows: one function per collection, the same for all engines."""

from collections.abc import Iterable, Mapping
from itertools import chain, compress
from typing import Any

from domain.document_files.passages import cut_passages
from domain.lake.flattening.award_status import is_counted
from domain.lake.flattening.organization_identity import UNKNOWN
from domain.search.queries import Collection, CollectionSpec, FieldSpec, SearchDocument
from domain.shared.classification_codes import bare_code
from domain.star.organization_totals import ANY_ROLE

FIELD_MAX_CHARACTERS = 20_000  # of a text field: limits what is searched, not what is stored


def _field(
    name: str, kind: Any, *, many: bool = False, facet: bool = False, sort: bool = False, weight: float = 1.0
) -> FieldSpec:
    return FieldSpec(name=name, type=kind, many=many, facet=facet, sort=sort, weight=weight)


PROCESSES = CollectionSpec(
    name=Collection.PROCESSES,
    fields=(
        _field("id", "keyword"),
        _field("title", "text", weight=5),
        _field("description", "text", weight=1),
        _field("parties", "text", many=True, weight=2),
        _field("items", "text", many=True, weight=1.5),
        _field("classifications", "text", many=True, weight=1),
        _field("awards", "text", many=True, weight=1),
        _field("codes", "keyword", many=True, facet=True),
        _field("classification", "keyword", many=True, facet=True),
        _field("buyer", "keyword", facet=True),
        _field("buyer_id", "keyword"),
        _field("supplier", "keyword", many=True, facet=True),
        _field("supplier_id", "keyword", many=True),
        _field("category", "keyword", facet=True),
        _field("country", "keyword", many=True, facet=True),
        _field("region", "keyword", many=True, facet=True),
        _field("method", "keyword", facet=True),
        _field("status", "keyword", facet=True),
        _field("source", "keyword", facet=True),
        _field("currency", "keyword", facet=True),
        _field("value", "number", sort=True),
        _field("published", "date", sort=True),
        _field("first_published", "date", sort=True),
        _field("deadline", "date", sort=True),
    ),
)
ORGANIZATIONS = CollectionSpec(
    name=Collection.ORGANIZATIONS,
    fields=(
        _field("id", "keyword"),
        _field("name", "text", weight=5),
        _field("names", "text", many=True, weight=2),
        _field("scheme", "keyword", facet=True),
        _field("identifier", "keyword"),
        _field("role", "keyword", many=True, facet=True),
        _field("country", "keyword", many=True, facet=True),
        _field("region", "keyword", many=True, facet=True),
        _field("locality", "text", many=True),
        _field("processes", "number", sort=True),
        _field("awards", "number", sort=True),
        _field("won", "number", sort=True),
        _field("spend", "number", sort=True),
    ),
)
DOCUMENTS = CollectionSpec(
    name=Collection.DOCUMENTS,
    fields=(
        _field("id", "keyword"),
        _field("text", "text", weight=1),
        _field("title", "text", weight=2),
        _field("filename", "text", weight=1.5),
        _field("process_title", "text", weight=1),
        _field("page", "number", sort=True),
        _field("document_id", "keyword", facet=True),
        _field("ocid", "keyword", facet=True),
        _field("state", "keyword", facet=True),
        _field("buyer", "keyword", facet=True),
        _field("buyer_id", "keyword"),
        _field("source", "keyword", facet=True),
        _field("published", "date", sort=True),
    ),
)
SPECS = (PROCESSES, ORGANIZATIONS, DOCUMENTS)


def process_document(facts: dict[str, Any]) -> SearchDocument:
    """The search document of a process; `facts` are gold rows (infrastructure/warehouse/star/search_rows.py).

    `supplier` has suppliers of counted awards only (domain/lake/flattening/award_status.py); `parties` has all parties.
    """
    row, awards, items, parties = facts["process"], facts["awards"], facts["items"], facts["parties"]
    counted = [is_counted(status) for status in awards["status"]]
    document = {
        "id": row["ocid"],
        "title": _cut(row["title"]),
        "description": _cut(row["description"]),
        "parties": _distinct(parties["name"]),
        "items": _distinct(map(_cut, items["description"])),
        "classifications": _distinct([row["classification"], *items["classification"]]),
        "awards": _distinct(map(_cut, chain.from_iterable(zip(awards["title"], awards["description"], strict=True)))),
        "codes": _distinct(chain.from_iterable(map(_codes, dict.fromkeys([*items["codes"], row["code"]])))),
        "classification": _distinct(map(_division, dict.fromkeys([row["code"], *items["code"]]))),
        "buyer": row["buyer"],
        "buyer_id": _known(row["buyer_id"]),
        "supplier": _distinct(compress(awards["supplier"], counted)),
        "supplier_id": _distinct(map(_known, compress(awards["supplier_id"], counted))),
        "category": row["category"],
        "country": _distinct([row["country"], *items["country"]]),
        "region": _distinct([row["region"], *items["region"]]),
        "method": row["method"],
        "status": row["status"],
        "source": row["source"],
        "currency": row["currency"],
        "value": row["amount"],
        "published": row["last_published"],
        "first_published": row["first_published"],
        "deadline": row["tender_end"],
    }
    return {name: value for name, value in document.items() if value is not None and value != []}


def organization_document(facts: dict[str, Any]) -> SearchDocument:
    """The search document of an organisation, from its versions (current first) and totals by role.

    For the totals see domain/star/organization_totals.py. `won` and `spend` are in the base currency, over the awards
    with a converted amount; absent if no award has one.
    """
    versions, totals = facts["versions"], facts["totals"]
    won = totals.get("supplier")
    newest = versions[0]
    registered = next((version for version in versions if version["identifier"]), newest)  # newer versions may lack it
    document = {
        "id": newest["organization_id"],
        "name": newest["name"] or newest["legal_name"],
        "names": _distinct(name for version in versions for name in (version["name"], version["legal_name"])),
        "scheme": registered["scheme"],
        "identifier": registered["identifier"],
        "role": sorted(role for role, total in totals.items() if role != ANY_ROLE and total["processes"]),
        "country": _distinct(version["country"] for version in versions),
        "region": _distinct(version["region"] for version in versions),
        "locality": _distinct(version["locality"] for version in versions),
        "processes": int(totals[ANY_ROLE]["processes"]) if ANY_ROLE in totals else 0,
        "awards": int(won["awards"]) if won else None,
        "won": _money(won),
        "spend": _money(totals.get("buyer")),
    }
    return {name: value for name, value in document.items() if value is not None and value != []}


def passage_documents(
    file: Mapping[str, Any], process: Mapping[str, Any] | None, pages: Iterable[Mapping[str, Any]]
) -> list[SearchDocument]:
    """Search documents of a document file, one per passage; from its gold row, its process's row and its pages."""
    about = {
        "title": _cut(file["title"]),
        "filename": file["filename"],
        "document_id": file["record_id"],
        "ocid": file["ocid"],
        "state": file["state"],
        "process_title": _cut(process["title"]) if process else None,
        "buyer": process["buyer"] if process else None,
        "buyer_id": _known(process["buyer_id"]) if process else None,
        "source": process["source"] if process else None,
        "published": process["last_published"] if process else None,
    }
    common = {name: value for name, value in about.items() if value is not None}
    documents: list[SearchDocument] = []
    for passage in cut_passages(pages):
        own = {"id": passage_id(file["record_id"], passage.number), "text": passage.text, "page": passage.page}
        documents.append(own | common)
    return documents


def passage_id(record_id: str, number: int) -> str:
    """The id of a file's passage; `number` counts from 0."""
    return f"{record_id}-{number}"


def _known(organization_id: str | None) -> str | None:
    return None if organization_id == UNKNOWN else organization_id


def _money(total: Mapping[str, Any] | None) -> float | None:
    return total["cents"] / 100 if total and total["priced"] else None


def _cut(text: str | None) -> str | None:
    return text[:FIELD_MAX_CHARACTERS] if text else None


def _distinct(values: Iterable[str | None]) -> list[str]:
    return list(dict.fromkeys(filter(None, values)))


def _codes(joined: str | None) -> list[str]:
    """Bare codes, as users type them, from gold's `CPV:45233142-6 …`."""
    return list(map(bare_code, joined.split(" "))) if joined else []


def _division(code: str | None) -> str | None:
    """First two digits of a CPV code: the division, a facet."""
    return code[:2] if code and len(code) >= 8 and code[:8].isdigit() else None
