"""The client of an embedding endpoint, against a real server that answers well, late, wrongly or not at all."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from domain.shared.errors import InvalidError, UnavailableError
from infrastructure.embeddings.openai_endpoint import OpenAIEndpoint
from tests.infrastructure.embeddings.servers import DIMENSION, Answer, endpoint, good, numbers, stall
from tests.infrastructure.embeddings.servers import Endpoint as Server

Reply = Callable[[dict[str, Any]], Answer]


@pytest.fixture
def server() -> Iterator[Server]:
    with endpoint() as started:
        yield started


def client(server: Server, **options: Any) -> OpenAIEndpoint:
    return OpenAIEndpoint(server.url, "test-model", pause=0.01, timeout=0.3, **options)


def rows(change: Callable[[list[dict[str, Any]]], list[dict[str, Any]]]) -> Reply:
    """A good answer with its rows changed."""
    return lambda request: (200, {"data": change(good(request)[1]["data"])})


def test_rows_come_in_the_order_of_the_texts_and_have_length_one(server: Server) -> None:
    texts = [f"text {i}" for i in range(150)]
    made = client(server).embed(texts)
    assert made.shape == (150, DIMENSION)
    assert np.allclose(np.linalg.norm(made, axis=1), 1)
    wanted = np.array([numbers(text) for text in texts])
    assert np.allclose(made, wanted / np.linalg.norm(wanted, axis=1, keepdims=True), atol=1e-6)
    assert [len(one["input"]) for one in server.asked] == [64, 64, 22]


def test_the_key_and_the_model_are_sent(server: Server) -> None:
    client(server, key="k-1").embed(["a", "b"])
    assert (server.keys, server.asked[0]["model"]) == (["Bearer k-1"], "test-model")


def test_the_dimension_is_asked_once(server: Server) -> None:
    asking = client(server)
    assert (asking.dimension, asking.dimension, len(server.asked)) == (DIMENSION, DIMENSION, 1)


def test_no_texts_have_no_rows(server: Server) -> None:
    assert client(server).embed([]).shape == (0, DIMENSION)


@pytest.mark.parametrize(
    "failure",
    [
        lambda _: (503, {"error": "busy"}),
        lambda _: (429, {"error": "slow down"}),
        lambda _: (500, b"<html>"),
        lambda _: (200, b"no json"),
        lambda _: (200, {"nothing": []}),
        rows(lambda data: data[:-1]),
        rows(lambda data: [*data, {"index": len(data), "embedding": data[0]["embedding"]}]),
        rows(lambda data: [{**data[0], "embedding": [1.0]}, *data[1:]]),
        rows(lambda data: [{**one, "embedding": [float("nan")] * DIMENSION} for one in data]),
        rows(lambda data: [{**one, "embedding": [0.0] * DIMENSION} for one in data]),
        rows(lambda data: [{**one, "embedding": ["x"] * DIMENSION} for one in data]),
        rows(lambda data: [{**one, "index": 0} for one in data]),
        stall,
    ],
    ids=[
        "503",
        "429",
        "500",
        "no json",
        "no data",
        "one less",
        "one more",
        "ragged",
        "nan",
        "zeros",
        "text",
        "indexes",
        "stalls",
    ],
)
def test_a_failure_that_passes_is_tried_again_and_one_that_stays_is_told(server: Server, failure: Reply) -> None:
    asking = client(server)
    server.answers = [failure]
    assert asking.embed(["a", "b"]).shape == (2, DIMENSION)
    server.then = failure
    with pytest.raises(UnavailableError, match="embedding endpoint"):
        asking.embed(["a", "b"])


def test_vectors_of_another_length_than_before_are_not_taken(server: Server) -> None:
    asking = client(server)
    asking.embed(["a", "b"])
    server.then = rows(lambda data: [{**one, "embedding": [1.0, 2.0]} for one in data])
    with pytest.raises(UnavailableError, match="2 numbers, earlier ones had 5"):
        asking.embed(["a", "b"])


@pytest.mark.parametrize("status", [400, 413, 422])
def test_texts_that_are_refused_are_not_sent_again(server: Server, status: int) -> None:
    server.then = lambda _: (status, {"error": "too long"})
    with pytest.raises(InvalidError, match="refused"):
        client(server).embed(["a", "b"])
    assert len(server.asked) == 1


def test_a_wrong_key_names_its_setting(server: Server) -> None:
    server.then = lambda _: (401, {})
    with pytest.raises(UnavailableError, match="TENDERLAKE_EMBEDDINGS_KEY"):
        client(server, key="secret-1").embed(["a", "b"])


def test_a_query_waits_for_one_try_only(server: Server) -> None:
    server.then = lambda _: (503, {})
    with pytest.raises(UnavailableError):
        client(server).embed(["a query"])
    assert len(server.asked) == 1


def test_nobody_listening_is_told(server: Server) -> None:
    asking = OpenAIEndpoint("http://127.0.0.1:1/v1", "m", pause=0.01, timeout=0.3)
    with pytest.raises(UnavailableError, match="does not answer"):
        asking.embed(["a", "b"])
