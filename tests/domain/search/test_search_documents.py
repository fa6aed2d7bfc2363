"""From frames of gold rows to search documents."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from domain.lake.flattening.organization_identity import UNKNOWN
from domain.lake.silver import INSTANT
from domain.search.search_documents import (
    FIELD_MAX_CHARACTERS,
    OrganizationFrames,
    ProcessFrames,
    organization_documents,
    passage_documents,
    process_documents,
)

PUBLISHED = datetime(2024, 5, 1, tzinfo=UTC)
PROCESS_TEXTS = "ocid title description buyer buyer_id source method category status currency country region code"
PROCESS = dict.fromkeys([*PROCESS_TEXTS.split(), "classification"], pl.String) | {
    "process_key": pl.Int64,
    "amount": pl.Float64,
    **dict.fromkeys(("first_published", "last_published", "tender_end", "updated_at"), INSTANT),
}
AWARD = {"process_key": pl.Int64} | dict.fromkeys(
    ("title", "description", "supplier", "supplier_id", "status"), pl.String
)
ITEM = {"process_key": pl.Int64} | dict.fromkeys(
    ("description", "codes", "code", "classification", "country", "region"), pl.String
)
PARTY = {"process_key": pl.Int64, "name": pl.String}
VERSION = dict.fromkeys(
    ["organization_id", "name", "legal_name", "scheme", "identifier", "country", "region", "locality"], pl.String
) | {"updated_at": INSTANT}
TOTAL = {"organization_id": pl.String, "role": pl.String} | dict.fromkeys(
    ("processes", "awards", "priced", "cents"), pl.Int64
)
Rows = list[dict[str, Any]]


def frame(rows: Rows, schema: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema)


def processes(rows: Rows, awards: Rows = [], items: Rows = [], parties: Rows = []) -> Rows:  # noqa: B006
    return process_documents(
        ProcessFrames(frame(rows, PROCESS), frame(awards, AWARD), frame(items, ITEM), frame(parties, PARTY))
    )


def organizations(versions: Rows, totals: Rows) -> Rows:
    return organization_documents(OrganizationFrames(frame(versions, VERSION), frame(totals, TOTAL)))


def test_lists_hold_distinct_values_of_their_own_process_in_order() -> None:
    first, second = processes(
        [
            {"process_key": 2, "ocid": "b"},
            {"process_key": 1, "ocid": "a", "country": "IE", "code": "45000000", "classification": "Works"},
        ],
        items=[
            {"process_key": 1, "description": "Z", "country": "GB", "codes": "CPV:45233142-6 X:9", "code": "45233142"},
            {"process_key": 1, "description": "A", "country": "IE", "codes": "CPV:45233142"},
            {"process_key": 2, "description": "", "country": "FR"},
            {"process_key": 1, "description": "Z"},
        ],
        parties=[{"process_key": 2, "name": "P"}],
    )
    assert first == {
        "id": "a",
        "items": ["Z", "A"],
        "country": ["IE", "GB"],
        "classifications": ["Works"],
        "codes": ["45233142", "9", "45000000"],
        "classification": ["45"],
    }
    assert second == {"id": "b", "country": ["FR"], "parties": ["P"]}


def test_only_counted_awards_name_suppliers_and_all_give_texts() -> None:
    (document,) = processes(
        [{"process_key": 1, "ocid": "a", "buyer": "Unknown", "buyer_id": UNKNOWN, "last_published": PUBLISHED}],
        awards=[
            {"process_key": 1, "title": "T1", "description": "D1", "supplier": "S1", "supplier_id": UNKNOWN},
            {"process_key": 1, "title": "T2", "supplier": "S2", "supplier_id": "s2", "status": "cancelled"},
            {"process_key": 1, "description": "D3", "supplier": "S3", "supplier_id": "s3", "status": "Active"},
        ],
    )
    assert document == {
        "id": "a",
        "buyer": "Unknown",
        "published": PUBLISHED,
        "awards": ["T1", "D1", "T2", "D3"],
        "supplier": ["S1", "S3"],
        "supplier_id": ["s3"],
    }


def test_empty_texts_are_absent_and_long_ones_cut() -> None:
    (document,) = processes(
        [{"process_key": 1, "ocid": "a", "title": "", "description": "é" * (FIELD_MAX_CHARACTERS + 1)}]
    )
    assert document == {"id": "a", "description": "é" * FIELD_MAX_CHARACTERS}
    assert processes([]) == []


def test_an_organisation_keeps_the_identifier_that_its_newest_version_lacks() -> None:
    (document,) = organizations(
        [
            {"organization_id": "o", "name": "", "legal_name": "New Ltd", "scheme": "none", "country": "IE"}
            | {"updated_at": PUBLISHED - timedelta(days=1)},
            {"organization_id": "o", "name": "Old", "scheme": "GB-COH", "identifier": "1", "country": "IE"}
            | {"updated_at": PUBLISHED},  # of another organisation with the same identity
        ],
        [
            {"organization_id": "o", "role": "", "processes": 3, "awards": 2, "priced": 1, "cents": 5},
            {"organization_id": "o", "role": "supplier", "processes": 2, "awards": 2, "priced": 2, "cents": 5_038_777},
            {"organization_id": "o", "role": "buyer", "processes": 0, "awards": 1, "priced": 0, "cents": 0},
            {
                "organization_id": "without versions",
                "role": "buyer",
                "processes": 1,
                "awards": 1,
                "priced": 0,
                "cents": 0,
            },
        ],
    )
    assert document == {
        "id": "o",
        "name": "New Ltd",
        "names": ["New Ltd", "Old"],
        "scheme": "GB-COH",
        "identifier": "1",
        "country": ["IE"],
        "role": ["supplier"],
        "processes": 3,
        "awards": 2,
        "updated_at": PUBLISHED,
        "won": 50387.77,  # as Python divides; the inverse of 100 gives 50387.770000000004
    }


def test_each_passage_has_the_fields_of_its_file_and_process() -> None:
    names = ["record_id", "title", "filename", "ocid", "state", "process_title", "buyer", "buyer_id", "source"]
    schema = dict.fromkeys(names, pl.String) | dict.fromkeys(("published", "updated_at"), INSTANT)
    files = [
        {"record_id": "f", "title": "Notice", "ocid": "a", "process_title": "Roads", "buyer_id": UNKNOWN}
        | {"updated_at": PUBLISHED},
        {"record_id": "g"},
    ]
    pages = [{"record_id": "f", "page": page, "text": text} for page, text in ((1, "One."), (2, " "), (3, "Three."))]
    common = {"document_id": "f", "title": "Notice", "ocid": "a", "process_title": "Roads", "updated_at": PUBLISHED}
    assert passage_documents(pl.DataFrame(files, schema=schema), pl.DataFrame(pages)) == [
        {"id": "f-0", "text": "One.", "page": 1} | common,
        {"id": "f-1", "text": "Three.", "page": 3} | common,
    ]
