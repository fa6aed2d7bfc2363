"""Both engines find by the same words: how texts are split and folded, and how loosely words match."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.search import Synonym
from infrastructure.search.embedded import EmbeddedSearch
from infrastructure.search.typesense.engine import TypesenseSearch
from services.ports import SearchEngine
from tests.search.contract import SPEC, P, find, ids, process
from tests.search.typesense.standin.server import Typesense
from tests.search.typesense.transport import Recording


@pytest.fixture(params=["embedded", "29.0", "30.1"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchEngine]:
    if request.param == "embedded":
        yield EmbeddedSearch(tmp_path, [SPEC])
        return
    recording = Recording(Typesense(request.param))
    yield TypesenseSearch("http://typesense", "k", [SPEC], transport=recording)
    assert recording.problems == []


# splitting and folding


@pytest.mark.parametrize(
    ("title", "text", "marked"),
    [
        ("Travaux d’entretien courant", "entretien courant", "Travaux d’<mark>entretien</mark> <mark>courant</mark>"),
        ("Travaux d’entretien courant", '"entretien courant"', "Travaux d’<mark>entretien</mark> <mark>courant</mark>"),
        ("Design–build of schools", "build", "Design–<mark>build</mark> of schools"),
        ("Route\u00a0nationale 7", "nationale", "Route\u00a0<mark>nationale</mark> 7"),
        ("Plan 2024–2028", "2028", "Plan 2024–<mark>2028</mark>"),
        ("“Roads”…and kerbs", "roads", "“<mark>Roads</mark>”…and kerbs"),
        ("Тест Дороги", "тест", "<mark>Тест</mark> Дороги"),
        ("Тест Дороги", "ТЕСТ", "<mark>Тест</mark> Дороги"),
        ("Έργα οδοποιίας", "έργα", "<mark>Έργα</mark> οδοποιίας"),
        ("Roads\tand\u2028kerbs", "kerbs", "Roads\tand\u2028<mark>kerbs</mark>"),
    ],
)
def test_signs_that_are_not_ascii_part_words_and_capitals_of_any_alphabet_fold(engine: SearchEngine, title: str, text: str, marked: str) -> None:
    engine.upsert(P, [process(1, title), process(2, "Something else")])
    assert [hit.highlights["title"] for hit in find(engine, text).hits] == [marked]


def test_suggestions_go_by_the_same_words(engine: SearchEngine) -> None:
    engine.upsert(P, [process(1, "Travaux d’entretien courant")])
    assert engine.suggest(P, "entret", 5) == ["Travaux d’entretien courant"]


def test_synonyms_go_by_the_same_words(engine: SearchEngine) -> None:
    engine.upsert(P, [process(1, "Ремонт Дороги"), process(2, "Работы у асфальта")])
    engine.set_synonyms([Synonym(id="s", words=("Дороги", "Асфальта")), Synonym(id="r", root="Пути", words=("Дороги",))])
    assert set(ids(find(engine, "дороги"))) == {"ocds-b5fd17-0001", "ocds-b5fd17-0002"}
    assert ids(find(engine, "пути")) == ["ocds-b5fd17-0001"]
    assert {one.id: one.words for one in engine.synonyms()} == {"s": ("Дороги", "Асфальта"), "r": ("Дороги",)}
