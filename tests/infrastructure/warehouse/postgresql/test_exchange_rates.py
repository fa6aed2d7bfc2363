"""Exchange rates and converted facts are the same on PostgreSQL: verify compares with SQLite, row for row."""

from pathlib import Path

import pytest

from services.ports.parts import Parts
from tests.services.exchange_rates.support import bases, priced, put, rate
from tests.support import lines, load, verified


@pytest.mark.slow
@pytest.mark.parametrize("rates_first", [True, False])
def test_facts_are_converted_on_postgresql_whatever_came_first(
    lake_on_postgres: Parts, tmp_path: Path, rates_first: bool
) -> None:
    found = [
        priced(f"ocds-rates1-{n}", amount, "USD", "2024-01-03") for n, amount in enumerate((100, 99.99, 0.1, 1e15))
    ]
    awards = [
        {
            "id": "x",
            "value": {"amount": 100, "currency": "GBP"},
            "suppliers": [{"name": name} for name in ("One", "Two", "Three")],
        }
    ]
    found.append(priced("ocds-rates1-9", 7, "EUR", "2024-01-03") | {"awards": awards})
    for step in (0, 1) if rates_first else (1, 0):
        if step == 0:
            put(lake_on_postgres, rate("2024-01-02", "USD", 1.0956), rate("2024-01-02", "GBP", 0.86645))
        else:
            load(lake_on_postgres, "a.jsonl", lines(found))
    assert bases(lake_on_postgres)["ocds-rates1-0"][0] == pytest.approx(100 / 1.0956, abs=1e-6)
    assert bases(lake_on_postgres, "fact_award")["ocds-rates1-9"][0] == pytest.approx(100 / 3 / 0.86645, abs=1e-6)
    assert verified(lake_on_postgres, tmp_path / "home") == []
    put(lake_on_postgres, rate("2024-01-02", "USD", 2.0))
    assert bases(lake_on_postgres)["ocds-rates1-0"][0] == 50
    assert verified(lake_on_postgres, tmp_path / "home") == []
