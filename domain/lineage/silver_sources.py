"""Column lineage of silver: the fields of bronze that each column is made of. Declared once; tests compare the tables.

A source begins with '/': a path in the payload of a release (or of a record of another kind), without array indexes.
Others are columns of bronze. Columns without a source are made by the pipeline.
"""

from collections.abc import Mapping, Sequence

Sources = tuple[str, ...]
RUN: Sources = ()  # made by the pipeline: the run, the position in an array


def _at(path: str, **fields: str) -> dict[str, Sources]:
    """Columns of fields of one object; several fields are separated by spaces."""
    return {column: tuple(f"{path}/{field}" for field in text.split()) for column, text in fields.items()}


def _value(path: str, prefix: str = "") -> dict[str, Sources]:
    return {f"{prefix}amount": (f"{path}/amount",), f"{prefix}currency": (f"{path}/currency",)}


def _period(path: str, start: str, end: str) -> dict[str, Sources]:
    return {start: (f"{path}/startDate",), end: (f"{path}/endDate",)}


def _levels(field: str, levels: Sequence[str] = ("/tender", "/awards", "/contracts")) -> Sources:
    return tuple(f"{level}{field}" for level in levels)


REFERENCES = (
    *("/buyer", "/tender/procuringEntity", "/tender/tenderers", "/awards/suppliers", "/contracts/suppliers"),
    "/bids/details/tenderers",
)
_KEYS: dict[str, Sources] = {"silver_batch": RUN, "ocid": ("ocid",)}
_POSITIONS: dict[str, Sources] = {"position": RUN, "parent_position": RUN, "level": RUN}


def _organization(*paths: str) -> dict[str, Sources]:
    fields = {
        **{"party_id": "/id", "name": "/name", "scheme": "/identifier/scheme", "identifier": "/identifier/id"},
        **{"legal_name": "/identifier/legalName", "street": "/address/streetAddress", "locality": "/address/locality"},
        **{"region": "/address/region", "postal_code": "/address/postalCode", "country": "/address/countryName"},
    }
    return {column: tuple(f"{path}{field}" for path in paths) for column, field in fields.items()}


def _role(prefix: str, path: str) -> dict[str, Sources]:
    return {
        f"{prefix}_id": (f"{path}/id", "/parties/id"),
        f"{prefix}_name": (f"{path}/name", "/parties/name"),
        f"{prefix}_organization_id": (f"{path}/id", "/parties/id", "/parties/identifier", "/parties/name"),
    }


_ITEMS = _levels("/items")
_DOCUMENTS = _levels("/documents", ("/planning", "/tender", "/awards", "/contracts"))
_AMENDMENTS = _levels("/amendments")
_PAYMENTS = "/contracts/implementation/transactions"


def _each(paths: Sequence[str], **fields: str) -> dict[str, Sources]:
    return {
        column: tuple(f"{path}/{field}" for path in paths for field in text.split()) for column, text in fields.items()
    }


_CODES = {"classification_scheme": "classification/scheme", "classification_id": "classification/id"}
_CODES |= {"classification_description": "classification/description"}
_PLACE = {"country": "deliveryAddress/countryName", "region": "deliveryAddress/region"}
_PLACE |= {"locality": "deliveryAddress/locality"}

OF_RELEASES: Mapping[str, dict[str, Sources]] = {
    "process": _KEYS
    | {
        "deleted": ("op",),
        "compiled": ("payload",),
        "releases": ("record_id",),
        "first_published": ("date",),
        "last_published": ("date",),
        "last_seq": ("batch",),
        "tags": ("/tag",),
        "language": ("/language",),
        "initiation_type": ("/initiationType",),
        "publisher": ("package",),
        "publisher_license": ("package",),
    }
    | _at("/tender", title="title", description="description", status="status", tender_id="id")
    | _at("/tender", procurement_method="procurementMethod", procurement_method_details="procurementMethodDetails")
    | _at("/tender", main_category="mainProcurementCategory", number_of_tenderers="numberOfTenderers")
    | {"framework": ("/tender/techniques", "/tender/procurementMethodDetails")}
    | {name: (f"/tender/{field}", *_levels(f"/items/{field}")) for name, field in _CODES.items()}
    | _value("/tender/value")
    | _value("/tender/minValue", "min_")
    | _value("/planning/budget/amount", "budget_")
    | _period("/tender/tenderPeriod", "tender_start", "tender_end")
    | _period("/tender/awardPeriod", "award_start", "award_end")
    | _period("/tender/contractPeriod", "contract_start", "contract_end")
    | _role("buyer", "/buyer")
    | _role("procuring_entity", "/tender/procuringEntity")
    | {
        name: (*_levels(f"/items/{field}"), f"/parties/{field.replace('deliveryAddress', 'address')}")
        for name, field in _PLACE.items()
    },
    "party": _KEYS
    | {"position": RUN}
    | _organization("/parties", *REFERENCES)
    | _at("/parties", roles="roles", scale="details/scale", url="details/url")
    | {
        "organization_id": _organization("/parties", *REFERENCES)["party_id"] + ("/parties/identifier", "/parties/name")
    },
    "award": _KEYS
    | {"position": RUN, "suppliers": ("/awards/suppliers",)}
    | _at("/awards", award_id="id", title="title", description="description", status="status", date="date")
    | _value("/awards/value")
    | _period("/awards/contractPeriod", "contract_start", "contract_end"),
    "award_supplier": _KEYS
    | {"award_position": RUN, "award_id": ("/awards/id",)}
    | _each(("/awards/suppliers", "/parties"), party_id="id", name="name")
    | {"organization_id": ("/awards/suppliers/id", "/parties/id", "/parties/identifier", "/parties/name")},
    "contract": _KEYS
    | {"position": RUN}
    | _at("/contracts", contract_id="id", award_id="awardID", title="title", description="description")
    | _at("/contracts", status="status", date_signed="dateSigned")
    | _value("/contracts/value")
    | _period("/contracts/period", "start", "end"),
    "item": _KEYS
    | _POSITIONS
    | {"parent_id": _levels("/id")}
    | _each(_ITEMS, item_id="id", description="description", quantity="quantity", unit="unit/name")
    | _each(_ITEMS, unit_amount="unit/value/amount", unit_currency="unit/value/currency", **_CODES, **_PLACE)
    | _each(_ITEMS, codes="classification additionalClassifications"),
    "document": _KEYS
    | _POSITIONS
    | {"parent_id": _levels("/id")}
    | _each(_DOCUMENTS, document_id="id", type="documentType", title="title", description="description", url="url")
    | _each(_DOCUMENTS, format="format", language="language", date_published="datePublished"),
    "note": _KEYS | {"record_id": ("record_id",), **dict.fromkeys(("code", "path", "message"), ("notes", "payload"))},
    "bid": _KEYS
    | {"position": RUN, "tenderers": ("/bids/details/tenderers",)}
    | _at("/bids/details", bid_id="id", status="status", date="date")
    | _value("/bids/details/value"),
    "bid_tenderer": _KEYS
    | {"bid_position": RUN, "bid_id": ("/bids/details/id",)}
    | _each(("/bids/details/tenderers", "/parties"), party_id="id", name="name")
    | {"organization_id": ("/bids/details/tenderers/id", "/parties/id", "/parties/identifier", "/parties/name")},
    "transaction": _KEYS
    | {"parent_position": RUN, "position": RUN, "contract_id": ("/contracts/id",)}
    | _at(_PAYMENTS, transaction_id="id", date="date", source="source", url="uri")
    | _value(f"{_PAYMENTS}/value")
    | _at(_PAYMENTS, payer_organization_id="payer", payee_organization_id="payee"),
    "amendment": _KEYS
    | _POSITIONS
    | {"parent_id": _levels("/id")}
    | _each(_AMENDMENTS, amendment_id="id", date="date", rationale="rationale", description="description")
    | _each(_AMENDMENTS, amends_release_id="amendsReleaseID", release_id="releaseID"),
}
_RECORD: dict[str, Sources] = {"silver_batch": RUN, "record_id": ("record_id",), "deleted": ("op",)}


def _same(*columns: str) -> dict[str, Sources]:
    """Columns of record fields with the same name."""
    return {column: (f"/{column}",) for column in columns}


_ORGANIZATION = ("name", "legal_name", "scheme", "identifier", "country", "region", "locality", "scale")
_FILE = ("filename", "sha256", "size", "media_type", "title", "language", "state", "reason", "url", "ocid")
OF_RECORDS: Mapping[str, dict[str, Sources]] = {
    "organization": _RECORD | _same(*_ORGANIZATION, "parent_id", "url") | {"organization_id": ("/id",)},
    "exchange_rate": _RECORD | _same("date", "base", "currency", "rate"),
    "classification": _RECORD | _same("scheme", "code", "description", "parent"),
    "file": _RECORD
    | _same(*_FILE, "facts", "metadata", "outline")
    | {"name": ("/filename",), "pages": ("/page_count", "/pages"), "words": ("/pages",), "passages": ("/pages",)}
    | {"claims": ("/ocid", "/filename", "/pages", "/metadata")},
    "page": {"silver_batch": RUN, "record_id": ("record_id",)}
    | {name: (f"/pages/{name}",) for name in ("page", "text", "tables")},
}
SILVER_SOURCES: Mapping[str, dict[str, Sources]] = {**OF_RELEASES, **OF_RECORDS}
