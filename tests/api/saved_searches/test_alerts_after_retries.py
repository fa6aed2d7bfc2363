"""Alerts after failed runs of the index stage: single batches, and batches set aside."""

import pytest

from domain.saved_searches.saved_search import PriorMatches
from domain.search.queries import Collection
from services.pipeline.indexing.index import index
from services.pipeline.stage import ATTEMPTS_BEFORE_SINGLE_BATCH
from services.saved_searches.alerts import IndexRunAlerts
from services.shared.clock import now
from tests.api.conftest import Api
from tests.api.saved_searches.test_alerts_after_search_loss import HOOK, publish, refill
from tests.api.saved_searches.test_saved_searches import entries, load, save, sent
from tests.support import connection_of


class Killed(Exception):  # noqa: N818
    """The process ends."""


def fail(api: Api, monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """End runs of the index stage after all is written and before alerts are committed."""

    def killed(_: IndexRunAlerts) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(IndexRunAlerts, "find_new_matches", killed)
        for _ in range(times):
            with pytest.raises(Killed):
                index(api.parts)


def remembered(api: Api) -> set[str]:
    """The documents that have prior matches."""
    with api.parts.warehouse.read() as work_:
        return {
            str(one) for one in connection_of(work_).exec_driver_sql("SELECT document_id FROM search_before").scalars()
        }


def test_batches_that_are_taken_alone_after_failed_attempts_are_each_told(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = save(api, webhook=HOOK)
    save(api, query={"q": "council", "collection": "organizations"})
    for number in range(3):
        publish(api, number, f"Bridges {number}")
    fail(api, monkeypatch, ATTEMPTS_BEFORE_SINGLE_BATCH)
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
    fail(api, monkeypatch, 2 * ATTEMPTS_BEFORE_SINGLE_BATCH)
    refill(api)
    assert entries(api, made) == ["Bridges beside"]
    assert remembered(api) == set()
    with api.parts.warehouse.write() as work_:  # of a batch that was set aside, whose documents no other batch touches
        work_.saved_searches.save_prior_matches(
            [PriorMatches(collection=Collection.PROCESSES, document_id="gone", searches=[], asked_at=now())]
        )
        work_.commit()
    load(api, "Roads", first=7)
    assert remembered(api) == set()


def test_more_documents_than_a_statement_takes_variables_are_forgotten(api: Api) -> None:
    ids = [f"ocds-test09-{number}" for number in range(40_000)]
    with api.parts.warehouse.write() as work_:
        work_.saved_searches.save_prior_matches(
            [PriorMatches(collection=Collection.PROCESSES, document_id=one, searches=[], asked_at=now()) for one in ids]
        )
        work_.saved_searches.save_prior_matches(
            [PriorMatches(collection=Collection.ORGANIZATIONS, document_id=ids[0], searches=[], asked_at=now())]
        )
        work_.saved_searches.delete_prior_matches(Collection.PROCESSES, ids[1:])
        assert set(work_.saved_searches.prior_matches(Collection.PROCESSES, ids)) == {ids[0]}
        assert set(work_.saved_searches.prior_matches(Collection.ORGANIZATIONS, ids)) == {ids[0]}
        work_.commit()
