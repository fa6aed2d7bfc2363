"""Alerts where runs of the index stage fail: batches taken alone, batches set aside."""

import pytest

from domain.saved import Before
from domain.search import Collection
from services.alerts import Watch
from services.clock import now
from services.stages import index as stage
from services.stages.index import index
from services.stages.runs import ATTEMPTS
from tests.api.conftest import Api
from tests.api.test_alerts_refilled import HOOK, publish, refill
from tests.api.test_searches import entries, load, save, sent


class Killed(Exception):  # noqa: N818
    """The process ends."""


def fail(api: Api, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """Have runs of the index stage end when all is written and nothing is told."""

    def killed(_: Watch) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(stage.Watch, "after", killed)
        for _ in range(times):
            with pytest.raises(Killed):
                index(api.parts)


def remembered(api: Api) -> set[str]:
    """The documents of which it is still known what found them before."""
    with api.parts.warehouse.read() as work_:
        return {str(one) for one in work_.connection.exec_driver_sql("SELECT document_id FROM search_before").scalars()}


def test_batches_that_are_taken_alone_after_failed_attempts_are_each_told(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    made = save(api, webhook=HOOK)
    save(api, query={"q": "council", "collection": "organizations"})
    for number in range(3):
        publish(api, number, f"Bridges {number}")
    fail(api, monkeypatch, ATTEMPTS)
    index(api.parts)
    assert entries(api, made) == ["Bridges 0"]
    assert {"ocds-test09-1", "ocds-test09-2"} <= remembered(api)
    refill(api)
    assert sorted(entries(api, made)) == ["Bridges 0", "Bridges 1", "Bridges 2"]
    assert sum(one["found"] for one in sent(api, made)) == 3
    assert remembered(api) == set()


def test_what_was_known_of_a_batch_that_was_set_aside_is_forgotten(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    made = save(api)
    publish(api, 0, "Bridges that end the worker")
    publish(api, 1, "Bridges beside")
    fail(api, monkeypatch, 2 * ATTEMPTS)
    refill(api)
    assert entries(api, made) == ["Bridges beside"]
    assert remembered(api) == set()
    with api.parts.warehouse.write() as work_:  # of a batch that was set aside, and whose documents nothing touches any more
        work_.saved.remember([Before(collection=Collection.PROCESSES, document_id="gone", searches=[], asked_at=now())])
        work_.commit()
    load(api, "Roads", first=7)
    assert remembered(api) == set()


def test_more_documents_than_a_statement_takes_variables_are_forgotten(api: Api) -> None:
    ids = [f"ocds-test09-{number}" for number in range(40_000)]
    with api.parts.warehouse.write() as work_:
        work_.saved.remember([Before(collection=Collection.PROCESSES, document_id=one, searches=[], asked_at=now()) for one in ids])
        work_.saved.remember([Before(collection=Collection.ORGANIZATIONS, document_id=ids[0], searches=[], asked_at=now())])
        work_.saved.forget(Collection.PROCESSES, ids[1:])
        assert set(work_.saved.before(Collection.PROCESSES, ids)) == {ids[0]}
        assert set(work_.saved.before(Collection.ORGANIZATIONS, ids)) == {ids[0]}
        work_.commit()
