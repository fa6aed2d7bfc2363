"""The broker over the real redis-server, with real workers that are killed."""

import threading
import time
from pathlib import Path

import dramatiq
import pytest
import redis
from dramatiq.errors import ConnectionClosed

from domain.shared.errors import UnavailableError
from domain.shared.log_context import log_context, log_ids
from infrastructure.queue.broker import make_broker
from infrastructure.queue.dispatcher import RedisMessageQueue
from infrastructure.queue.keys import HELD, LEASES
from infrastructure.queue.message_store import LEASE_SECONDS
from infrastructure.system.child_processes import spawn
from tests.cli.up.conftest import until
from tests.infrastructure.queue.conftest import Queue, Work
from workers.worker_loop import stage_queues


def test_a_message_is_there_after_the_server_was_killed(queue: Queue, work: Work) -> None:
    RedisMessageQueue(queue.url).send("land", "job")
    queue.kill()
    queue.start()
    work("a")
    until(lambda: queue.noted("job.ended") == ["a"])


def test_what_a_killed_worker_held_comes_back_at_once_when_it_is_started_again(queue: Queue, work: Work) -> None:
    first = work("a", 60)
    for job in ("one", "two"):
        RedisMessageQueue(queue.url).send("land", job)
    until(lambda: queue.noted("one.began") == ["a"])
    first.kill()
    first.wait()
    work("a")
    begun = time.monotonic()
    until(lambda: queue.noted("one.ended") == ["a"] and queue.noted("two.ended") == ["a"])
    assert time.monotonic() - begun < LEASE_SECONDS


def test_what_workers_of_an_earlier_run_held_is_free_for_others_once_their_leases_are_ended(
    queue: Queue, work: Work
) -> None:
    first = work("gone", 60)
    RedisMessageQueue(queue.url).send("land", "job")
    until(lambda: queue.noted("job.began") == ["gone"])
    first.kill()
    first.wait()
    queue.expire_leases()
    work("other")
    until(lambda: queue.noted("job.ended") == ["other"], seconds=LEASE_SECONDS)


def test_what_waits_and_what_is_handled_is_pending(queue: Queue, work: Work) -> None:
    sender = RedisMessageQueue(queue.url)
    assert sender.pending("land") == set()
    sender.send("land", "one")
    sender.send("land", "two", "7")
    assert sender.pending("land") == {("one",), ("two", "7")}
    assert sender.pending("refine") == set()
    work("a", 60)
    until(lambda: queue.noted("one.began") == ["a"])
    assert sender.pending("land") == {("one",), ("two", "7")}


def test_what_was_handled_is_pending_no_more(queue: Queue, work: Work) -> None:
    sender = RedisMessageQueue(queue.url)
    sender.send("land", "one")
    work("a")
    until(lambda: queue.noted("one.ended") == ["a"])
    until(lambda: sender.pending("land") == set())
    queue.kill()
    with pytest.raises(UnavailableError):
        sender.pending("land")


def test_a_worker_outlives_a_restart_of_the_server_and_goes_on(queue: Queue, work: Work) -> None:
    worker = work("a")
    RedisMessageQueue(queue.url).send("land", "before")
    until(lambda: queue.noted("before.ended") == ["a"])
    queue.kill()
    time.sleep(1)
    queue.start()
    RedisMessageQueue(queue.url).send("land", "after")
    until(lambda: queue.noted("after.ended") == ["a"])
    assert worker.poll() is None


def test_a_sender_waits_for_a_server_that_is_soon_back(queue: Queue) -> None:
    sender = RedisMessageQueue(queue.url)
    sender.check()
    queue.kill()
    queue.process = spawn(["sh", "-c", 'sleep 1; exec "$@"', "sh", *queue.argv()])
    sender.send("land", "job")
    assert sender.pending("land") == {("job",)}


def test_a_sender_gives_up_within_seconds_where_the_server_stays_away(queue: Queue) -> None:
    sender = RedisMessageQueue(queue.url)
    sender.check()
    queue.kill()
    begun = time.monotonic()
    with pytest.raises(UnavailableError):
        sender.send("land", "job")
    assert 1 < time.monotonic() - begun < 6


def test_without_a_url_nothing_is_sent_anywhere() -> None:
    with pytest.raises(UnavailableError, match="TENDERLAKE_REDIS_URL"):
        RedisMessageQueue(None).send("land", "job")


def test_what_failed_leaves_no_traceback_in_the_file_of_the_queue(queue: Queue) -> None:
    broker = make_broker(queue.url, "a", stage_queues(1))
    tried: list[int] = []

    def land() -> None:
        tried.append(1)
        if len(tried) == 1:
            raise ValueError("Vambrecluster can't be read")

    dramatiq.set_broker(broker)
    actor = dramatiq.actor(
        actor_name="land", queue_name="land", broker=broker, max_retries=2, min_backoff=1, max_backoff=2
    )(land)
    worker = dramatiq.Worker(broker, worker_timeout=50, worker_threads=1)
    worker.start()
    actor.send()
    until(lambda: len(tried) == 2)
    worker.stop()
    kept = queue.stored
    assert b"retries" in kept
    assert b"Vambrecluster" not in kept
    broker.store.client.close()


def polls(queue: Queue) -> int:
    """The number of polls so far."""
    with redis.Redis.from_url(queue.administrator_url) as client:
        return int(client.info("commandstats").get("cmdstat_exists", {"calls": 0})["calls"])


def test_an_idle_worker_polls_its_queues_with_one_command_and_a_busy_one_does_not(queue: Queue) -> None:
    broker = make_broker(queue.url, "a", stage_queues(2))
    consumer = broker.consume("land", timeout=1_000)
    assert next(consumer) is None
    assert 5 < polls(queue) <= 1 / broker.selection.poll_seconds + 1
    for name in ("land", "refine"):
        RedisMessageQueue(queue.url).send(name)
    message = next(consumer)
    assert message is not None
    assert (message.actor_name, message.queue_name) == ("refine", "land")
    broker.store.client.zadd(LEASES, {"a": 0})
    before = polls(queue)
    assert next(consumer) is None
    assert polls(queue) == before
    assert broker.store.client.zscore(LEASES, "a") == pytest.approx(time.time() + LEASE_SECONDS, abs=1)
    taking = threading.Timer(0.2, consumer.ack, args=(message,))
    taking.start()
    begun = time.monotonic()
    message = next(consumer)
    assert time.monotonic() - begun < 1  # it does not wait for a poll
    assert message is not None
    assert message.actor_name == "land"
    assert next(broker.consume("land", timeout=100)) is None  # nor does a consumer that replaces a failed one
    broker.store.client.close()


def test_an_error_of_redis_is_one_that_dramatiq_tries_again_after(queue: Queue) -> None:
    broker = make_broker(queue.url, "a", stage_queues(2))
    broker.store.client.set(HELD, "no hash")
    with pytest.raises(ConnectionClosed, match="WRONGTYPE"):
        next(broker.consume("land"))
    broker.store.client.delete(HELD)
    RedisMessageQueue(queue.url).send("land")
    consumer = broker.consume("land")
    message = next(consumer)
    assert message is not None
    broker.store.client.set(HELD, "no hash")
    with pytest.raises(ConnectionClosed, match="WRONGTYPE"):
        consumer.ack(message)
    assert not broker.idle.is_set()
    broker.store.client.delete(HELD)
    consumer.ack(message)
    assert broker.idle.is_set()
    broker.store.client.close()


def test_a_path_with_blanks_and_quotes_serves(tmp_path: Path) -> None:
    queue = Queue(tmp_path / 'it\'s a "folder" with %41 ü')
    queue.folder.mkdir()
    queue.start()
    RedisMessageQueue(queue.url).check()
    queue.kill()


def test_log_ids_follow_the_messages_from_stage_to_stage(queue: Queue) -> None:
    sender, seen, ended = RedisMessageQueue(queue.server.url), [], threading.Event()
    broker = make_broker(queue.server.url, "a", stage_queues(1))

    @dramatiq.actor(actor_name="land", queue_name="land", broker=broker)
    def land(job_id: str) -> None:
        seen.append(dict(log_ids()))
        sender.send("refine")

    @dramatiq.actor(actor_name="refine", queue_name="refine", broker=broker)
    def refine() -> None:
        seen.append(dict(log_ids()))
        ended.set()

    with log_context(request_id="r-1", batch=3):
        sender.send("land", "j-1")
    worker = dramatiq.Worker(broker, queues={"land"}, worker_threads=1)
    worker.start()
    assert ended.wait(20)
    worker.stop()
    assert seen == [{"request_id": "r-1", "stage": "land"}, {"request_id": "r-1", "stage": "refine"}]
    assert sender.depths(["land", "refine"]) == {"land": 0, "refine": 0}
    for _ in range(2):
        sender.send("refine")
    assert sender.depths(["land", "refine"]) == {"land": 0, "refine": 2}
