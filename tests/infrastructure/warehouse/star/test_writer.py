"""The star in the database: counts of use, history of organisations, and unchanged instants and amounts."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.search.queries import Collection
from domain.star.model import DIMENSIONS, FACTS, REFERENCES
from infrastructure.warehouse.engine import SqlWarehouse
from services.ports.parts import Parts
from tests.factories import ReleaseFactory
from tests.support import lines, load, release, rows, verified


def councils(*stated: tuple[str, str, str]) -> bytes:
    """Releases of one council under several names, from (ocid number, date, name)."""
    who = {"id": "b", "identifier": {"scheme": "GB-LAC", "id": "E01"}, "roles": ["buyer"]}
    return lines(
        release(f"ocds-test01-{number}", date=date, parties=[who | {"name": name}]) for number, date, name in stated
    )


def history(parts: Parts) -> list[tuple[str, str, str | None, bool]]:
    """(name, valid_from, valid_to, is_current) of the council, oldest first."""
    versions = [row for row in rows(parts, "dim_organization") if row["organization_id"] == "GB-LAC-E01"]
    versions.sort(key=lambda row: row["valid_from"])
    return [
        (
            row["name"],
            f"{row['valid_from']:%Y-%m-%d}",
            f"{row['valid_to']:%Y-%m-%d}" if row["valid_to"] else None,
            row["is_current"],
        )
        for row in versions
    ]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_history_of_an_organisation_is_the_same_in_whatever_order_it_is_told(
    lake_home: Parts, order: tuple[int, ...]
) -> None:
    stated = [
        ("1", "2024-01-01T00:00:00Z", "Old name"),
        ("2", "2024-03-01T00:00:00Z", "New name"),
        ("3", "2024-02-01T00:00:00Z", "Old name"),
    ]
    for number in order:
        load(lake_home, f"{number}.jsonl", councils(stated[number]))
    assert history(lake_home) == [
        ("Old name", "2024-01-01", "2024-03-01", False),
        ("New name", "2024-03-01", None, True),
    ]


def test_a_version_that_is_no_longer_stated_leaves_the_history(lake_home: Parts) -> None:
    load(
        lake_home,
        "a.jsonl",
        councils(("1", "2024-01-01T00:00:00Z", "Old name"), ("2", "2024-03-01T00:00:00Z", "New name")),
    )
    load(lake_home, "b.jsonl", councils(("1", "2024-01-01T00:00:00Z", "New name")))
    assert history(lake_home) == [("New name", "2024-01-01", None, True)]


def test_facts_of_the_past_keep_the_version_that_they_named(lake_home: Parts) -> None:
    load(
        lake_home,
        "a.jsonl",
        councils(("1", "2024-01-01T00:00:00Z", "Old name"), ("2", "2024-03-01T00:00:00Z", "New name")),
    )
    names = {row["organization_key"]: row["name"] for row in rows(lake_home, "dim_organization")}
    assert [(row["ocid"], names[row["buyer_key"]]) for row in rows(lake_home, "fact_process")] == [
        ("ocds-test01-1", "Old name"),
        ("ocds-test01-2", "New name"),
    ]


def test_uses_count_exactly_the_facts_that_point_at_a_row(lake_home: Parts) -> None:
    for number in range(3):
        load(lake_home, f"{number}.jsonl", lines(ReleaseFactory.payload() for _ in range(12)))
    pointed: Counter[tuple[str, int]] = Counter()
    for fact, references in REFERENCES.items():
        for row in rows(lake_home, fact):
            pointed.update((dimension, row[column]) for column, dimension in references.items())
    for dimension, (key, _) in DIMENSIONS.items():
        assert {row[key]: row["uses"] for row in rows(lake_home, dimension)} == {
            k: uses for (name, k), uses in pointed.items() if name == dimension
        }, dimension
    named = Counter(row["organization_key"] for row in rows(lake_home, "bridge_process_organization"))
    assert {row["organization_key"]: row["uses"] for row in rows(lake_home, "dim_organization") if row["uses"]} == named


@pytest.mark.sqlite
def test_every_key_of_a_fact_finds_its_row(lake_home: Parts) -> None:
    load(lake_home, "a.jsonl", lines(ReleaseFactory.payload() for _ in range(20)))
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    with lake_home.warehouse.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA foreign_key_check").all() == []
        for fact in FACTS:
            query = (
                f"SELECT count(*) FROM {fact} f LEFT JOIN dim_organization o ON o.organization_key = f.buyer_key "
                "WHERE o.organization_key IS NULL AND f.process_key IS NOT NULL"
            )
            assert connection.exec_driver_sql(query).scalar() == 0
        dates = (
            "SELECT count(*) FROM fact_process f LEFT JOIN dim_date d ON d.date_key = f.last_published_date_key "
            "WHERE d.date_key IS NULL"
        )
        early = connection.exec_driver_sql(
            "SELECT count(*) FROM fact_process WHERE last_published_date_key IS NULL"
        ).scalar()
        assert connection.exec_driver_sql(dates).scalar() == early == 0


@pytest.mark.parametrize(
    ("published", "instant"),
    [
        ("0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        ("1899-12-30T00:00:00+01:00", datetime(1899, 12, 29, 23, tzinfo=UTC)),
        ("2024-02-29T23:59:59.999999-05:00", datetime(2024, 3, 1, 4, 59, 59, 999999, tzinfo=UTC)),
        ("9999-12-31T23:59:59Z", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_instants_of_any_year_come_back_as_they_went_in(lake_home: Parts, published: str, instant: datetime) -> None:
    body: dict[str, Any] = {
        "tender": {"tenderPeriod": {"startDate": published}},
        "parties": [{"id": "p", "name": "P", "roles": ["buyer"]}],
    }
    load(lake_home, "a.jsonl", lines([release(date=published, **body)]))
    (process,) = rows(lake_home, "fact_process")
    assert (process["last_published"], process["first_published"], process["tender_start"]) == (
        instant,
        instant,
        instant,
    )
    (version,) = [row for row in rows(lake_home, "dim_organization") if row["name"] == "P"]
    assert version["valid_from"] == instant
    known = 1990 <= instant.year <= 2069
    assert process["last_published_date_key"] == (int(f"{instant:%Y%m%d}") if known else None)
    (document,) = lake_home.search.scan(Collection.PROCESSES)
    assert document["published"] == instant


@pytest.mark.parametrize("amount", [0.1, 1e15 + 0.25, 12345678.9, 1e22, -5, 0, 99_999_999_999])
def test_amounts_come_back_as_they_were_published(lake_home: Parts, amount: float) -> None:
    load(lake_home, "a.jsonl", lines([release(tender={"value": {"amount": amount, "currency": "GBP"}})]))
    assert [row["amount"] for row in rows(lake_home, "fact_process")] == [amount]


def test_verify_names_references_without_a_row(lake_home: Parts, tmp_path: Path) -> None:
    one = release(
        buyer={"name": "Council"},
        bids={"details": [{"id": "1", "date": "2024-01-01T00:00:00Z"}]},
        contracts=[{"id": "c", "amendments": [{"id": "1"}], "implementation": {"transactions": [{"id": "1"}]}}],
        awards=[{"id": "a"}],
        tender={"items": [{"id": "1"}]},
    )
    load(lake_home, "a.jsonl", lines([one]))
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    broken = [(fact, column) for fact, references in REFERENCES.items() for column in references]
    broken += [("fact_bid", "tenderer_key"), ("fact_bid", "date_key"), ("fact_item", "process_key")]
    broken.append(("bridge_process_organization", "organization_key"))
    with lake_home.warehouse.write() as work:
        assert list(work.star.dangling_references()) == []
        for table, column in broken:
            work.connection.exec_driver_sql(f"UPDATE {table} SET {column} = 7")
        found = list(work.star.dangling_references())
        assert {(table, column) for table, column, _, _ in found} == set(broken)
        assert {value for *_, value in found} == {7}
        assert len(found) == len(set(found))
        work.commit()
    missing = [one for one in verified(lake_home, tmp_path / "home") if "the key of an existing row" in one]
    assert len(missing) == len(found)
