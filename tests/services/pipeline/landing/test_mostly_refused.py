"""Landing of a file with only refused records is aborted, so that its error list can't fill the disk."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.jobs.job import JobStatus
from services.ports.parts import Parts
from tests.support import lake_in, lines, load, quarantined, release

MANY = b"1," * 2_000
GOOD = b"".join(lines([release(f"ocds-test01-{number}")]) + b"," for number in range(60))


@pytest.fixture(name="impatient")
def impatient_lake(tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Parts]:
    monkeypatch.setattr("services.pipeline.landing.land.HOPELESS_REFUSED_RECORDS", 100)
    with lake_in(tmp_path / "home", migrated, batch_records=48) as parts:
        yield parts


def test_a_file_of_nothing_but_refused_records_is_given_up(impatient: Parts) -> None:
    job = load(impatient, "numbers.json", b"[" + MANY)
    assert job.status is JobStatus.FAILED
    assert job.error is not None
    assert job.error.detail.startswith("132 of its first 132 records can't be used; reading stopped there")
    assert (job.counts.received, len(quarantined(impatient, job.id))) == (132, 4)  # one entry per slice
    assert list((Path(str(impatient.files.path("0" * 64))).parents[2] / "spool").glob("*")) == []
    assert load(impatient, "good.json", b"[" + GOOD[:-1] + b"]").status is JobStatus.SUCCEEDED  # not delayed


def test_a_file_of_which_some_can_be_used_is_read_to_its_end(impatient: Parts) -> None:
    job = load(impatient, "mixed.json", b"[" + GOOD + MANY[:-1] + b"]")
    assert (job.status, job.counts.accepted, job.counts.quarantined) == (JobStatus.SUCCEEDED, 60, 2_000)


def test_what_was_good_before_it_was_given_up_stays(impatient: Parts) -> None:
    job = load(impatient, "mixed.json", b"[" + GOOD[: len(GOOD) // 60] + MANY[:-1] + b"]")
    assert (job.status, job.counts.accepted) == (JobStatus.FAILED, 1)
    assert job.counts.quarantined < 250
