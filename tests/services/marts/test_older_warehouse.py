"""Marts of a warehouse whose facts a version without marts has written."""

from pathlib import Path

from infrastructure.warehouse.engine import SqlWarehouse
from services.ports.parts import Parts
from tests.support import lines, load, release, rows, verified

MARTS = ("mart_spend", "mart_competition", "mart_relation_day", "mart_relation", "mart_concentration", "mart_market")


def awarded(number: int, release_id: str, amount: float, month: int) -> dict[str, object]:
    award = {"id": "a", "status": "active", "date": f"2024-{month:02}-05T00:00:00Z", "suppliers": [{"id": "s"}]}
    parties = [
        {"id": "b", "name": "Town of Ayr", "roles": ["buyer"]},
        {"id": "s", "name": "Holt", "roles": ["supplier"]},
    ]
    made = release(f"ocds-test01-{number}", release_id, f"2024-{month:02}-01T00:00:00Z", buyer={"id": "b"})
    return made | {"parties": parties, "awards": [award | {"value": {"amount": amount, "currency": "EUR"}}]}


def test_they_are_counted_before_the_next_change_is_added(lake_home: Parts, tmp_path: Path) -> None:
    load(lake_home, "a.jsonl", lines([awarded(1, "1", 100.0, 1), awarded(2, "1", 50.0, 2)]))
    assert isinstance(lake_home.warehouse, SqlWarehouse)
    with lake_home.warehouse.write() as work:
        tables = {*MARTS, "mart_market_member", "mart_red_flag", "mart_change", "mart_refresh"}
        for name in tables.difference(work.marts.views):
            work.connection.exec_driver_sql(f"DELETE FROM {name}")
        work.commit()
    load(lake_home, "b.jsonl", lines([awarded(1, "2", 70.0, 3)]))
    assert sorted((row["month"], float(row["amount_base"])) for row in rows(lake_home, "mart_spend")) == [
        ("2024-02", 50.0),
        ("2024-03", 70.0),
    ]
    assert verified(lake_home, tmp_path / "home") == []
