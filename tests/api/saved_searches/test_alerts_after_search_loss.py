"""Alerts after the search index was lost and filled again: none for earlier documents, one for each new match."""

import json

import pytest

from domain.search.queries import Collection
from services.maintenance.rebuild import index_again_if_lost
from services.pipeline.indexing import index as stage
from services.pipeline.indexing.index import index
from tests.api.conftest import Api
from tests.api.releases import release
from tests.api.saved_searches.test_saved_searches import entries, load, save, sent, work
from tests.infrastructure.pdf import pdfs

HOOK = "https://example.org/hook"


def lose(api: Api, *collections: Collection) -> None:
    """Empty the collections, as a new schema or another server does, and run the detection."""
    for collection in collections or Collection:
        api.parts.search.clear(collection)
    assert index_again_if_lost(api.parts.warehouse, api.parts.search)


def refill(api: Api) -> None:
    api.messages.sent.append(("index",))
    work(api)


def publish(api: Api, number: int, title: str, buyer: str = "Northshire County Council") -> None:
    """Publish a process to gold without indexing it."""
    one = release(f"ocds-test09-{number}", title, "2024-06-01T00:00:00Z", 5.0, "GBP", "open", "45233142")
    one["buyer"] = {"id": f"GB-LAE-{buyer}", "name": buyer}
    one["parties"][0] |= one["buyer"]
    upload(api, f"{number}.jsonl", json.dumps(one).encode())


def upload(api: Api, name: str, content: bytes) -> None:
    api.messages.sent.clear()
    assert api.client.post("/v1/uploads", files={"file": (name, content)}).status_code == 202
    work(api, until="index")
    api.messages.sent.clear()


def test_what_was_found_before_search_was_lost_is_not_told_when_it_is_filled_again(api: Api) -> None:
    load(api, "Bridges of old", "Bridges older", "Roads")
    made = save(api, webhook=HOOK)
    lose(api)
    refill(api)
    assert (api.parts.search.count(Collection.PROCESSES), entries(api, made), sent(api, made)) == (3, [], [])
    load(api, "Bridges of old", "Bridges older", "Bridges by now", "Bridges anew", date="2024-06-01T00:00:00Z")
    assert sorted(entries(api, made)) == ["Bridges anew", "Bridges by now"]
    assert [one["found"] for one in sent(api, made)] == [2]


@pytest.mark.slow
def test_what_comes_while_search_is_filled_again_is_told_once(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    made = save(api, webhook=HOOK)
    monkeypatch.setattr(stage, "RUN_MAX_PROCESSES", 1)  # one run per silver batch
    for number in range(3):
        load(api, f"Bridges {number}", first=number)
    publish(api, 3, "Bridges that waited to be indexed")
    lose(api)
    for number in range(4, 7):
        publish(api, number, f"Bridges of run {number}")
        publish(api, 0, f"Bridges 0, corrected for run {number}")
        index(api.parts)
        if number == 5:
            lose(api)
    refill(api)
    assert api.parts.search.count(Collection.PROCESSES) == 7
    titles = (
        [f"Bridges {number}" for number in range(3)]
        + ["Bridges that waited to be indexed"]
        + [f"Bridges of run {number}" for number in range(4, 7)]
    )
    assert sorted(entries(api, made)) == sorted(titles)
    assert sum(one["found"] for one in sent(api, made)) == 7


@pytest.mark.slow
def test_organizations_and_passages_that_were_there_are_not_told_and_new_ones_are(api: Api) -> None:
    publish(api, 0, "Roads", "Bridge Council")
    upload(api, "old.pdf", pdfs.pdf("About bridges"))
    refill(api)
    buyers = save(api, query={"q": "council", "collection": "organizations"}, webhook=HOOK)
    passages = save(api, query={"q": "bridges", "collection": "documents"}, webhook=HOOK)
    lose(api)
    publish(api, 1, "Roads again", "Bridge Council")  # touches the organisation again
    publish(api, 2, "Roads anew", "Council of Bridges")
    upload(api, "new.pdf", pdfs.pdf("More about bridges"))
    refill(api)
    assert entries(api, buyers) == ["Council of Bridges"]
    assert ([one["found"] for one in sent(api, passages)], api.parts.search.count(Collection.DOCUMENTS)) == ([1], 2)


def test_what_was_not_lost_is_told_as_ever(api: Api) -> None:
    publish(api, 0, "Roads")
    upload(api, "old.pdf", pdfs.pdf("About bridges"))
    refill(api)
    made = save(api, webhook=HOOK)
    lose(api, Collection.DOCUMENTS)
    publish(api, 0, "Bridges by now")
    refill(api)
    assert (entries(api, made), api.parts.search.count(Collection.DOCUMENTS)) == (["Bridges by now"], 1)
