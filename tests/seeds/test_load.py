"""Loading the bundled set gives the counts that the generator expects."""

from pathlib import Path

import orjson

from seeds.files import DATA, EXPECTED, bundled
from services.ports.parts import Parts
from tests.support import load, quarantined, rows, verified

WANTED = orjson.loads(EXPECTED.read_bytes())


def test_loading_the_bundled_set_gives_the_counts_that_the_generator_expects(lake_home: Parts, tmp_path: Path) -> None:
    for path in bundled():
        job = load(lake_home, path.name, path.read_bytes())
        assert str(job.status) == "succeeded", (path.name, job.error)
        wanted = WANTED["files"].get(path.name) or _good(WANTED["references"].get(path.name, 1))
        assert (job.counts.received, job.counts.accepted, job.counts.unchanged) == (
            wanted["releases"],
            wanted["accepted"],
            0,
        )
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


def test_organisations_of_every_form_have_names_and_awards_count_by_their_status(lake_home: Parts) -> None:
    for name in ("feed.jsonl", "ocds-1.0-releases.json.gz", "ireland-records.json"):
        load(lake_home, name, (DATA / name).read_bytes())
    found = [row for row in rows(lake_home, "dim_organization") if row["organization_id"] != "unknown"]
    assert all(row["name"] for row in found)
    old = {row["process_key"] for row in rows(lake_home, "fact_process") if "-0010-" in row["ocid"]}
    named = {
        row["organization_id"] for row in rows(lake_home, "bridge_process_organization") if row["process_key"] in old
    }
    assert named
    assert all(name.startswith("GB-") for name in named), "embedded organisations have the identity of their identifier"
    statuses = {row["status_key"]: row["status"] for row in rows(lake_home, "dim_status") if row["of"] == "award"}
    assert set(statuses.values()) == {"active", "pending", "cancelled", "unsuccessful"}
    facts = [row for row in rows(lake_home, "fact_award") if row["suppliers"]]
    assert {statuses[row["status_key"]] for row in facts} == set(statuses.values())
    counted = sum(statuses[row["status_key"]] == "active" for row in facts)
    assert (
        sum(row["awards"] for row in rows(lake_home, "organization_total") if row["role"] == "supplier")
        == counted
        < len(facts)
    )


def _good(records: int) -> dict[str, int]:
    return {"releases": records, "accepted": records, "quarantined": 0, "processes": 0}


def test_loading_it_again_changes_nothing(lake_home: Parts) -> None:
    path = DATA / "feed.jsonl"
    first = load(lake_home, path.name, path.read_bytes())
    again = load(lake_home, "again.jsonl", path.read_bytes())
    assert (again.counts.accepted, again.counts.unchanged) == (0, first.counts.accepted)
