"""Marts follow the matching of organisations, its decisions, and red flags."""

from collections import Counter
from pathlib import Path
from typing import Any

from services.maintenance.rebuild import rebuild_gold
from services.organizations.decisions import decide
from services.ports.parts import Parts
from tests.services.marts.test_marts import mart
from tests.services.pipeline.red_flags.support import CODES, tendered
from tests.support import drain, lines, load, release, rows, verified

QUAY = {"streetAddress": "3 Quay Road", "locality": "Holt", "postalCode": "AB1 2CD", "countryName": "United Kingdom"}
PAIR = ("GB-CFS-1", "GB-CFS-2")
SAME = [
    {"id": PAIR[0], "name": "Holt & Sons Ltd", "address": QUAY, "roles": ["supplier"]},
    {"id": PAIR[1], "name": "HOLT AND SONS LIMITED", "address": QUAY, "roles": ["supplier"]},
]


def awarded(number: int, party: dict[str, Any], amount: float) -> dict[str, Any]:
    """A release of a process that this party won."""
    supplier = {"id": party["id"], "name": party["name"]}
    award = {"id": "a", "status": "active", "date": "2024-01-05T00:00:00Z", "suppliers": [supplier]}
    value = {"value": {"amount": amount, "currency": "EUR"}}
    buyer = {"id": "GB-COH-9", "name": "Firm 9", "roles": ["buyer"]}
    named = {"id": "GB-COH-9", "name": "Firm 9"}
    return release(f"ocds-test01-{number}", parties=[party, buyer], buyer=named, awards=[award | value])


def relations(parts: Parts) -> list[tuple[Any, ...]]:
    return mart(parts, "relations", "supplier_id", "awards", "amount_base")


def test_matched_organisations_are_one_in_the_marts_until_that_is_rejected(lake_home: Parts, tmp_path: Path) -> None:
    load(lake_home, "a.jsonl", lines([awarded(1, SAME[0], 100)]))
    load(lake_home, "b.jsonl", lines([awarded(2, SAME[1], 300)]))
    assert relations(lake_home) == [("GB-CFS-1", 2, 400.0)]
    assert mart(lake_home, "concentration", "suppliers", "new_entrants", "hhi") == [(1, 1, 1.0)]
    load(lake_home, "c.jsonl", lines([awarded(2, SAME[1], 500) | {"id": "2", "date": "2024-02-02T00:00:00Z"}]))
    assert relations(lake_home) == [("GB-CFS-1", 2, 600.0)]
    assert verified(lake_home, tmp_path / "home") == []
    decide(lake_home.warehouse, lake_home.messages, PAIR, "rejected", actor="ada")
    drain(lake_home)
    assert relations(lake_home) == [("GB-CFS-1", 1, 100.0), ("GB-CFS-2", 1, 500.0)]
    assert mart(lake_home, "concentration", "suppliers", "top_supplier_id") == [(2, "GB-CFS-2")]
    assert verified(lake_home, tmp_path / "home") == []
    rebuild_gold(lake_home)
    assert relations(lake_home) == [("GB-CFS-1", 1, 100.0), ("GB-CFS-2", 1, 500.0)]


def test_red_flags_are_counted_by_their_results(lake_home: Parts, tmp_path: Path) -> None:
    single = tendered("1", 100, 110, numberOfTenderers=1)
    load(lake_home, "a.jsonl", lines([single, tendered("2", 100, 200), tendered("3", 100, 100)]))
    found = mart(lake_home, "red-flags", "indicator", "buyer_id", "flagged", "not_flagged", "not_computable")
    assert ("R018", "GB-COH-9", 1, 2, 0) in found
    facts = Counter((CODES[row["indicator_key"]], row["result"]) for row in rows(lake_home, "fact_red_flag"))
    counted: Counter[tuple[str, str]] = Counter()
    for code, _, *numbers in found:
        counted.update({(code, name): number for name, number in zip(RESULTS, numbers, strict=True) if number})
    assert counted == facts
    load(lake_home, "b.jsonl", lines([single | {"id": "2", "date": "2024-02-02T00:00:00Z", "tag": ["tender"]}]))
    assert verified(lake_home, tmp_path / "home") == []


RESULTS = ("flagged", "not_flagged", "not_computable")
