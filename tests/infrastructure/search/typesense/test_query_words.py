"""Both engines match keywords alike: tokens, folding, and tolerance."""

import json
from collections.abc import Iterator

import pytest

from domain.search.queries import Filter, Synonym
from infrastructure.search.common.text_analysis import indexed_words
from infrastructure.search.typesense.engine import TypesenseSearch
from infrastructure.search.typesense.schema import to_typesense
from services.ports.search import SearchEngine
from tests.infrastructure.search.contract import SPEC, P, find, ids, process
from tests.infrastructure.search.typesense.stand_in.server import Typesense
from tests.infrastructure.search.typesense.transport import Recording


@pytest.fixture(params=["29.0", "30.1"])
def server(request: pytest.FixtureRequest) -> Iterator[TypesenseSearch]:
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
        (
            "Roads – and “kerbs”, ‘new’…",
            '"roads and kerbs new"',
            "<mark>Roads</mark> – <mark>and</mark> “<mark>kerbs</mark>”, ‘<mark>new</mark>’…",
        ),
        (
            "Roads\r\nand\t kerbs\rnew",
            '"roads and kerbs new"',
            "<mark>Roads</mark>\r\n<mark>and</mark>\t <mark>kerbs</mark>\r<mark>new</mark>",
        ),
        ("Roads\tand\u2028kerbs", "kerbs", "Roads\tand\u2028<mark>kerbs</mark>"),
    ],
)
def test_signs_that_are_not_ascii_part_words_and_capitals_of_any_alphabet_fold(
    engine: SearchEngine, title: str, text: str, marked: str
) -> None:
    engine.write(P, [process(1, title), process(2, "Something else")], ())
    assert [hit.highlights["title"] for hit in find(engine, text).hits] == [marked]


@pytest.mark.parametrize(
    ("text", "repeated"),
    [
        ("Roads.\r\nNew\t kerbs\r", False),
        ("Travaux – “d'été”\r\n…", False),
        ("Roads\tand kerbs", True),
        ("Roads\rand kerbs", True),
        ("Roads–and kerbs", True),
        ("Дороги", True),
    ],
)
def test_only_texts_that_the_server_splits_otherwise_are_repeated_as_word_forms(text: str, repeated: bool) -> None:
    sent = to_typesense(SPEC, process(1, text))
    assert sent["title"] == text
    assert (" ".join(indexed_words(text)) in sent["word_forms"]) is repeated


def test_suggestions_go_by_the_same_words(engine: SearchEngine) -> None:
    engine.write(P, [process(1, "Travaux d’entretien courant")], ())
    assert engine.suggest(P, "entret", 5) == ["Travaux d’entretien courant"]


def test_synonyms_go_by_the_same_words(engine: SearchEngine) -> None:
    engine.write(P, [process(1, "Ремонт Дороги"), process(2, "Работы у асфальта"), process(3, "A Drive-in")], ())
    drive_in = Synonym(id="d", words=("autocinema", "Drive-In"))
    engine.set_synonyms(
        [Synonym(id="s", words=("Дороги", "Асфальта")), Synonym(id="r", root="Пути", words=("Дороги",)), drive_in]
    )
    assert set(ids(find(engine, "дороги"))) == {"ocds-b5fd17-0001", "ocds-b5fd17-0002"}
    assert ids(find(engine, "пути")) == ["ocds-b5fd17-0001"]
    assert ids(find(engine, "autocinema")) == ["ocds-b5fd17-0003"]
    assert {one.id: one.words for one in engine.synonyms()} == {
        "s": ("Дороги", "Асфальта"),
        "r": ("Дороги",),
        "d": ("autocinema", "Drive-In"),
    }


# tolerance


@pytest.mark.parametrize(
    ("text", "region", "titles"),
    [
        ("road works", "Kent", []),  # others have both words
        ("bridge", "Kent", []),  # a word that other documents have is not corrected
        ("bridgge", "Kent", []),  # nor corrected more than necessary
        ("bridgge", "Wales", ["bridge repair"]),
        ("road", "Kent", ["road signs"]),
        ("road zzzz", "Kent", ["road signs"]),  # no document has both
        ("45233142 45233149", "Kent", []),
        ("road works lighting", "Kent", []),  # ten others have all three
        ("road works lighting", "Wales", ["road works lighting"] * 10),
    ],
)
def test_filters_do_not_change_how_loosely_words_match(
    engine: SearchEngine, text: str, region: str, titles: list[str]
) -> None:
    kent = [process(1, "road signs", region="Kent", codes=["45233149"]), process(2, "fridge repair", region="Kent")]
    wales = [process(10, "bridge repair", region="Wales", codes=["45233142", "45233149"])]
    engine.write(P, kent + wales + [process(20 + i, "road works lighting", region="Wales") for i in range(10)], ())
    found = find(engine, text, filters=(Filter(field="region", values=(region,)),))
    assert [hit.document["title"] for hit in found.hits] == titles


def test_nor_where_they_are_sorted(engine: SearchEngine) -> None:
    engine.write(
        P,
        [process(1, "school meals", region="Wales", value=1.0), process(2, "school lane", region="Kent", value=2.0)],
        (),
    )
    assert ids(find(engine, "school meals zzzz", sort="value")) == ["ocds-b5fd17-0001"]
    assert (
        find(engine, "school meals zzzz", sort="value", filters=(Filter(field="region", values=("Kent",)),)).found == 0
    )


@pytest.mark.parametrize(
    "text",
    [
        "bridge",
        "bridgge",
        "brige",
        "road",
        "road works",
        "road works lighting",
        "rooad wroks",
        "road zzzz",
        "road bridge fridge",
    ],
)
@pytest.mark.parametrize("sort", [None, "value"])
def test_the_count_of_a_facet_is_what_its_filter_finds(engine: SearchEngine, text: str, sort: str | None) -> None:
    titles = ["road signs", "fridge repair", "bridge repair", "road works", "road bridge works", "roads lighting"]
    engine.write(P, [process(i, title, region=f"Region {i}", value=float(i)) for i, title in enumerate(titles)], ())
    for one in find(engine, text, sort=sort, facet_by=("region",)).facets["region"]:
        assert find(engine, text, sort=sort, filters=(Filter(field="region", values=(one.value,)),)).found == one.count


@pytest.mark.parametrize(("filters", "searches"), [((), 1), ((Filter(field="region", values=("Wales",)),), 2)])
def test_known_words_take_one_request(filters: tuple[Filter, ...], searches: int) -> None:
    recording = Recording(Typesense())
    engine = TypesenseSearch("http://typesense", "k", [SPEC], transport=recording)
    engine.write(P, [process(1, "road works", region="Wales")], ())
    find(engine, "road works")
    before = len(recording.requests)
    assert find(engine, "road works", filters=filters).found == 1
    asked = [json.loads(request.content)["searches"] for request in recording.requests[before:]]
    assert [len(one) for one in asked] == [searches]


@pytest.mark.parametrize("sort", [None, "value"])
@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("bridge", [1]),
        ("bridges", [1]),  # its singular
        ("footway", [1]),  # a synonym
        ("bridge repair", [1]),
        ('"bridge repair"', [1]),
        ("the repair of a bridge", [1]),  # stop words
        ("45233142", [1]),
        ("repair", [1, 2]),
        ("repair -fridge", [1]),
        ("bridgge", []),
        ("bridg", []),
        ("bridge lighting", []),
        ("repair bridge lighting works", []),
        ("bridge 45233149", []),
        ("4523314", []),
    ],
)
def test_a_strict_search_corrects_completes_and_leaves_out_nothing(
    server: TypesenseSearch, text: str, numbers: list[int], sort: str | None
) -> None:
    server.write(
        P,
        [
            process(1, "bridge repair", codes=["45233142"], value=1.0),
            process(2, "fridge repair", codes=["45233149"], value=2.0),
        ],
        (),
    )
    server.set_synonyms([Synonym(id="s", words=("footway", "bridge"))])
    found = find(server, text, strict=True, sort=sort)
    assert (ids(found), found.found) == ([f"ocds-b5fd17-{number:04d}" for number in numbers], len(numbers))


def test_a_strict_search_marks_no_beginnings(server: TypesenseSearch) -> None:
    server.write(P, [process(1, "bridge bridges bridgehead")], ())
    assert (
        find(server, "bridge", strict=True).hits[0].highlights["title"]
        == "<mark>bridge</mark> <mark>bridges</mark> bridgehead"
    )
