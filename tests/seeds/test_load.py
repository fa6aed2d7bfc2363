"""The bundled set goes through the real lake, and gold holds what the generator says it must."""

import orjson

from seeds.files import EXPECTED, bundled
from services.ports import Parts
from tests.support import load, quarantined, rows


def test_loading_the_bundled_set_gives_the_counts_that_the_generator_expects(lake_home: Parts) -> None:
    expected = orjson.loads(EXPECTED.read_bytes())
    for path in bundled():
        job, wanted = load(lake_home, path.name, path.read_bytes()), expected["files"][path.name]
        assert str(job.status) == "succeeded"
        assert (job.counts.received, job.counts.accepted, job.counts.unchanged) == (wanted["releases"], wanted["accepted"], 0)
        assert job.counts.quarantined == wanted["quarantined"] == len(quarantined(lake_home, job.id))
        assert job.counts.processes == wanted["processes"]
    assert len(rows(lake_home, "fact_process")) == expected["total"]["processes"]


def test_loading_it_again_changes_nothing(lake_home: Parts) -> None:
    path = bundled()[0]
    first = load(lake_home, path.name, path.read_bytes())
    again = load(lake_home, "again.jsonl", path.read_bytes())
    assert (again.counts.accepted, again.counts.unchanged) == (0, first.counts.accepted)
