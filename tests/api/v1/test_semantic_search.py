"""Searches by meaning, groups, explanations, gold rows and synonyms over HTTP."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from domain.search.queries import Collection
from infrastructure.embeddings import ConfiguredModels
from services.pipeline.embedding.embed import apply_chosen_model, embed
from tests.api.conftest import Api
from tests.api.releases import CLOUD, PENS, ROADS

MODEL = "static-minilm-256"


@pytest.fixture
def meant(full: Api) -> Iterator[Api]:
    """The API over a stocked lake that is embedded."""
    parts = replace(full.parts, embedders=ConfiguredModels("static"))
    apply_chosen_model(parts.warehouse, parts.embedders)
    embed(parts)
    state = full.client.app.state  # type: ignore[attr-defined]
    before = state.container
    state.container = replace(before, parts=parts)
    yield full
    state.container = before


def hits(api: Api, query: str) -> list[str]:
    answer = api.client.get(f"/v1/search?{query}")
    assert answer.status_code == 200, answer.text
    return [hit["id"] for hit in answer.json()["hits"]]


def test_by_default_words_and_meaning_are_searched(meant: Api) -> None:
    answer = meant.client.get("/v1/search?q=repair of asphalt streets").json()
    assert (answer["hits"][0]["id"], answer["mode"], answer["warning"]) == (ROADS, "hybrid", None)
    assert hits(meant, "q=office stationery and pencils&mode=semantic")[0] == PENS
    assert meant.client.get("/v1/search?q=stationery&mode=keyword").json()["mode"] == "keyword"


def test_without_embeddings_the_answer_says_that_it_went_by_word(full: Api) -> None:
    assert full.client.get("/v1/search?q=roads").json()["mode"] == "keyword"
    told = full.client.get("/v1/search?q=roads&mode=semantic").json()
    assert (told["mode"], told["warning"]) == ("keyword", "embeddings are off; these hits were found by word")


def test_more_like_one_and_explanations(meant: Api) -> None:
    assert ROADS not in hits(meant, f"similar_to={ROADS}")
    explain = meant.client.get("/v1/search?q=roads&explain=true").json()["hits"][0]["explain"]
    assert (explain["words"]["title"], explain["model"], explain["keyword_rank"]) == (["roads"], MODEL, 1)
    assert meant.client.get("/v1/search?similar_to=nobody").status_code == 404


def test_hits_carry_their_rows_of_gold(full: Api) -> None:
    hit = full.client.get("/v1/search?q=roads&include=gold").json()["hits"][0]
    assert (hit["gold"]["ocid"], hit["gold"]["title"]) == (ROADS, "Resurfacing of roads")
    organization = full.client.get("/v1/search?q=northshire&collection=organizations&include=gold").json()["hits"][0]
    assert organization["gold"]["organization_id"] == organization["id"]


def test_groups_and_their_refusal(full: Api) -> None:
    found = full.client.get("/v1/search?group_by=method&group_limit=1").json()["hits"]
    assert len({hit["group"] for hit in found}) == len(found)
    refused = full.client.get("/v1/search?group_by=supplier")
    assert (refused.status_code, "buyer" in refused.json()["allowed"]) == (400, True)
    assert full.client.get("/v1/search?include=silver").status_code == 400


def test_synonyms_are_kept_applied_and_removed(full: Api) -> None:
    assert hits(full, "q=tarmacking") == []
    put = full.client.put("/v1/search/synonyms/t1", json={"words": ["tarmacking", "resurfacing"]})
    assert (put.status_code, put.json()) == (200, {"id": "t1", "words": ["tarmacking", "resurfacing"], "root": None})
    assert hits(full, "q=tarmacking") == [ROADS]
    assert full.client.get("/v1/search/synonyms").json()["items"] == [put.json()]
    assert full.client.get("/v1/search/synonyms/t1").json() == put.json()
    assert full.client.put("/v1/search/synonyms/t1", json={"root": "sky", "words": ["cloud"]}).status_code == 200
    assert (hits(full, "q=tarmacking"), hits(full, "q=sky")[:1]) == ([], [CLOUD])
    assert full.client.delete("/v1/search/synonyms/t1").status_code == 204
    assert hits(full, "q=sky") == []
    assert full.client.delete("/v1/search/synonyms/t1").status_code == 404
    assert full.client.get("/v1/search/synonyms/t1").status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {"words": ["one"]},
        {"words": ["same", " same "]},
        {"words": ["!", "?"]},
        {"words": []},
        {"root": "-", "words": ["a"]},
        {},
    ],
)
def test_what_can_be_no_synonym_is_refused(full: Api, body: dict[str, object]) -> None:
    assert full.client.put("/v1/search/synonyms/t1", json=body).status_code in {400, 422}
    assert full.client.put("/v1/search/synonyms/a b", json={"words": ["a", "b"]}).status_code == 400
    assert full.client.get("/v1/search/synonyms").json() == {"items": []}


def test_documents_of_every_collection_are_embedded(meant: Api) -> None:
    assert meant.parts.search.active_model(Collection.PROCESSES) == MODEL
    assert meant.parts.search.active_model(Collection.ORGANIZATIONS) == MODEL
