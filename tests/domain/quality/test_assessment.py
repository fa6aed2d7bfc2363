"""Checks and coverage of processes, from compiled releases."""

from datetime import UTC, datetime
from typing import Any

import orjson
import polars as pl
import pytest

from domain.lake.flattening.processes import CARRIED, flatten
from domain.lake.silver import TABLES
from domain.quality.assessment import Assessment, assess
from domain.quality.checks import CHECKS
from domain.quality.duplicates import changed_groups, count_groups
from domain.quality.fields import FIELDS
from domain.quality.totals import add_totals, duplicate_totals, quality_totals, totals_difference
from domain.raw_records.note_codes import NOTES

Row = dict[str, Any]
AT = datetime(2024, 5, 1, 12, tzinfo=UTC)
OCID = "ocds-213czf-1"


def assessed(*releases: Row, notes: pl.DataFrame | None = None) -> Assessment:
    """The assessment of compiled releases, and of notes of silver."""
    known = {"silver_batch": 7, "releases": 1, "first_published": AT, "last_published": AT, "last_seq": 3, "tags": ""}
    known |= {"publisher": "P", "publisher_license": None}
    rows = [known | {"ocid": OCID} | {"compiled": orjson.dumps(one).decode()} | _ocid(one) for one in releases]
    silver = flatten(pl.DataFrame(rows, schema={name: TABLES["process"][name] for name in CARRIED}))
    more = pl.DataFrame(schema=TABLES["note"]) if notes is None else notes
    return assess(silver | {"note": pl.concat([silver["note"], more])})


def _ocid(one: Row) -> Row:
    return {"ocid": one["ocid"]} if "ocid" in one else {}


def result(release: Row, code: str) -> str:
    """The result of a check for a release."""
    (row,) = assessed(release).processes.to_dicts()
    bit = next(at for at, check in enumerate(CHECKS) if check.code == code)
    if row["failed"] >> bit & 1:
        assert row["checked"] >> bit & 1
        return "failed"
    return "passed" if row["checked"] >> bit & 1 else "not applicable"


def tender(start: str | None, end: str | None) -> Row:
    return {"tender": {"tenderPeriod": {"startDate": start, "endDate": end}}}


def award(**fields: Any) -> Row:
    return {"awards": [{"id": "1", **fields}]}


def money(amount: float, currency: str | None = "GBP") -> Row:
    return {"amount": amount, "currency": currency}


def contract(amount: float, award_id: str = "1", **fields: Any) -> list[Row]:
    return [{"id": "c", "awardID": award_id, "value": money(amount), **fields}]


ENDS = tender("2024-01-01T00:00:00Z", "2024-02-01T17:00:00Z")
PARTY = {"id": "GB-COH-01234567", "name": "Buyer"}


@pytest.mark.parametrize(
    ("code", "release", "expected"),
    [
        ("tender_period_order", tender("2024-01-02T00:00:00Z", "2024-01-01T23:00:00Z"), "failed"),
        ("tender_period_order", tender("2024-01-01T10:00:00Z", "2024-01-01T00:00:00Z"), "passed"),
        ("tender_period_order", tender("2024-01-02T01:00:00+05:00", "2024-01-01T22:00:00Z"), "passed"),
        ("tender_period_order", tender("2024-01-01T10:00:00Z", None), "not applicable"),
        ("award_before_tender_end", ENDS | award(date="2024-01-31T23:59:00Z"), "failed"),
        ("award_before_tender_end", ENDS | award(date="2024-02-01"), "passed"),
        ("award_before_tender_end", award(date="2024-02-01"), "not applicable"),
        (
            "contract_period_before_award",
            award(date="2024-03-02T00:00:00Z", contractPeriod={"startDate": "2024-03-01T00:00:00Z"}),
            "failed",
        ),
        (
            "contract_period_before_award",
            award(date="2024-03-01T10:00:00Z", contractPeriod={"startDate": "2024-03-01T00:00:00Z"}),
            "passed",
        ),
        (
            "contract_signed_before_award",
            award(date="2024-03-02T00:00:00Z") | {"contracts": contract(1.0, dateSigned="2024-03-01T00:00:00Z")},
            "failed",
        ),
        (
            "contract_signed_before_award",
            award(date="2024-03-02T00:00:00Z") | {"contracts": contract(1.0, "2", dateSigned="2024-03-01T00:00:00Z")},
            "not applicable",
        ),
        ("award_date_implausible", award(date="0001-01-01T00:00:00Z"), "failed"),
        ("award_date_implausible", award(date="2024-01-01T00:00:00Z"), "passed"),
        ("tender_amount_negative", {"tender": {"value": money(-1.0)}}, "failed"),
        ("tender_amount_negative", {"tender": {"value": money(0.0)}}, "passed"),
        ("awards_exceed_tender", {"tender": {"value": money(10.0)}} | award(value=money(100.5)), "failed"),
        ("awards_exceed_tender", {"tender": {"value": money(10.0)}} | award(value=money(100.0)), "passed"),
        ("awards_exceed_tender", {"tender": {"value": money(10.0)}} | award(value=money(1e6, "EUR")), "not applicable"),
        (
            "awards_exceed_tender",
            {"tender": {"value": money(10.0)}} | award(value=money(1e6), status="cancelled"),
            "not applicable",
        ),
        ("awards_exceed_tender", {"tender": {"value": money(0.0)}} | award(value=money(5.0)), "not applicable"),
        ("contract_exceeds_award", award(value=money(5.0)) | {"contracts": contract(51.0)}, "failed"),
        ("contract_exceeds_award", award(value=money(5.0)) | {"contracts": contract(50.0)}, "passed"),
        ("contract_exceeds_award", award(value=money(5.0, "EUR")) | {"contracts": contract(51.0)}, "not applicable"),
        ("party_not_found", {"buyer": PARTY}, "failed"),
        ("party_not_found", {"buyer": PARTY, "parties": [PARTY]}, "passed"),
        ("party_not_found", {"parties": [PARTY]}, "not applicable"),
        ("award_not_found", {"contracts": contract(1.0)}, "failed"),
        ("award_not_found", award() | {"contracts": contract(1.0)}, "passed"),
        ("award_without_supplier", award(status="active"), "failed"),
        ("award_without_supplier", award(status="active", suppliers=[PARTY]), "passed"),
        ("award_without_supplier", award(status="pending"), "not applicable"),
        ("award_status_unknown", award(status="won"), "failed"),
    ],
)
def test_each_check_has_three_results(code: str, release: Row, expected: str) -> None:
    assert result(release, code) == expected


def test_a_failure_becomes_a_note_that_says_where_and_why() -> None:
    release = ENDS | {"awards": [{"id": "0"}, {"id": "1", "date": "2023-12-31T00:00:00Z"}]}
    (note,) = assessed(release).notes.to_dicts()
    assert (note["ocid"], note["code"], note["path"]) == (OCID, "award_before_tender_end", "/awards/1/date")
    assert note["message"] == (
        "expected: an award is dated on or after the end of the tender period; "
        "date 2023-12-31T00:00:00Z, tender_end 2024-02-01T17:00:00Z"
    )


def test_notes_that_landing_made_decide_their_checks() -> None:
    row = {"silver_batch": 7, "ocid": OCID, "record_id": "r", "code": "currency_missing", "path": "", "message": ""}
    (made,) = assessed({}, notes=pl.DataFrame([row], schema=TABLES["note"])).processes.to_dicts()
    bit = 1 << next(at for at, check in enumerate(CHECKS) if check.code == "currency_missing")
    assert made["checked"] & made["failed"] & bit


def test_coverage_tells_the_fields_that_a_process_has() -> None:
    release = {"tender": {"title": "T", "items": [{"id": "1"}]}, "buyer": PARTY, "parties": [PARTY]} | award(date=None)
    (row,) = assessed(release).processes.to_dicts()
    present = {field.name for bit, field in enumerate(FIELDS) if row["present"] >> bit & 1}
    assert present == {"tender.title", "buyer", "items", "awards", "publisher"}


def test_codes_are_unique_and_known_and_bits_fit() -> None:
    codes = [check.code for check in CHECKS]
    assert len(set(codes)) == len(codes) <= 62
    assert len({field.name for field in FIELDS}) == len(FIELDS) <= 62
    assert [check.code for check in CHECKS if check.fails is None and check.code not in NOTES] == []


def alike(number: int, title: str = "Road  works", prefix: str = "ocds-213czf") -> Row:
    return {"ocid": f"{prefix}-{number}", "tender": {"title": title}, "buyer": PARTY, "parties": [PARTY]}


def test_processes_with_one_title_buyer_and_day_are_alike() -> None:
    made = assessed(alike(1), alike(2, "road WORKS"), alike(3, "Bridge"), alike(4, prefix="ocds-other0")).processes
    groups = count_groups(made)
    assert sorted(duplicate_totals(groups).select("source", "code", "failed").rows()) == [
        ("ocds-213czf", "duplicate_process", 2),
        ("ocds-other0", "duplicate_process", 1),
    ]
    left = changed_groups(groups, made.filter(pl.col("source") != "ocds-other0"), made.head(1))
    assert duplicate_totals(left)["failed"].to_list() == [1, 1]
    assert duplicate_totals(changed_groups(left, made.head(1), made.clear())).height == 0


def test_totals_by_difference_equal_totals_counted_anew() -> None:
    before = assessed(alike(1) | ENDS, alike(2) | award(), alike(3, prefix="ocds-other0"))
    after = assessed(alike(1) | award(status="active"), alike(3) | ENDS)
    notes = [
        one.notes.join(one.processes.select("process_key", ocid=pl.lit(OCID)), on="ocid").select("process_key", "code")
        for one in (before, after)
    ]
    old, new = quality_totals(before.processes, notes[0]), quality_totals(after.processes, notes[1])
    assert add_totals(old, totals_difference(old, new)).equals(new)
    counts = {row["code"]: (row["applicable"], row["failed"]) for row in new.to_dicts() if row["kind"] == "field"}
    assert counts["tender.title"] == (2, 1)
    assert (counts["awards"], counts["awards.date"]) == ((2, 1), (1, 1))
    assert "items.quantity" not in counts  # no process has items
