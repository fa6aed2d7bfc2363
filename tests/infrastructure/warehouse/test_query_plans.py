"""The cost of a change does not grow with the warehouse: no statement of the stages scans a growing table.

Except the stage red_flags, which compares all data: it waits until nothing is pending, and pauses between long runs.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import event

from infrastructure.warehouse.engine import SqlWarehouse
from services.ports.parts import Parts
from tests.support import lines, load, messages, release, submit

FEW = {
    "watermark",
    "batch",
    "silver_batch",
    "job",
    "stage_run",
    "saved_search",
    "webhook",
    "index_pause",
    "delivery",
    "search_state",
    "organization_decision",
    "json_each",
    "mart_change",
    "mart_refresh",
    "dim_indicator",
}  # small tables, or small sets of pending rows
ANY_ROW = re.compile(r"FROM \w+\s+LIMIT")  # only checks for existence
PARTIES = [{"id": "1", "name": "Leeds", "roles": ["buyer"]}, {"id": "2", "name": "Acme", "roles": ["supplier"]}]
SAID: dict[str, Any] = {
    "parties": PARTIES,
    "buyer": {"id": "1"},
    "tender": {"title": "desks", "items": [{"id": "1"}], "documents": [{"id": "1", "url": "https://x.test/a.pdf"}]},
    "awards": [{"id": "a", "suppliers": [{"id": "2"}]}],
    "contracts": [{"id": "c", "awardID": "a"}],
}


@contextmanager
def told(warehouse: SqlWarehouse) -> Iterator[dict[str, Any]]:
    """Every statement that SQLite runs in the context, with the parameters of one execution."""
    found: dict[str, Any] = {}

    def keep(_connection: Any, _cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        found[statement] = parameters[0] if many else parameters

    event.listen(warehouse.engine, "before_cursor_execute", keep)
    try:
        yield found
    finally:
        event.remove(warehouse.engine, "before_cursor_execute", keep)


def plans(warehouse: SqlWarehouse, statements: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """(step, statement) for each step of each plan."""
    with warehouse.engine.connect() as connection:
        for statement, parameters in statements.items():
            if re.match(r"(SELECT|UPDATE|DELETE)\b", statement) and not ANY_ROW.search(statement):
                for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters):
                    yield row[3], statement


def whole(step: str) -> bool:
    """Whether the step scans a growing table: without an index, or by the kind alone."""
    scanned = re.match(r"SCAN (\w+)", step)
    if scanned:
        return scanned[1] not in FEW and not scanned[1].startswith(("anon_", "SUBQUERY"))
    return re.match(r"SEARCH record(_version)? USING .*\(kind=\?\)$", step) is not None


def _drain_without_red_flags(parts: Parts) -> None:
    waiting = messages(parts).waiting
    while waiting:
        message = waiting.popleft()
        if message[0] != "red_flags":
            messages(parts).handle(parts, message)


@pytest.mark.parametrize("again", [False, True])
def test_no_statement_of_a_load_reads_a_growing_table_from_end_to_end(lake_home: Parts, *, again: bool) -> None:
    warehouse = lake_home.warehouse
    assert isinstance(warehouse, SqlWarehouse)
    load(lake_home, "a.jsonl", lines([release(ocid=f"ocds-test01-{i}", **SAID) for i in range(20)]))
    with told(warehouse) as statements:
        more = {"release_id": "2", "date": "2024-02-02T00:00:00Z"} if again else {"ocid": "ocds-test01-99"}
        submit(lake_home, "b.jsonl", lines([release(**more, **SAID)]))
        _drain_without_red_flags(lake_home)
    assert len(statements) > 50
    assert any("json_each" in one and "fact_process" in one for one in statements)
    bad = [f"{step}: {statement}" for step, statement in plans(warehouse, statements) if whole(step)]
    assert bad == []


def test_the_records_of_a_process_are_found_by_its_ocid(lake_home: Parts) -> None:
    warehouse = lake_home.warehouse
    assert isinstance(warehouse, SqlWarehouse)
    with told(warehouse) as statements, warehouse.read() as work:
        assert work.record_catalogue.current_of_ocids("releases", ["a"]) == []
    assert "SEARCH record USING INDEX ix_record_kind_ocid (kind=? AND ocid=?)" in [
        step for step, _ in plans(warehouse, statements)
    ]
