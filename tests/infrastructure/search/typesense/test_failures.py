"""Failures of the server lead to a retry or a clear error, never to silently missing documents."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import numpy as np
import pytest

from domain.search.embedding_text import embedding_text_hash
from domain.search.queries import Collection, Filter, Mode, SearchQuery, Synonym
from domain.shared.errors import AwayError, InvalidError, NoSpaceError, RetryableError, UnavailableError
from infrastructure.search.typesense.engine import TypesenseSearch
from infrastructure.search.typesense.http_client import RetryPolicy
from infrastructure.search.typesense.schema import decode_id, encode_id, query_by
from infrastructure.system.outage import server_at
from services.ports.search import VectorRow
from tests.infrastructure.search.contract import ALL, BARE, SPEC, P, find, ids, only, process
from tests.infrastructure.search.typesense.stand_in.server import Typesense
from tests.infrastructure.search.typesense.transport import Failure, Recording, refusal

FULL = "Rejecting write: running out of resource type: OUT_OF_DISK"


@pytest.fixture
def recording() -> Iterator[Recording]:
    made = Recording(Typesense())
    yield made
    assert made.problems == []


@pytest.fixture
def engine(recording: Recording) -> TypesenseSearch:
    engine = TypesenseSearch(
        "http://typesense", "k", [SPEC], transport=recording, patience=RetryPolicy(tries=4, first=0.0)
    )
    engine.write(P, ALL, ())
    return engine


def importing(recording: Recording, failure: httpx.Response | Exception) -> Failure:
    """Fail the next import; other requests succeed."""

    def fail(request: httpx.Request) -> httpx.Response | None:
        if not request.url.path.endswith("/import"):
            recording.failures.appendleft(fail)
            return None
        if isinstance(failure, Exception):
            raise failure
        return failure

    return fail


@pytest.mark.parametrize(
    "failure",
    [
        refusal(500, "Internal error"),
        refusal(503, "Not Ready or Lagging"),
        refusal(429, "Too many requests", Retry_After=0),
        httpx.ConnectError("Connection refused"),
        httpx.RemoteProtocolError("Server disconnected"),
        httpx.Response(200, content=b"<html>a proxy</html>"),
    ],
    ids=str,
)
def test_what_passes_is_tried_again(
    engine: TypesenseSearch, recording: Recording, failure: httpx.Response | Exception
) -> None:
    for count in (1, 2):
        recording.failures.extend([failure] * count)
        engine.write(P, [process(20 + count, "Later")], ())
        assert (engine.count(P), len(recording.failures)) == (4 + count, 0)


@pytest.mark.parametrize(
    "failure",
    [refusal(500, "Internal error"), refusal(429, "Busy", Retry_After=0), httpx.ConnectError("refused")],
    ids=str,
)
def test_what_does_not_pass_is_told_as_away_by_writes_and_searches(
    engine: TypesenseSearch, recording: Recording, failure: httpx.Response | Exception
) -> None:
    recording.failures.extend([failure] * 100)
    for call in (
        lambda: engine.write(P, [BARE], ()),
        lambda: find(engine, "roads"),
        lambda: engine.count(P),
        lambda: list(engine.scan(P)),
    ):
        with pytest.raises(UnavailableError):
            call()
    assert len(recording.failures) < 100


def lines_of(said: list[str]) -> list[str]:
    return [line.split(" since")[0].split(" after")[0] for line in said]


@pytest.mark.parametrize(
    ("failure", "tries"),
    [
        (refusal(503, "Not Ready or Lagging"), 4),
        (refusal(502, "a proxy"), 4),
        (httpx.ConnectError("refused"), 4),
        (httpx.ReadTimeout("frozen"), 2),
    ],
    ids=str,
)
def test_a_server_that_is_away_is_told_of_once_and_tried_once_in_a_while(
    engine: TypesenseSearch, recording: Recording, said: list[str], failure: httpx.Response | Exception, tries: int
) -> None:
    server = server_at("Typesense", "http://typesense")
    server.pause = 60.0
    recording.failures.extend([failure] * 1_000)
    for number in range(20):
        with pytest.raises(AwayError):
            engine.write(P, [BARE], ()) if number % 2 else find(engine, "roads")
    assert len(recording.failures) >= 1_000 - tries
    server.pause = 0.0
    for _ in range(20):
        server.failed("still away")
        with pytest.raises(AwayError):
            engine.count(P)
    assert len(recording.failures) >= 1_000 - tries - 2 * 20
    recording.failures.clear()
    assert engine.count(P) == 4
    assert lines_of(said) == ["Typesense is away", "Typesense is back"]


def test_a_server_that_answers_others_is_only_slow(
    engine: TypesenseSearch, recording: Recording, said: list[str]
) -> None:
    def slow(request: httpx.Request) -> httpx.Response | None:
        recording.failures.append(slow)
        if request.url.path == "/health":
            return None
        raise httpx.ReadTimeout("slow")

    recording.failures.append(slow)
    with pytest.raises(UnavailableError, match="did not answer within") as raised:
        engine.write(P, [BARE], ())
    assert not isinstance(raised.value, AwayError)
    assert said == []
    recording.failures.clear()
    assert engine.count(P) == 4


def test_an_export_of_a_server_that_goes_away_ends_with_it(
    engine: TypesenseSearch, recording: Recording, said: list[str]
) -> None:
    def cut(request: httpx.Request) -> httpx.Response | None:
        if request.url.path.endswith("/export"):
            raise httpx.ReadError("reset")
        recording.failures.append(cut)
        return None

    recording.failures.append(cut)
    with pytest.raises(AwayError):
        list(engine.scan(P))
    assert lines_of(said) == ["Typesense is away"]


@pytest.mark.parametrize(
    ("header", "seconds"), [("7", 7), (None, 1), ("Wed, 21 Oct 2026 07:28:00 GMT", 1), ("inf", 1), ("nan", 1)]
)
def test_a_busy_server_tells_callers_when_to_come_back(recording: Recording, header: str | None, seconds: int) -> None:
    engine = TypesenseSearch("http://typesense", "k", [SPEC], transport=recording, patience=RetryPolicy(tries=1))
    recording.failures.append(refusal(429, "Busy", **({"Retry_After": header} if header else {})))
    with pytest.raises(UnavailableError) as raised:
        engine.count(P)
    assert raised.value.details == {"retry_after": seconds}


def test_a_busy_server_is_asked_again_when_it_says(engine: TypesenseSearch, recording: Recording) -> None:
    recording.failures.append(refusal(429, "Busy", Retry_After=1))
    started = time.monotonic()
    assert engine.count(P) == 4
    assert time.monotonic() - started >= 1.0


@pytest.mark.parametrize("status", [422, 500, 503])
def test_a_full_disk_is_told_as_such_and_at_once(engine: TypesenseSearch, recording: Recording, status: int) -> None:
    recording.failures.append(importing(recording, refusal(status, FULL)))
    with pytest.raises(NoSpaceError, match="OUT_OF_DISK"):
        engine.write(P, [BARE], ())


@pytest.mark.parametrize(
    ("line", "error", "hint"),
    [
        ('{"success":false,"code":400,"error":"Field `value` must be a float."}', InvalidError, "ocds-b5fd17-0009.*"),
        ('{"success":false,"code":500,"error":"Write to disk failed."}', UnavailableError, "disk"),
        ('{"success":false,"code":422,"error":"running out of resource type: OUT_OF_DISK"}', NoSpaceError, "full"),
        ("", UnavailableError, "0 of 1"),
    ],
)
def test_a_document_that_was_not_taken_is_a_failure_though_the_import_says_200(
    engine: TypesenseSearch, recording: Recording, line: str, error: type[Exception], hint: str
) -> None:
    recording.failures.append(importing(recording, httpx.Response(200, content=line.encode())))
    with pytest.raises(error, match=hint):
        engine.write(P, [process(9, "Not taken")], ())
    engine.write(P, [process(9, "Taken")], ())
    assert ids(find(engine, "taken")) == only(process(9, ""))


def test_a_partial_import_fails_the_batch_and_doing_it_again_completes_it(
    engine: TypesenseSearch, recording: Recording
) -> None:
    lines = b'{"success":true}\n{"success":false,"code":503,"error":"Not ready"}'
    recording.failures.append(importing(recording, httpx.Response(200, content=lines)))
    with pytest.raises(UnavailableError, match="ocds-b5fd17-0011"):
        engine.write(P, [process(10, "One"), process(11, "Two")], ())
    engine.write(P, [process(10, "One"), process(11, "Two")], ())
    assert engine.count(P) == 6


def test_a_request_that_the_server_refuses_is_not_tried_again(engine: TypesenseSearch, recording: Recording) -> None:
    recording.failures.append(importing(recording, refusal(400, "Query string exceeds max allowed length")))
    before = len(recording.requests)
    with pytest.raises(InvalidError, match="Query string exceeds"):
        engine.write(P, [BARE], ())
    assert sum(request.url.path.endswith("/import") for request in recording.requests[before:]) == 1


def test_a_wrong_key_says_so_and_sets_nothing_aside(recording: Recording) -> None:
    with pytest.raises(RetryableError, match="TENDERLAKE_TYPESENSE_API_KEY"):
        TypesenseSearch("http://typesense", "wrong", [SPEC], transport=recording).write(P, [BARE], ())


def test_documents_that_are_lost_for_good_come_back_by_a_fresh_collection(
    engine: TypesenseSearch, recording: Recording
) -> None:
    next(iter(recording.server.collections.values())).documents.clear()
    fresh = engine.begin_rebuild(P)
    fresh.write(ALL, [])
    fresh.swap()
    assert engine.count(P) == 4


def test_a_server_that_lost_everything_is_an_empty_one(engine: TypesenseSearch, recording: Recording) -> None:
    recording.server.collections.clear()
    recording.server.aliases.clear()
    started_again = TypesenseSearch("http://typesense", "k", [SPEC], transport=recording)
    assert started_again.count(P) == 0
    engine.write(P, ALL, ())
    assert find(engine, "roads").found == 1


def test_an_export_that_breaks_off_is_no_end(engine: TypesenseSearch, recording: Recording) -> None:
    def cut(request: httpx.Request) -> httpx.Response | None:
        return httpx.Response(200, content=b'{"ocid":"ocds-1"}\n{"oc') if request.url.path.endswith("/export") else None

    recording.failures.extend([cut] * 3)
    with pytest.raises(UnavailableError, match="only part of it"):
        list(engine.scan(P))


def test_a_schema_of_another_version_begins_empty_and_takes_the_alias(
    engine: TypesenseSearch, recording: Recording
) -> None:
    wider = SPEC.model_copy(update={"fields": SPEC.fields[:-1]})
    newer = TypesenseSearch("http://typesense", "k", [wider], transport=recording)
    assert newer.count(P) == 0
    assert len(recording.server.collections) == 1
    assert recording.server.aliases["tenderlake-processes"] in recording.server.collections


def test_deletes_of_many_ids_go_in_addresses_that_servers_take(engine: TypesenseSearch, recording: Recording) -> None:
    many = [process(i, "Many") for i in range(500, 900)]
    engine.write(P, many, ())
    before = len(recording.requests)
    engine.write(P, (), [one["id"] for one in many])
    deletes = [request for request in recording.requests[before:] if request.method == "DELETE"]
    assert len(deletes) > 1
    assert max(len(str(request.url)) for request in deletes) < 4_000
    assert engine.count(P) == 4


def test_ids_of_any_characters_go_there_and_back(engine: TypesenseSearch) -> None:
    odd = [{"id": f"ocds/ä b_{one}-%41`&&\x00|", "title": f"Odd {one}"} for one in "[](),:<>*`\"'\\"]
    engine.write(P, odd, ())
    for one in odd:
        assert decode_id(encode_id(one["id"])) == one["id"]
        assert ids(find(engine, filters=(Filter(field="id", values=(one["id"],)),))) == [one["id"]]
    engine.write(P, (), [one["id"] for one in odd])
    assert engine.count(P) == 4


def test_a_key_for_browsers_searches_and_ends(engine: TypesenseSearch, recording: Recording) -> None:
    until = datetime(2030, 1, 1, tzinfo=UTC)
    key = engine.search_key([], None, until)
    made = recording.server.keys[0]
    assert (made["actions"], made["collections"], made["expires_at"]) == (
        ["documents:search"],
        ["tenderlake-processes"],
        int(until.timestamp()),
    )
    assert (key.key, key.collections, key.query_by) == (
        made["value"],
        {P: "tenderlake-processes"},
        {P: ",".join(query_by(SPEC))},
    )
    narrowed = engine.search_key([Filter(field="region", values=("Wales",))], P, until)
    assert narrowed.key not in {one["value"] for one in recording.server.keys}
    with pytest.raises(InvalidError, match="collection"):
        TypesenseSearch(
            "http://t", "k", [SPEC, SPEC.model_copy(update={"name": Collection.ORGANIZATIONS})], transport=recording
        ).search_key([Filter(field="region", values=("Wales",))], None, until)


def test_a_hybrid_search_past_what_was_fused_gives_every_document_once(engine: TypesenseSearch) -> None:
    documents = [process(i, "Road works") for i in range(1_000, 1_400)]
    engine.write(P, documents, ())
    near = [
        VectorRow(one["id"], embedding_text_hash(P, one), np.array([1.0, 0.001 * i], dtype=np.float32))
        for i, one in enumerate(documents[350:])
    ]
    far = [
        VectorRow(one["id"], embedding_text_hash(P, one), np.array([0.0, 1.0], dtype=np.float32))
        for one in documents[:350]
    ]
    engine.write_vectors(P, "m", near + far)
    asked = SearchQuery(text="road works", mode=Mode.HYBRID, vector=(1.0, 0.0), facet_by=("region",), per_page=100)
    pages = [engine.search(asked.model_copy(update={"page": page})) for page in range(1, 7)]
    shown = [one for page in pages for one in ids(page)]
    assert pages[0].mode is Mode.HYBRID
    assert near[0].id in shown[:100]
    assert len(shown) == len(set(shown)) == pages[0].found


def test_a_vector_whose_document_changes_while_it_is_written_is_taken_back(
    engine: TypesenseSearch, recording: Recording
) -> None:
    documents = [process(1, "Roads"), process(2, "Meals")]
    engine.write(P, documents, ())

    def meanwhile(request: httpx.Request) -> None:
        if request.url.path.endswith("/import"):
            engine.write(P, [process(1, "Quokkas")], ())
        else:
            recording.failures.append(meanwhile)

    recording.failures.append(meanwhile)
    engine.write_vectors(
        P,
        "m",
        [
            VectorRow(one["id"], embedding_text_hash(P, one), np.array([1.0, 0.0], dtype=np.float32))
            for one in documents
        ],
    )
    assert dict(engine.vectors(P, "m")) == {documents[1]["id"]: embedding_text_hash(P, documents[1])}


@pytest.mark.parametrize("version", ["29.0", "30.1"])
def test_the_first_synonyms_reach_other_processes(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Typesense(version)
    one, other = (TypesenseSearch("http://typesense", "k", [SPEC], transport=Recording(server)) for _ in range(2))
    one.write(P, [process(1, "Asphalt")], ())
    assert find(other, "tarmac").found == 0
    one.set_synonyms([Synonym(id="s", words=("tarmac", "asphalt"))])
    assert find(one, "tarmac").found == 1
    monkeypatch.setattr("infrastructure.search.typesense.synonyms.FRESHNESS_SECONDS", 0.0)
    assert find(other, "tarmac").found == 1
    one.set_synonyms([])
    assert (find(one, "tarmac").found, find(other, "tarmac").found) == (0, 0)


def test_an_import_that_is_not_answered_is_sent_again_soon_and_given_more_time(
    engine: TypesenseSearch, recording: Recording
) -> None:
    recording.failures.append(importing(recording, httpx.ReadTimeout("slow")))
    engine.write(P, [process(30, "Later")], ())
    imports = [request for request in recording.requests if request.url.path.endswith("/import")][-2:]
    assert [request.extensions["timeout"]["read"] for request in imports] == [4.0, 8.0]
    find(engine, "later")
    assert recording.requests[-1].extensions["timeout"]["read"] == 4.0


def test_a_write_goes_to_the_collection_s_own_name(engine: TypesenseSearch, recording: Recording) -> None:
    engine.write(P, [process(31, "Later")], [BARE["id"]])
    written = [request.url.path.split("/")[2] for request in recording.requests if "/documents" in request.url.path]
    assert set(written) == set(recording.server.collections)


def test_a_collection_that_is_deleted_beneath_a_search_is_an_empty_one(
    engine: TypesenseSearch, recording: Recording
) -> None:
    find(engine, "roads")
    recording.server.collections.clear()
    recording.server.aliases.clear()
    assert find(engine, "roads").found == 0
