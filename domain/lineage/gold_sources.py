"""Column lineage of gold: the silver columns that each column of a table is made of. Tests compare the tables.

Sources are `table.column`. A column has, in this order: those declared for it; those of the dimension that it is a key
of; the column with its name in the silver table of the same subject.
"""

from collections.abc import Mapping, Sequence

from domain.lake.silver import ALL_TABLES
from domain.lineage.silver_sources import RUN, Sources
from domain.star.model import ORGANIZATION

BUYER = "process.buyer_organization_id"
RATES = ("exchange_rate.date", "exchange_rate.base", "exchange_rate.currency", "exchange_rate.rate")
# The silver tables whose columns have the same names, the first one that has it.
SUBJECTS: Mapping[str, Sequence[str]] = {
    "fact_process": ("process",),
    "fact_award": ("award",),
    "fact_contract": ("contract",),
    "fact_item": ("item",),
    "fact_document": ("file",),
    "fact_note": ("note",),
    "fact_bid": ("bid", "bid_tenderer"),
    "fact_transaction": ("transaction",),
    "fact_amendment": ("amendment",),
    "dim_organization": ("party", "organization"),
    "dim_exchange_rate": ("exchange_rate",),
    "document_claim": ("file",),
    "process_file": ("document",),
}
# Keys of dimensions, by role.
KEYS: Mapping[str, Sources] = {
    "process_key": ("process.ocid",),
    "source_key": ("process.ocid", "process.publisher", "process.publisher_license"),
    "procedure_key": tuple(f"process.{name}" for name in ("procurement_method", "procurement_method_details")),
    "classification_key": tuple(f"process.classification_{name}" for name in ("scheme", "id", "description")),
    "location_key": ("process.country", "process.region", "process.locality"),
    "buyer_key": (BUYER, *(f"party.{name}" for name in ORGANIZATION)),
    "procuring_entity_key": (
        "process.procuring_entity_organization_id",
        *(f"party.{name}" for name in ORGANIZATION),
    ),
    "supplier_key": ("award_supplier.organization_id", *(f"party.{name}" for name in ORGANIZATION)),
    "organization_key": tuple(f"party.{name}" for name in ORGANIZATION),
}
CALENDAR = (
    *("date_key", "date", "year", "quarter", "month", "month_name", "day", "iso_year", "iso_week", "weekday"),
    *("weekday_name", "is_weekend", "fiscal_year", "fiscal_quarter"),
)
CODES = ("scheme", "id", "description")


def _money(table: str, amount: str = "amount", currency: str = "currency", *dates: str) -> dict[str, Sources]:
    """The columns of an amount in the base currency."""
    converted = (f"{table}.{amount}", f"{table}.{currency}", *dates, *RATES)
    return {
        "amount_note": (f"{table}.{amount}", f"{table}.{currency}"),
        "rate_source": (f"{table}.{currency}", *dates, "exchange_rate.record_id"),
        "value_date": dates,
        "base_currency": RUN,
        "rate": (f"{table}.{currency}", *dates, *RATES),
        "rate_date": (f"{table}.{currency}", *dates, "exchange_rate.date"),
        f"{amount}_base": converted,
    }


def _ceiling(table: str, *dates: str) -> dict[str, Sources]:
    """The columns of the ceiling of a framework agreement in the base currency."""
    made = ("process.framework", f"{table}.amount", f"{table}.currency", *dates, *RATES)
    return {"framework": ("process.framework",), "ceiling_base": made}


def _values(fact: str) -> Sources:
    """What an amount in the base currency is made of."""
    return (f"{fact}.amount", f"{fact}.currency", *RATES)


IDENTITY = ("party.organization_id", "party.name", "party.scheme", "party.identifier", "party.country")
SUPPLIER = ("award_supplier.organization_id", *IDENTITY)
PLACE: Mapping[str, Sources] = {
    "division": ("process.classification_scheme", "process.classification_id"),
    "country": ("process.country",),
    "region": ("process.region",),
}
COUNTED_WORTH: Mapping[str, Sources] = {
    "awards": ("award.ocid", "award.status"),
    "awards_without_amount": ("award.amount", "award.status"),
    "cents": ("award.status", *_values("award")),
}
WORTH = {**COUNTED_WORTH, "amount_base": ("award.status", *_values("award"))}
FLAGGED = ("process.ocid", "bid.status", "bid.amount", "award.status", "item.classification_id")
_CODE = ("process.classification_id", "item.classification_id", "classification.code")
_STATED = ("process.tender_start", "process.first_published")
DECLARED: Mapping[str, Mapping[str, Sources]] = {
    "fact_process": _money("process", "amount", "currency", *_STATED)
    | _ceiling("process", *_STATED)
    | {name: (f"{name[:-1]}.ocid",) for name in ("awards", "contracts", "items", "documents", "notes")}
    | {name: (f"{name[:-1]}.ocid",) for name in ("bids", "transactions", "amendments")}
    | {"currency_key": ("process.currency",), "status_key": ("process.status",)}
    | {f"{name}_date_key": (f"process.{name}",) for name in ("first_published", "last_published")}
    | {f"{name}_date_key": (f"process.{name}",) for name in ("tender_start", "tender_end")},
    "fact_award": _money("award", "amount", "currency", "award.date", *_STATED)
    | _ceiling("award", "award.date", *_STATED)
    | {"award_key": ("award.ocid", "award.award_id", "award_supplier.organization_id")}
    | {"award_date": ("award.date",), "date_key": ("award.date",), "award_amount": ("award.amount",)}
    | {"amount": ("award.amount", "award_supplier.organization_id")}
    | {"currency_key": ("award.currency",), "status_key": ("award.status",)},
    "fact_contract": _money("contract", "amount", "currency", "contract.date_signed", *_STATED)
    | _ceiling("contract", "contract.date_signed", *_STATED)
    | {"contract_key": ("contract.ocid", "contract.contract_id")}
    | {"signed_date_key": ("contract.date_signed",), "start_date_key": ("contract.start",)}
    | {"end_date_key": ("contract.end",), "currency_key": ("contract.currency",), "status_key": ("contract.status",)},
    "fact_item": _money("item", "unit_amount", "unit_currency", "award.date", "contract.date_signed", *_STATED)
    | {"item_key": ("item.ocid", "item.level", "item.parent_id", "item.item_id")}
    | {"unit_currency_key": ("item.unit_currency",)}
    | {"classification_key": tuple(f"item.classification_{name}" for name in CODES)}
    | {"location_key": ("item.country", "item.region", "item.locality")},
    "fact_bid": _money("bid", "amount", "currency", "bid.date", *_STATED)
    | {"bid_key": ("bid.ocid", "bid.bid_id", "bid_tenderer.organization_id")}
    | {"bid_date": ("bid.date",), "date_key": ("bid.date",), "bid_amount": ("bid.amount",)}
    | {"amount": ("bid.amount", "bid_tenderer.organization_id")}
    | {"tenderer_key": ("bid_tenderer.organization_id", *(f"party.{name}" for name in ORGANIZATION))}
    | {"currency_key": ("bid.currency",), "status_key": ("bid.status",)},
    "fact_transaction": _money("transaction", "amount", "currency", "transaction.date", *_STATED)
    | {"transaction_key": ("transaction.ocid", "transaction.contract_id", "transaction.transaction_id")}
    | {
        f"{role}_key": (f"transaction.{role}_organization_id", *(f"party.{name}" for name in ORGANIZATION))
        for role in ("payer", "payee")
    }
    | {"transaction_date": ("transaction.date",), "date_key": ("transaction.date",)}
    | {"currency_key": ("transaction.currency",), "data_source": ("transaction.source",)},
    "fact_amendment": {
        "amendment_key": ("amendment.ocid", "amendment.level", "amendment.parent_id", "amendment.amendment_id"),
        "amendment_date": ("amendment.date",),
        "date_key": ("amendment.date",),
    },
    "fact_red_flag": {
        **dict.fromkeys(("red_flag_key", "result", "value", "missing", "evidence"), FLAGGED),
        "ocid": ("process.ocid",),
        **dict.fromkeys(("subject", "indicator_key", "role", "compares_all"), RUN),
        "organization_id": IDENTITY,
        "date_key": ("process.last_published",),
    },
    "fact_note": {"note_key": ("note.ocid", "note.record_id", "note.code", "note.path")},
    "fact_document": {
        "document_key": ("file.record_id",),
        "process_key": ("file.ocid", "file.claims", "file.name", "document.url"),
        "ocid": ("file.ocid", "file.claims", "file.name", "document.url"),
        "link": ("file.ocid", "file.claims", "file.name", "document.url"),
    },
    "dim_date": dict.fromkeys(CALENDAR, RUN),
    "dim_organization": {
        name: (f"party.{name}", f"organization.{name}") for name in ORGANIZATION if name in ALL_TABLES["organization"]
    }
    | {"parent_id": ("organization.parent_id",), "reference": ("organization.record_id",)}
    | dict.fromkeys(("valid_from", "valid_to", "is_current"), ("process.last_published", "process.first_published"))
    | {"uses": ("party.ocid",), "identity": ("party.organization_id", "organization.organization_id")},
    "dim_procedure": {
        "method": ("process.procurement_method",),
        "details": ("process.procurement_method_details",),
        "category": ("process.main_category",),
        "uses": ("process.ocid",),
    },
    "dim_classification": {
        "scheme": ("process.classification_scheme", "item.classification_scheme", "classification.scheme"),
        "code": _CODE,
        "description": (
            *("process.classification_description", "item.classification_description"),
            "classification.description",
        ),
        **dict.fromkeys(("division", "group", "class", "category"), _CODE),
        "parent": ("classification.parent",),
        "reference": ("classification.record_id",),
        "uses": ("process.ocid", "item.ocid"),
    },
    "dim_location": {name: (f"process.{name}", f"item.{name}") for name in ("country", "region", "locality")}
    | {f"{name}_code": (f"process.{name}", f"item.{name}") for name in ("country", "region")}
    | {"uses": ("process.ocid", "item.ocid")},
    "dim_currency": {
        "currency_key": ("process.currency", "award.currency", "contract.currency", "item.unit_currency"),
        "code": ("process.currency", "award.currency", "contract.currency", "item.unit_currency"),
        "uses": ("process.ocid", "award.ocid", "contract.ocid", "item.ocid"),
    },
    "dim_source": {
        "prefix": ("process.ocid",),
        "publisher": ("process.publisher",),
        "license": ("process.publisher_license",),
        "uses": ("process.ocid", "award.ocid", "contract.ocid", "item.ocid"),
    },
    "dim_status": {
        "status_key": ("process.status", "award.status", "contract.status"),
        "of": RUN,
        "counts": ("award.status",),
        "status": ("process.status", "award.status", "contract.status"),
        "uses": ("process.ocid", "award.ocid", "contract.ocid"),
    },
    "dim_indicator": dict.fromkeys(
        (
            *("indicator_key", "code", "name", "description", "definition", "subjects", "inputs", "refresh"),
            *("thresholds", "refreshed_at"),
        ),
        RUN,
    )
    | {"quartiles": FLAGGED},
    "organization_profile": dict.fromkeys(("name", "core", "joined", "form"), ("party.name", "party.legal_name"))
    | {"organization_id": ("party.organization_id",), "number": ("party.identifier",)}
    | {name: (f"party.{name}",) for name in ("scheme", "country", "postal_code", "locality")}
    | {"address": ("party.street", "party.locality", "party.postal_code")},
    "organization_block": {"block": ("party.name", "party.country"), "organization_id": ("party.organization_id",)},
    "organization_match": dict.fromkeys(("match_key", "left_id", "right_id"), ("party.organization_id",))
    | dict.fromkeys(("score", "qualified", "status", "reason", "evidence"), IDENTITY),
    "mart_spend": {
        **dict.fromkeys(("spend_key", "buyer_id"), (BUYER, *IDENTITY)),
        **dict.fromkeys(("year", "month"), ("award.date",)),
        "processes": ("process.ocid",),
        **WORTH,
    },
    "mart_concentration": {
        **dict.fromkeys(("concentration_key", "buyer_id"), (BUYER, *IDENTITY)),
        "year": ("award.date",),
        **dict.fromkeys(("suppliers", "new_entrants", "top_supplier_id", "awards_without_supplier"), SUPPLIER),
        **dict.fromkeys(("top_share", "hhi"), (*SUPPLIER, *_values("award"))),
        **dict.fromkeys(("top_share_of_awards", "hhi_of_awards"), (*SUPPLIER, "award.ocid")),
        **WORTH,
    },
    "mart_market": {
        "market_key": (*PLACE["division"], "process.country", "process.region", "award.date"),
        **PLACE,
        "year": ("award.date",),
        "buyers": (BUYER, *IDENTITY),
        "suppliers": SUPPLIER,
        **WORTH,
    },
    "mart_market_member": {
        **dict.fromkeys(("market_member_key", "market_key"), (*PLACE["division"], "process.country", "process.region")),
        **PLACE,
        "year": ("award.date",),
        "role": RUN,
        "organization_id": (BUYER, *SUPPLIER),
        **COUNTED_WORTH,
    },
    "mart_competition": {
        **dict.fromkeys(("competition_key", "buyer_id"), (BUYER, *IDENTITY)),
        "method": ("process.procurement_method",),
        "year": ("process.tender_start", "process.first_published"),
        **dict.fromkeys(("tenders", "cancelled_tenders"), ("process.ocid", "process.status")),
        **dict.fromkeys(
            ("tenders_with_bidders", "bidders", "single_bid_tenders", "bidders_per_tender", "single_bid_rate"),
            ("process.number_of_tenderers",),
        ),
        **dict.fromkeys(
            ("tenders_with_period", "open_seconds", "days_open"), ("process.tender_start", "process.tender_end")
        ),
    },
    "mart_red_flag": {
        **dict.fromkeys(("red_flag_summary_key", "indicator"), RUN),
        "buyer_id": (BUYER, *IDENTITY),
        "year": ("process.last_published",),
        **dict.fromkeys(("flagged", "not_flagged", "not_computable"), FLAGGED),
    },
    "mart_relation": {
        **dict.fromkeys(("relation_key", "buyer_id"), (BUYER, *IDENTITY)),
        "supplier_id": SUPPLIER,
        **dict.fromkeys(("first_award", "last_award"), ("award.date",)),
        **WORTH,
    },
    "mart_relation_day": {
        **dict.fromkeys(("relation_day_key", "relation_key", "concentration_key", "buyer_id"), (BUYER, *IDENTITY)),
        "supplier_id": SUPPLIER,
        **dict.fromkeys(("year", "day"), ("award.date",)),
        **COUNTED_WORTH,
    },
    "dim_exchange_rate": {"rate_key": ("exchange_rate.record_id",)},
    "bridge_process_organization": {
        "role": ("party.roles",),
        "organization_id": ("party.organization_id",),
        "last_published": ("process.last_published",),
    },
    "organization_total": {
        "organization_id": ("party.organization_id",),
        "role": ("party.roles",),
        "processes": ("party.ocid",),
        "awards": ("award.ocid", "award.status", "award_supplier.organization_id", BUYER),
        "priced": ("award.amount", "award.currency"),
        "cents": ("award.amount", "award.currency", "award.status", *RATES),
    },
    "document_claim": {"process_key": ("file.claims",), "rule": ("file.claims",), "ocid": ("file.claims",)},
    "process_file": {"name": ("document.url",)},
    "process_quality": {
        "source": ("process.ocid",),
        **dict.fromkeys(("present", "checked", "failed"), ("process.ocid", "award.ocid", "contract.ocid", "note.code")),
        "likeness": ("process.title", BUYER, "process.tender_end", "process.first_published"),
    },
    "quality_total": {
        "source": ("process.ocid",),
        "kind": RUN,
        "code": ("note.code",),
        **dict.fromkeys(("applicable", "failed", "occurrences"), ("process.ocid", "note.code")),
    },
}


def column_sources(table: str, column: str) -> Sources | None:
    """The silver columns of a column of gold; empty where the pipeline makes it; None where nothing is declared."""
    if column in {"silver_batch", "updated_at"}:
        return RUN
    declared = DECLARED.get(table, {})
    if column in declared:
        return declared[column]
    if column in KEYS:
        return KEYS[column]
    named = [subject for subject in SUBJECTS.get(table, ()) if column in ALL_TABLES.get(subject, {})]
    return (f"{named[0]}.{column}",) if named else None
