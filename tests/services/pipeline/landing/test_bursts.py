"""A burst of small jobs: one message lands all of them."""

import pytest

from domain.jobs.job import JobStatus
from services.pipeline.landing.claims import GROUP_MAX_JOBS
from services.ports.parts import Parts
from tests.support import drain, job_of, lines, messages, release, submit


def test_jobs_that_come_while_others_wait_need_no_message_of_their_own(lake_home: Parts) -> None:
    jobs = [submit(lake_home, f"{n}.jsonl", lines([release(f"ocds-test01-{n}")])) for n in range(GROUP_MAX_JOBS + 5)]
    assert [message for message in messages(lake_home).waiting if message[0] == "land"] == [("land", jobs[0])]
    drain(lake_home)
    assert {job_of(lake_home, job).status for job in jobs} == {JobStatus.SUCCEEDED}


@pytest.mark.slow
def test_jobs_that_were_taken_but_had_no_room_get_their_messages(lake_home: Parts) -> None:
    large = lines(release(f"ocds-test01-{n}") for n in range(lake_home.batch_records))
    jobs = [
        submit(lake_home, name, body)
        for name, body in (
            ("a.jsonl", lines([release()])),
            ("b.jsonl", large),
            ("c.jsonl", lines([release("ocds-test01-c")])),
        )
    ]
    drain(lake_home)
    assert {job_of(lake_home, job).status for job in jobs} == {JobStatus.SUCCEEDED}
