"""The broker over the real redis-server, with real workers that are killed."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dramatiq
import pytest
import redis
from dramatiq import Message

from domain.shared.errors import UnavailableError
from infrastructure.queue.broker import HEARTBEAT_SECONDS, HEARTBEAT_TIMEOUT_MS, make_broker
from infrastructure.queue.dispatcher import RedisMessageQueue
from infrastructure.queue.redis_server import RedisServer
from infrastructure.system.child_processes import spawn
from tests.cli.up.conftest import ROOT, until
from workers.worker_loop import stage_queues

Work = Callable[..., subprocess.Popen[bytes]]


class Queue:
    """A redis-server that can be killed and restarted, and the notes of its workers in `folder`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.server = RedisServer(folder / "queue")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.server.prepare()
        self.process = spawn(self.server.argv())
        until(self.server.ready)

    def kill(self) -> None:
        if self.process:
            self.process.kill()
            self.process.wait()

    def noted(self, name: str) -> list[str]:
        file = self.folder / name
        return file.read_text().split() if file.exists() else []


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    made = Queue(tmp_path)
    made.start()
    yield made
    made.kill()
    made.server.clear()


@pytest.fixture
def work(queue: Queue) -> Iterator[Work]:
    started: list[subprocess.Popen[bytes]] = []

    def make(name: str, seconds: float = 0.0) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            "tests.cli.up.queue_worker",
            queue.server.url,
            name,
            str(queue.folder),
            str(seconds),
        ]
        started.append(subprocess.Popen(command, cwd=ROOT))
        return started[-1]

    yield make
    for process in started:
        process.kill()
        process.wait()


def test_a_message_is_there_after_the_server_was_killed(queue: Queue, work: Work) -> None:
    RedisMessageQueue(queue.server.url).send("land", "job")
    queue.kill()
    queue.start()
    work("a")
    until(lambda: queue.noted("job.ended") == ["a"])


def test_what_a_killed_worker_held_comes_back_at_once_when_it_is_started_again(queue: Queue, work: Work) -> None:
    first = work("a", 60)
    for job in ("one", "two"):
        RedisMessageQueue(queue.server.url).send("land", job)
    until(lambda: queue.noted("one.began") == ["a"])
    first.kill()
    first.wait()
    work("a")
    begun = time.monotonic()
    until(lambda: queue.noted("one.ended") == ["a"] and queue.noted("two.ended") == ["a"])
    assert time.monotonic() - begun < HEARTBEAT_TIMEOUT_MS / 1000


def test_what_workers_of_an_earlier_run_held_is_free_for_others_once_their_heartbeats_are_aged(
    queue: Queue, work: Work
) -> None:
    first = work("gone", 60)
    RedisMessageQueue(queue.server.url).send("land", "job")
    until(lambda: queue.noted("job.began") == ["gone"])
    first.kill()
    first.wait()
    queue.server.expire_heartbeats()
    work("other")
    until(lambda: queue.noted("job.ended") == ["other"], seconds=HEARTBEAT_TIMEOUT_MS / 1000)


def test_what_waits_and_what_is_handled_is_pending(queue: Queue, work: Work) -> None:
    sender = RedisMessageQueue(queue.server.url)
    assert sender.pending("land") == set()
    sender.send("land", "one")
    sender.send("land", "two", "7")
    assert sender.pending("land") == {("one",), ("two", "7")}
    assert sender.pending("refine") == set()
    work("a", 60)
    until(lambda: queue.noted("one.began") == ["a"])
    assert sender.pending("land") == {("one",), ("two", "7")}


def test_what_was_handled_is_pending_no_more(queue: Queue, work: Work) -> None:
    sender = RedisMessageQueue(queue.server.url)
    sender.send("land", "one")
    work("a")
    until(lambda: queue.noted("one.ended") == ["a"])
    until(lambda: sender.pending("land") == set())
    queue.kill()
    with pytest.raises(UnavailableError):
        sender.pending("land")


def test_a_worker_outlives_a_restart_of_the_server_and_goes_on(queue: Queue, work: Work) -> None:
    worker = work("a")
    RedisMessageQueue(queue.server.url).send("land", "before")
    until(lambda: queue.noted("before.ended") == ["a"])
    queue.kill()
    time.sleep(1)
    queue.start()
    RedisMessageQueue(queue.server.url).send("land", "after")
    until(lambda: queue.noted("after.ended") == ["a"])
    assert worker.poll() is None


def test_a_sender_waits_for_a_server_that_is_soon_back(queue: Queue) -> None:
    sender = RedisMessageQueue(queue.server.url)
    sender.check()
    queue.kill()
    queue.process = spawn(["sh", "-c", 'sleep 1; exec "$@"', "sh", *queue.server.argv()])
    sender.send("land", "job")
    with redis.Redis.from_url(queue.server.url) as client:
        assert client.llen("dramatiq:land") == 1


def test_a_sender_gives_up_within_seconds_where_the_server_stays_away(queue: Queue) -> None:
    sender = RedisMessageQueue(queue.server.url)
    sender.check()
    queue.kill()
    begun = time.monotonic()
    with pytest.raises(UnavailableError):
        sender.send("land", "job")
    assert 1 < time.monotonic() - begun < 6


def test_without_a_url_nothing_is_sent_anywhere() -> None:
    with pytest.raises(UnavailableError, match="TENDERLAKE_REDIS_URL"):
        RedisMessageQueue(None).send("land", "job")


def test_looking_at_an_empty_queue_writes_nothing_between_two_heartbeats(queue: Queue) -> None:
    broker = make_broker(queue.server.url, "a", stage_queues(2))
    broker.do_fetch("land", 1)
    with redis.Redis.from_url(queue.server.url) as client:
        before = client.info("persistence")["aof_current_size"]
        begun = time.monotonic()
        for _ in range(50):
            assert broker.do_fetch("land", 1) == []
        written = client.info("persistence")["aof_current_size"] - before
    assert time.monotonic() - begun < HEARTBEAT_SECONDS
    assert written == 0
    broker.client.close()


def test_one_thread_looks_for_those_of_all_queues_and_wakes_them_when_something_comes(queue: Queue) -> None:
    broker = make_broker(queue.server.url, "a", stage_queues(2))
    woken: list[str] = []

    def rest(name: str) -> None:
        broker.wait_for_message(30)
        woken.append(name)

    threads = [threading.Thread(target=rest, args=(name,)) for name in ("land", "refine", "refine.DQ")]
    for thread in threads:
        thread.start()
    begun = time.monotonic()
    time.sleep(1)
    assert woken == []
    assert (
        broker.client.info("commandstats")["cmdstat_exists"]["calls"]
        <= 1 + (time.monotonic() - begun) / broker.share.poll_seconds
    )
    RedisMessageQueue(queue.server.url).send("refine")
    for thread in threads:
        thread.join(5)
    assert sorted(woken) == ["land", "refine", "refine.DQ"]
    broker.client.close()


def test_a_busy_worker_does_not_look_until_it_is_free(queue: Queue) -> None:
    broker = make_broker(queue.server.url, "a", stage_queues(2))
    for name in ("land", "refine"):
        RedisMessageQueue(queue.server.url).send(name)
    (held,) = broker.do_fetch("refine", 1)
    resting = threading.Thread(target=broker.wait_for_message, args=(30,))
    resting.start()
    time.sleep(0.3)
    assert resting.is_alive()
    assert "cmdstat_exists" not in broker.client.info("commandstats")
    broker.do_ack("refine", Message.decode(held).options["redis_message_id"])
    resting.join(5)
    assert not resting.is_alive()
    assert len(broker.do_fetch("land", 1)) == 1
    broker.client.close()


def test_what_failed_is_tried_again_after_a_while(queue: Queue) -> None:
    broker = make_broker(queue.server.url, "a", stage_queues(2))
    broker.declare_queue("land")
    resting = threading.Thread(target=broker.wait_for_message, args=(30,))
    resting.start()
    broker.enqueue(Message(queue_name="land", actor_name="land", args=(), kwargs={}, options={}), delay=60_000)
    resting.join(5)
    assert not resting.is_alive()
    assert len(broker.do_fetch("land.DQ", 1)) == 1
    assert broker.do_fetch("land", 1) == []
    broker.client.close()


def test_what_failed_leaves_no_traceback_in_the_file_of_the_queue(queue: Queue) -> None:
    broker = make_broker(queue.server.url, "a", stage_queues(1))
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
    kept = (queue.folder / "queue" / "appendonly.aof").read_bytes()
    assert b"retries" in kept
    assert b"Vambrecluster" not in kept
    broker.client.close()


def test_a_worker_holds_one_message_at_a_time_and_takes_the_next_as_soon_as_it_is_free(queue: Queue) -> None:
    first, second = (make_broker(queue.server.url, name, stage_queues(2)) for name in "ab")
    for name in ("land", "refine"):
        RedisMessageQueue(queue.server.url).send(name)
        RedisMessageQueue(queue.server.url).send(name)
    (held,) = first.do_fetch("refine", 1)
    assert first.do_fetch("land", 1) == []  # it holds a message
    assert second.do_fetch("refine", 1) == []  # the first worker handles refine
    assert len(second.do_fetch("land", 1)) == 1
    first.do_ack("refine", Message.decode(held).options["redis_message_id"])
    (held,) = first.do_fetch("refine", 1)
    first.do_nack("refine", Message.decode(held).options["redis_message_id"])
    assert first.do_fetch("land", 1) == []  # the second worker handles land, though a message waits
    for broker in (first, second):
        broker.client.close()


def test_a_busy_worker_still_gives_its_heartbeat_without_taking_anything(queue: Queue) -> None:
    broker = make_broker(queue.server.url, "a", stage_queues(2))
    for name in ("land", "refine"):
        RedisMessageQueue(queue.server.url).send(name)
    assert len(broker.do_fetch("refine", 1)) == 1
    with redis.Redis.from_url(queue.server.url) as client:
        beat = client.zscore("dramatiq:__heartbeats__", "a")
        time.sleep(0.01)
        assert broker.do_fetch("land", 1) == []
        assert client.zscore("dramatiq:__heartbeats__", "a") > beat
        assert client.llen("dramatiq:land") == 1
    broker.client.close()


def test_a_message_whose_text_is_lost_blocks_nobody(queue: Queue) -> None:
    broker = make_broker(queue.server.url, "a", stage_queues(2))
    with redis.Redis.from_url(queue.server.url) as client:
        client.rpush("dramatiq:land", "lost")
    assert broker.do_fetch("land", 1) == []
    RedisMessageQueue(queue.server.url).send("land")
    assert len(broker.do_fetch("land", 1)) == 1
    broker.client.close()


def test_a_message_whose_fetch_was_never_answered_comes_back_and_blocks_nobody(queue: Queue) -> None:
    first, second = (make_broker(queue.server.url, name, stage_queues(2)) for name in "ab")
    RedisMessageQueue(queue.server.url).send("refine")
    first._fetch("refine", 1)  # as if the server died before the reply of the fetch
    RedisMessageQueue(queue.server.url).send("refine")
    assert second.do_fetch("refine", 1) == []
    (held,) = first.do_fetch("refine", 1)
    first.do_ack("refine", Message.decode(held).options["redis_message_id"])
    assert len(second.do_fetch("refine", 1)) == 1
    assert first.do_fetch("refine", 1) == []
    for broker in (first, second):
        broker.client.close()


def test_a_consumer_that_broke_gives_its_message_up(queue: Queue) -> None:
    broker = make_broker(queue.server.url, "a", stage_queues(2))
    for name in ("land", "refine"):
        RedisMessageQueue(queue.server.url).send(name)
    (held,) = broker.do_fetch("refine", 1)
    broker.consume("refine")
    assert broker.do_fetch("land", 1) == []
    assert broker.do_fetch("refine", 1) == [held]
    broker.client.close()


def test_a_path_with_blanks_and_quotes_serves(tmp_path: Path) -> None:
    queue = Queue(tmp_path / 'it\'s a "folder" with %41 ü')
    queue.folder.mkdir()
    queue.start()
    RedisMessageQueue(queue.server.url).check()
    queue.kill()
