"""The embed stage: indexed documents get vectors once, after keyword indexing, also after kills."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from domain.search.embedding_text import embedding_text_hash
from domain.search.queries import Collection, Mode
from domain.search.search_documents import SPECS
from domain.shared.errors import InvalidError, UnavailableError
from infrastructure.embeddings import ConfiguredModels
from infrastructure.search.embedded.vectors import VectorSets
from infrastructure.search.typesense.engine import TypesenseSearch
from services.jobs.queries import get_job
from services.pipeline.embedding import embed as stage
from services.pipeline.embedding.embed import apply_chosen_model, embed
from services.pipeline.indexing.index import index
from services.pipeline.landing.land import land
from services.pipeline.matching.match import match
from services.pipeline.publishing.publish import publish
from services.pipeline.refining.refine import refine
from services.pipeline.stage import ATTEMPTS_BEFORE_SINGLE_BATCH
from services.pipeline.sweep import sweep
from services.ports.embeddings import Embedder, Vectors
from services.ports.parts import Parts
from services.search.lost_collections import restart_embedding_if_lost
from services.search.searching import SearchRequest, search
from tests.infrastructure.search.typesense.stand_in.server import Typesense
from tests.infrastructure.search.typesense.transport import Recording
from tests.support import Killed, drain, lines, load, messages, release, submit, verified

P = Collection.PROCESSES
MODEL = "static-minilm-256"


class Counting:
    """A model that counts its texts and may fail; its vectors are those of the static model."""

    def __init__(self, inner: Embedder, model: str | None = None) -> None:
        self.inner, self.model, self.dimension = inner, model or inner.model, inner.dimension
        self.texts: list[str] = []
        self.fail: Exception | None = None
        self.refuses = "\x00"
        self.allowed = 1_000_000
        self.breaks: str | None = None

    def embed(self, texts: Sequence[str]) -> Vectors:
        if self.fail:
            raise self.fail
        if any(self.refuses in text for text in texts):
            raise InvalidError("refused")
        if self.allowed == 0 or (self.breaks is not None and any(self.breaks in text for text in texts)):
            raise Killed
        self.allowed -= 1
        self.texts += texts
        return self.inner.embed(texts)


class Chosen:
    """The port `Embedders` over these models; the first is chosen."""

    def __init__(self, *models: Counting) -> None:
        self.model = models[0].model
        self._models = {one.model: one for one in models}

    def get(self, model: str) -> Embedder | None:
        return self._models.get(model)


@pytest.fixture(scope="module")
def static() -> Embedder:
    found = ConfiguredModels("static").get(MODEL)
    assert found is not None
    return found


@pytest.fixture
def model(static: Embedder) -> Counting:
    return Counting(static)


@pytest.fixture
def lake(lake_home: Parts, model: Counting) -> Parts:
    parts = replace(lake_home, embedders=Chosen(model))
    apply_chosen_model(parts.warehouse, parts.embedders)
    return parts


def notices(count: int, **fields: Any) -> bytes:
    titles = ("Road resurfacing", "School meals", "Laptops for pupils", "Hospital beds", "Tree surgery")
    return lines(
        [
            release(f"ocds-test01-{i}", tender={"title": f"{titles[i % 5]} {i}", **fields}, parties=[])
            for i in range(count)
        ]
    )


def hashes(parts: Parts, name: str = MODEL) -> dict[str, str]:
    return dict(parts.search.vectors(P, name))


def wanted(parts: Parts) -> dict[str, str]:
    return {one["id"]: embedding_text_hash(P, one) for one in parts.search.scan(P)}


def test_what_is_loaded_is_found_by_its_meaning(lake: Parts) -> None:
    load(lake, "a.jsonl", notices(5))
    found = search(lake, SearchRequest(text="computers for children", mode=Mode.SEMANTIC))
    assert (found.hits[0].id, found.mode) == ("ocds-test01-2", Mode.SEMANTIC)
    assert hashes(lake) == wanted(lake)


def test_a_corrected_title_is_found_by_its_old_meaning_no_more_as_soon_as_it_is_indexed(
    lake: Parts, model: Counting
) -> None:
    load(lake, "a.jsonl", notices(5))
    model.fail = UnavailableError("away")
    submit(lake, "b.jsonl", lines([release("ocds-test01-1", tender={"title": "Quokka sanctuary"}, parties=[])]))
    with pytest.raises(UnavailableError):
        drain(lake)
    found = search(lake, SearchRequest(text="Quokka", mode=Mode.KEYWORD))
    assert [hit.id for hit in found.hits] == ["ocds-test01-1"]
    model.fail = None
    old = search(lake, SearchRequest(text="School meals", mode=Mode.HYBRID))
    assert "ocds-test01-1" not in [hit.id for hit in old.hits]
    drain(lake)
    embed(lake)
    assert hashes(lake) == wanted(lake)


def test_the_job_shows_embed_and_does_not_wait_for_it(lake: Parts, model: Counting) -> None:
    model.fail = UnavailableError("away")
    job_id = submit(lake, "a.jsonl", notices(3))
    with pytest.raises(UnavailableError):
        drain(lake)
    job = get_job(lake.warehouse, job_id)
    assert (job.status, [one.name for one in job.stages][-1], job.stages[-1].status) == (
        "succeeded",
        "embed",
        "pending",  # an outage is no attempt
    )
    model.fail = None
    embed(lake)
    assert get_job(lake.warehouse, job_id).stages[-1].status == "done"


def test_while_embeddings_are_off_jobs_have_no_stage_embed_and_hits_come_by_word(lake_home: Parts) -> None:
    job = load(lake_home, "a.jsonl", notices(3))
    assert [one.name for one in get_job(lake_home.warehouse, job.id).stages] == ["land", "refine", "publish", "index"]
    assert search(lake_home, SearchRequest(text="meals")).mode is Mode.KEYWORD
    told = search(lake_home, SearchRequest(text="meals", mode=Mode.SEMANTIC))
    assert (told.mode, told.warning) == (Mode.KEYWORD, "embeddings are off; these hits were found by word")


def test_unchanged_texts_are_not_embedded_again(lake: Parts, model: Counting) -> None:
    load(lake, "a.jsonl", notices(4))
    before = len(model.texts)
    load(lake, "b.jsonl", notices(4, status="active"))
    assert len(model.texts) == before
    load(
        lake,
        "c.jsonl",
        lines([release("ocds-test01-1", "2", "2024-02-01T00:00:00Z", tender={"title": "Another title"})]),
    )
    assert model.texts[before:] == ["Another title"]
    assert hashes(lake) == wanted(lake)


def test_words_go_first(lake: Parts, model: Counting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "SLICE_DOCUMENTS", 2)
    load(lake, "a.jsonl", notices(1))
    done = len(model.texts)
    submit(lake, "b.jsonl", notices(9))
    embed(lake)
    assert len(model.texts) == done
    drain(lake)
    assert hashes(lake) == wanted(lake)


@pytest.mark.parametrize("slices", range(5))
def test_a_killed_run_goes_on_and_embeds_nothing_twice(
    lake: Parts, model: Counting, slices: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "SLICE_DOCUMENTS", 3)
    model.allowed = slices
    submit(lake, "a.jsonl", notices(12))
    if slices < 4:
        with pytest.raises(Killed):
            drain(lake)
    model.allowed = 1_000
    embed(lake)
    drain(lake)
    assert sorted(model.texts) == sorted(set(model.texts))
    assert hashes(lake) == wanted(lake)


def test_a_run_gives_the_worker_back_and_is_sent_again(lake: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "SLICE_DOCUMENTS", 2)
    monkeypatch.setattr(stage, "RUN_MAX_SECONDS", 0.0)
    load(lake, "a.jsonl", notices(7))
    assert hashes(lake) == wanted(lake)


def test_a_text_that_the_model_refuses_costs_that_text_alone(lake: Parts, model: Counting) -> None:
    model.refuses = "meals"
    load(lake, "a.jsonl", notices(5))
    assert set(hashes(lake)) == {one for one in wanted(lake) if one != "ocds-test01-1"}
    with lake.warehouse.read() as work:
        assert not stage.embedding_pending(work)


def test_vectors_of_processes_that_are_gone_are_gone(lake: Parts) -> None:
    load(lake, "a.jsonl", notices(3))
    lake.search.write(P, (), ["ocds-test01-1"])
    assert "ocds-test01-1" not in hashes(lake)


def test_the_sweep_sends_embed_where_it_is_behind_and_idle(
    lake: Parts, model: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    model.fail = UnavailableError("away")
    submit(lake, "a.jsonl", notices(2))
    with pytest.raises(UnavailableError):
        drain(lake)
    monkeypatch.setattr("services.pipeline.sweep.IDLE_DURATION", timedelta(0))
    assert ("embed",) in sweep(lake)
    model.fail = None
    drain(lake)
    assert ("embed",) not in sweep(lake)


def test_another_model_is_built_beside_and_answers_when_it_is_whole(
    lake: Parts, model: Counting, static: Embedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "SLICE_DOCUMENTS", 2)
    load(lake, "a.jsonl", notices(6))
    other = Counting(static, "other")
    changed = replace(lake, embedders=Chosen(other, model))
    other.allowed = 1
    apply_chosen_model(changed.warehouse, changed.embedders)
    with pytest.raises(Killed):
        embed(changed)
    assert (changed.search.active_model(P), len(hashes(changed, "other"))) == (MODEL, 2)
    assert search(changed, SearchRequest(text="computers", mode=Mode.SEMANTIC)).mode is Mode.SEMANTIC
    other.allowed = 1_000
    messages(changed).send("embed")
    drain(changed)
    assert (changed.search.active_model(P), hashes(changed), hashes(changed, "other")) == ("other", {}, wanted(changed))


def test_while_the_old_model_answers_and_is_not_at_hand_hits_come_by_word(lake: Parts, static: Embedder) -> None:
    load(lake, "a.jsonl", notices(3))
    changed = replace(lake, embedders=Chosen(Counting(static, "other")))
    told = search(changed, SearchRequest(text="meals"))
    assert (told.mode, MODEL in str(told.warning)) == (Mode.KEYWORD, True)


def test_a_model_that_does_not_answer_leaves_the_words(lake: Parts, model: Counting) -> None:
    load(lake, "a.jsonl", notices(3))
    model.fail = UnavailableError("the endpoint is away")
    told = search(lake, SearchRequest(text="meals"))
    assert (told.hits[0].id, told.mode, told.warning) == (
        "ocds-test01-1",
        Mode.KEYWORD,
        "the endpoint is away; these hits were found by word",
    )


def test_back_to_the_model_before_embeds_what_changed_meanwhile(lake: Parts, model: Counting, static: Embedder) -> None:
    load(lake, "a.jsonl", notices(3))
    other = Counting(static, "other")
    other.fail = UnavailableError("never there")
    changed = replace(lake, embedders=Chosen(other, model))
    apply_chosen_model(changed.warehouse, changed.embedders)
    submit(changed, "b.jsonl", lines([release("ocds-test01-9", tender={"title": "New one"})]))
    with pytest.raises(UnavailableError):
        drain(changed)
    apply_chosen_model(lake.warehouse, lake.embedders)
    embed(lake)
    drain(lake)
    assert hashes(lake) == wanted(lake)


def test_lost_vectors_are_made_again(lake: Parts) -> None:
    load(lake, "a.jsonl", notices(3))
    documents = list(lake.search.scan(P))
    lake.search.clear(P)
    lake.search.clear(Collection.ORGANIZATIONS)
    lake.search.write(P, documents, ())
    restart_embedding_if_lost(lake.warehouse, lake.search, lost=False)
    embed(lake)
    assert hashes(lake) == wanted(lake)


def test_vectors_that_are_whole_come_to_serve_though_nobody_pointed_to_them(lake: Parts, model: Counting) -> None:
    server = Typesense()
    parts = replace(lake, search=TypesenseSearch("http://typesense", "k", SPECS, transport=Recording(server)))
    load(parts, "a.jsonl", notices(2))
    server.collections[server.aliases["tenderlake-processes"]].schema["metadata"].pop("serving")
    texts, restarted = (
        len(model.texts),
        replace(parts, search=TypesenseSearch("http://typesense", "k", SPECS, transport=Recording(server))),
    )
    assert restarted.search.active_model(P) is None
    restart_embedding_if_lost(restarted.warehouse, restarted.search, False)
    embed(restarted)
    assert (restarted.search.active_model(P), len(model.texts)) == (MODEL, texts)


def test_verify_finds_vectors_that_are_missing_of_another_text_or_of_another_meaning(
    lake: Parts, tmp_path: Path
) -> None:
    load(lake, "a.jsonl", notices(4))
    home = tmp_path / "home"
    assert verified(lake, home) == []
    kept = lake.search.read_vectors(P, MODEL, ["ocds-test01-1", "ocds-test01-2"])
    other_text = replace(kept["ocds-test01-1"], text_hash="0" * 32)  # the engine refuses it: written to its files
    VectorSets(home / "search" / "vectors" / "processes").write(
        MODEL, [other_text], lambda ids: dict.fromkeys(ids, "0" * 32)
    )
    lake.search.write_vectors(P, MODEL, [replace(kept["ocds-test01-2"], vector=-kept["ocds-test01-2"].vector)])
    lake.search.write(P, (), ["ocds-test01-3"])
    said = [one for one in verified(lake, home) if one.startswith("vectors")]
    assert [one.split(":")[0] for one in said] == [f"vectors.processes ocds-test01-{i}" for i in (1, 3, 2)]


def test_the_models_of_the_package_give_vectors_of_length_one_near_where_the_meaning_is() -> None:
    for choice in ("minilm", "static"):
        models = ConfiguredModels(choice)
        found = models.get(models.model or "")
        assert found is not None
        made = found.embed(
            [
                "food for the elderly",
                "meals for older people in residential care",
                "penetration testing of networks",
                "",
            ]
        )
        assert made.shape == (4, found.dimension)
        assert np.allclose(np.linalg.norm(made[:3], axis=1), 1, atol=1e-5)
        assert made[0] @ made[1] > made[0] @ made[2] + 0.2
    assert ConfiguredModels("off").model is None
    assert ConfiguredModels("off").get(MODEL) is None
    assert ConfiguredModels("http://127.0.0.1:1/v1", "far").get("nobody") is None


def test_a_batch_that_fails_the_model_again_and_again_stays_without_vectors_and_later_ones_get_theirs(
    lake: Parts, model: Counting
) -> None:
    load(lake, "a.jsonl", notices(1))
    messages(lake).waiting.clear()
    model.breaks = "Quokka"
    for number, title in enumerate(["Bridge", "Quokka", "Harbour"]):
        text = lines([release(f"ocds-test01-{10 + number}", tender={"title": title}, parties=[])])
        land(lake, submit(lake, f"{title}.jsonl", text))
        refine(lake)
        publish(lake)
        match(lake)
        index(lake)
    failures = 0
    for _ in range(8 * ATTEMPTS_BEFORE_SINGLE_BATCH):
        try:
            embed(lake)
        except Killed:
            failures += 1
    assert failures >= 2 * ATTEMPTS_BEFORE_SINGLE_BATCH
    assert set(hashes(lake)) == set(wanted(lake)) - {"ocds-test01-11"}
    with lake.warehouse.read() as work:
        assert not stage.embedding_pending(work)


def test_a_model_that_embeds_nothing_makes_no_batch_be_left_out(lake: Parts, model: Counting) -> None:
    load(lake, "a.jsonl", notices(1))
    submit(lake, "b.jsonl", notices(3))
    model.breaks = ""
    with pytest.raises(Killed):
        drain(lake)
    for attempt in range(2, 4 * ATTEMPTS_BEFORE_SINGLE_BATCH):
        with pytest.raises(Killed if attempt <= ATTEMPTS_BEFORE_SINGLE_BATCH else UnavailableError):
            embed(lake)
    model.breaks = None
    embed(lake)
    drain(lake)
    assert hashes(lake) == wanted(lake)
