"""Which queue a worker reads next: no stage starves, and started work is finished first."""

import pytest

from infrastructure.queue.queue_selection import QueueSelection
from services.pipeline.stages import STAGES
from workers.worker_loop import side_queues, stage_queues


def choose(workers: int, **given: tuple[int, int]) -> str | None:
    """The choice, given (waiting, held) by queue; zero for the others."""
    waiting = {name for name, (count, _) in given.items() if count}
    return stage_queues(workers).choose(waiting, {name: held for name, (_, held) in given.items()})


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ({}, None),
        ({"land": (1, 0)}, "land"),
        ({"land": (1, 0), "refine": (1, 0)}, "refine"),  # landing more would only increase the backlog of refine
        ({"land": (1, 0), "refine": (0, 1)}, "land"),  # so that refine has work when it ends
        ({"land": (1, 0), "refine": (1, 1)}, "land"),  # this worker has no other work
        ({"land": (1, 1), "refine": (1, 1)}, None),  # other workers have both
        ({"refine": (1, 0), "publish": (1, 0)}, "publish"),
        ({"refine": (1, 0), "publish": (1, 1)}, "refine"),
        ({"refine": (1, 0), "publish": (1, 0), "match": (1, 0), "index": (1, 0)}, "index"),
        (dict.fromkeys(("land", "refine", "publish", "match", "index", "erase"), (1, 0)), "erase"),
        ({"land": (3, 0), "publish": (1, 1), "index": (1, 0)}, "land"),
    ],
)
def test_of_two_workers(given: dict[str, tuple[int, int]], wanted: str | None) -> None:
    assert choose(2, **given) == wanted


def test_all_workers_but_one_may_land() -> None:
    assert choose(3, land=(1, 1)) == "land"
    assert choose(3, land=(1, 2)) is None
    assert choose(1, land=(1, 0)) == "land"


@pytest.mark.parametrize("workers", range(1, 6))
def test_stages_with_threads_of_their_own_are_each_served_by_one_worker(workers: int) -> None:
    queues = [one.queues for index in range(workers) for one in side_queues(index, workers)]
    assert sorted(queues) == sorted((stage.name,) for stage in STAGES if stage.own_thread)


def test_workers_share_the_stages_with_threads_of_their_own() -> None:
    assert [[one.queues for one in side_queues(index, 2)] for index in range(2)] == [
        [("red_flags",), ("marts",)],
        [("deliver",), ("embed",)],
    ]


def test_a_worker_without_queues_takes_nothing() -> None:
    assert QueueSelection().choose({}, {}) is None
