"""The bundled set goes through the real lake, and gold holds what the generator says it must."""

from pathlib import Path

import orjson

from seeds.files import DATA, EXPECTED, bundled
from services.ports import Parts
from tests.support import load, quarantined, rows, verified

WANTED = orjson.loads(EXPECTED.read_bytes())


def test_loading_the_bundled_set_gives_the_counts_that_the_generator_expects(lake_home: Parts, tmp_path: Path) -> None:
    for path in bundled():
        job = load(lake_home, path.name, path.read_bytes())
        assert str(job.status) == "succeeded", (path.name, job.error)
        wanted = WANTED["files"].get(path.name) or _good(WANTED["references"].get(path.name, 1))
        assert (job.counts.received, job.counts.accepted, job.counts.unchanged) == (wanted["releases"], wanted["accepted"], 0)
        assert job.counts.quarantined == wanted["quarantined"] == len(quarantined(lake_home, job.id))
        assert job.counts.processes == wanted["processes"]
    assert len(rows(lake_home, "fact_process")) == WANTED["total"]["processes"]
    assert {(row["filename"], row["ocid"], row["link"]) for row in rows(lake_home, "fact_document")} == {
        (name, about["ocid"], about["link"]) for name, about in WANTED["documents"].items()
    }
    assert len(rows(lake_home, "dim_exchange_rate")) == WANTED["references"]["exchange-rates.csv"]
    converted = [row for row in rows(lake_home, "fact_award") if row["amount"] is not None]
    assert all(row["amount_base"] is not None for row in converted)
    assert verified(lake_home, tmp_path / "home") == []


def _good(records: int) -> dict[str, int]:
    return {"releases": records, "accepted": records, "quarantined": 0, "processes": 0}


def test_loading_it_again_changes_nothing(lake_home: Parts) -> None:
    path = DATA / "feed.jsonl"
    first = load(lake_home, path.name, path.read_bytes())
    again = load(lake_home, "again.jsonl", path.read_bytes())
    assert (again.counts.accepted, again.counts.unchanged) == (0, first.counts.accepted)
