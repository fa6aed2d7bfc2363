"""Which queue a worker reads next: no stage starves, and started work is finished first."""

import pytest

from infrastructure.queue.queue_selection import QueueLength, QueueSelection
from workers.worker_loop import side_queues, stage_queues

STAGES = ("land", "refine", "publish", "index")


def counts(**given: tuple[int, int]) -> dict[str, QueueLength]:
    """(waiting, held) by queue; zero for the others."""
    return {name: QueueLength(*given.get(name, (0, 0))) for name in (*STAGES, "erase")}


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
        ({"refine": (1, 0), "publish": (1, 0), "index": (1, 0)}, "index"),
        ({"land": (3, 0), "refine": (2, 0), "publish": (1, 0), "index": (1, 0), "erase": (1, 0)}, "erase"),
        ({"land": (3, 0), "publish": (1, 1), "index": (1, 0)}, "land"),
    ],
)
def test_of_two_workers(given: dict[str, tuple[int, int]], wanted: str | None) -> None:
    assert stage_queues(2).choose(counts(**given)) == wanted


def test_all_workers_but_one_may_land() -> None:
    assert stage_queues(3).choose(counts(land=(1, 1))) == "land"
    assert stage_queues(3).choose(counts(land=(1, 2))) is None
    assert stage_queues(1).choose(counts(land=(1, 0))) == "land"


def test_webhooks_and_vectors_have_threads_of_their_own() -> None:
    queues = [[one.queues for one in side_queues(index, 3)] for index in range(3)]
    assert queues == [[("deliver",)], [("embed",)], []]
    assert [one.queues for one in side_queues(0, 1)] == [("deliver",), ("embed",)]


def test_a_worker_without_queues_takes_nothing() -> None:
    assert QueueSelection().choose({}) is None
