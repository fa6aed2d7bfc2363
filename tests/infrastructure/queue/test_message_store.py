"""The messages in Redis: what a worker may take, what comes back, and what is never written."""

import threading
import time
from collections.abc import Iterator

import pytest
import redis
from dramatiq import Message

from infrastructure.queue.keys import HELD, LEASES
from infrastructure.queue.message_store import LEASE_SECONDS, MessageStore
from tests.infrastructure.queue.conftest import Queue
from workers.worker_loop import stage_queues

STAGES = stage_queues(2)


@pytest.fixture
def store(queue: Queue) -> Iterator[MessageStore]:
    with redis.Redis.from_url(queue.url) as client:
        yield MessageStore(client)


def add(store: MessageStore, *actors: str, delay_seconds: float = 0.0) -> None:
    for actor in actors:
        store.add(Message(queue_name=actor, actor_name=actor, args=(), kwargs={}, options={}), delay_seconds)


def taken(store: MessageStore, worker: str) -> str | None:
    found = store.take(worker, STAGES)
    return found.actor_name if found else None


def test_messages_of_a_queue_are_handled_in_the_order_of_their_sending(store: MessageStore) -> None:
    for number in range(5):
        store.add(Message(queue_name="land", actor_name="land", args=(number,), kwargs={}, options={}))
    for number in range(5):
        found = store.take("a", STAGES)
        assert found is not None
        assert found.args == (number,)
        store.release("a")


def test_no_two_workers_handle_the_same_stage(store: MessageStore) -> None:
    add(store, "land", "land", "refine", "refine")
    assert taken(store, "a") == "refine"
    assert taken(store, "b") == "land"
    store.release("a")
    assert taken(store, "a") == "refine"
    store.release("a")
    assert taken(store, "a") is None  # another worker holds land, though a message waits


def test_workers_that_take_at_the_same_time_never_take_messages_of_the_same_stage(store: MessageStore) -> None:
    for _ in range(30):
        add(store, "refine", "refine", "refine")
        start = threading.Barrier(3)
        found: list[str | None] = []

        def take(worker: str, start: threading.Barrier = start, found: list[str | None] = found) -> None:
            start.wait()
            found.append(taken(store, worker))

        threads = [threading.Thread(target=take, args=(worker,)) for worker in "abc"]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(found, key=str) == [None, None, "refine"]
        for key in list(store.client.scan_iter("tenderlake:*")):
            store.client.delete(key)


def test_a_message_whose_take_was_never_answered_is_taken_again_by_its_worker_alone(store: MessageStore) -> None:
    add(store, "refine", "refine")
    first = store.take("a", STAGES)  # as if the reply were lost
    assert taken(store, "b") is None
    assert store.take("a", STAGES) == first
    store.release("a")
    assert store.take("b", STAGES) != first
    store.release("b")
    assert store.pending("refine") == []


def test_a_message_is_handled_by_another_worker_once_the_lease_of_its_holder_has_expired(store: MessageStore) -> None:
    add(store, "refine")
    first = store.take("dead", STAGES)
    store.client.zadd(LEASES, {"dead": time.time() + 0.3})
    assert taken(store, "a") is None
    time.sleep(0.31)
    assert store.take("a", STAGES) == first
    assert taken(store, "b") is None
    assert store.client.hkeys(HELD) == [b"a"]


def test_a_worker_whose_message_another_has_taken_over_deletes_nothing_of_that_one(store: MessageStore) -> None:
    add(store, "refine")
    first = store.take("stalled", STAGES)
    store.client.delete(LEASES)
    assert store.take("a", STAGES) == first
    store.renew("stalled")
    store.release("stalled")
    assert store.client.hkeys(HELD) == [b"a"]
    assert store.pending("refine") == [first]


def test_what_a_worker_holds_itself_comes_before_what_a_dead_one_held(store: MessageStore) -> None:
    add(store, "refine", "land")
    lost, own = store.take("0-dead", STAGES), store.take("a", STAGES)
    assert None not in (lost, own)
    store.client.delete(LEASES)
    for expected in (own, lost):
        assert store.take("a", STAGES) == expected
        store.release("a")
    assert store.pending("refine") == store.pending("land") == []


def test_a_lease_is_renewed(store: MessageStore) -> None:
    add(store, "refine")
    first = store.take("a", STAGES)
    store.client.delete(LEASES)
    store.renew("a")
    assert store.client.zscore(LEASES, "a") == pytest.approx(time.time() + LEASE_SECONDS, abs=1)
    assert taken(store, "b") is None
    assert store.pending("refine") == [first]


def test_a_message_with_a_delay_waits_that_long(store: MessageStore) -> None:
    add(store, "land", delay_seconds=0.3)
    begun = time.monotonic()
    assert len(store.pending("land")) == 1
    assert taken(store, "a") is None
    while taken(store, "a") is None:
        time.sleep(0.01)
    assert 0.2 < time.monotonic() - begun < 5


def test_looking_for_messages_writes_nothing(queue: Queue, store: MessageStore) -> None:
    add(store, "refine", "refine")
    assert taken(store, "a") == "refine"
    with redis.Redis.from_url(queue.administrator_url) as administrator:
        before = administrator.info("persistence")["aof_current_size"]
        for _ in range(20):
            assert store.has_waiting(STAGES.queues)
            assert taken(store, "b") is None
        assert administrator.info("persistence")["aof_current_size"] == before
