"""The engines' contract for vectors, rank fusion, groups, synonyms and index rebuilds."""

from typing import Any

import numpy as np
import pytest

from domain.search.embedding_text import embedding_text_hash
from domain.search.queries import Filter, Mode, SearchDocument, SearchResult, Synonym
from domain.shared.errors import InvalidError, NotFoundError
from services.ports.search import SearchEngine, VectorRow
from tests.infrastructure.search.contract import ALL, BARE, LAPTOPS, ROADS, SCHOOL, P, find, ids, only, process

MODEL, OTHER = "model-a", "model/b 2"
# Four directions: streets, food, computers, plants.
MEANINGS = {"street": (1, 0, 0, 0), "food": (0, 1, 0, 0), "computer": (0, 0, 1, 0), "plant": (0, 0, 0, 1)}


def vector(*numbers: float) -> tuple[float, ...]:
    """A vector of length 1."""
    made = np.array(numbers, dtype=np.float32)
    return tuple(float(one) for one in made / np.linalg.norm(made))


def row(document: SearchDocument, *numbers: float) -> VectorRow:
    """A vector for the document's current text."""
    return VectorRow(
        str(document["id"]), embedding_text_hash(P, document), np.array(vector(*numbers), dtype=np.float32)
    )


ROWS = [row(ROADS, 1, 0.1, 0, 0), row(SCHOOL, 0, 1, 0.3, 0), row(LAPTOPS, 0, 0.3, 1, 0), row(BARE, 0.1, 0, 0, 1)]
RENAMED = ROADS | {"title": "Bridge repainting"}


def mean(
    engine: SearchEngine, meaning: str, text: str = "", mode: Mode = Mode.SEMANTIC, **options: Any
) -> SearchResult:
    """A semantic search."""
    return find(engine, text or meaning, mode=mode, vector=MEANINGS[meaning], **options)


def hybrid(engine: SearchEngine, meaning: str, text: str, **options: Any) -> SearchResult:
    return mean(engine, meaning, text, Mode.HYBRID, **options)


class MeaningContract:
    """The tests; `engine` is an empty one over SPEC."""

    @pytest.fixture
    def embedded(self, engine: SearchEngine) -> SearchEngine:
        engine.write(P, ALL, ())
        engine.write_vectors(P, MODEL, ROWS)
        return engine

    # vectors

    def test_the_first_model_with_vectors_serves(self, engine: SearchEngine) -> None:
        engine.write(P, ALL, ())
        assert engine.active_model(P) is None
        engine.write_vectors(P, MODEL, ROWS[:1])
        assert engine.active_model(P) == MODEL

    def test_vectors_come_back_with_their_hashes(self, embedded: SearchEngine) -> None:
        assert sorted(embedded.vectors(P, MODEL)) == sorted((one.id, one.text_hash) for one in ROWS)
        read = embedded.read_vectors(P, MODEL, [ROADS["id"], "nobody"])
        assert list(read) == [ROADS["id"]]
        assert np.allclose(read[ROADS["id"]].vector, ROWS[0].vector, atol=1e-6)

    def test_a_vector_written_again_replaces_the_one_before(self, embedded: SearchEngine) -> None:
        embedded.write_vectors(P, MODEL, [row(ROADS, 0, 0, 0, 1)])
        assert ids(mean(embedded, "street")) == []
        assert set(ids(mean(embedded, "plant"))) == {ROADS["id"], BARE["id"]}

    def test_a_deleted_document_takes_its_vector_along(self, embedded: SearchEngine) -> None:
        embedded.write(P, (), [ROADS["id"]])
        assert ROADS["id"] not in dict(embedded.vectors(P, MODEL))
        embedded.write(P, [ROADS], ())
        assert ids(mean(embedded, "street")) == []

    def test_a_document_that_changes_its_numbers_keeps_its_vector(self, embedded: SearchEngine) -> None:
        embedded.write(P, [ROADS | {"value": 7.0, "region": "Scotland"}], ())
        assert ids(mean(embedded, "street", filters=(Filter(field="region", values=("Scotland",)),))) == [ROADS["id"]]

    def test_a_document_that_changes_its_text_loses_the_vectors_of_the_old_one(self, embedded: SearchEngine) -> None:
        embedded.write_vectors(P, OTHER, [row(ROADS, 0, 1, 0), row(SCHOOL, 1, 0, 0)])
        embedded.write(P, [RENAMED, SCHOOL], ())
        assert ids(mean(embedded, "street")) == []
        assert ROADS["id"] not in dict(embedded.vectors(P, MODEL))
        assert [name for name, _ in embedded.vectors(P, OTHER)] == [SCHOOL["id"]]
        embedded.write_vectors(P, MODEL, [row(RENAMED, 1, 0, 0, 0)])
        assert ids(mean(embedded, "street")) == [ROADS["id"]]

    def test_a_vector_of_another_text_than_the_document_s_is_left_out(self, embedded: SearchEngine) -> None:
        embedded.write_vectors(P, MODEL, [row(RENAMED, 0, 0, 0, 1), row(SCHOOL, 0, 0, 0, 1)])
        assert set(ids(mean(embedded, "plant"))) == {SCHOOL["id"], BARE["id"]}
        assert ids(mean(embedded, "street")) == [ROADS["id"]]

    def test_a_vector_without_a_document_is_left_out(self, embedded: SearchEngine) -> None:
        embedded.write_vectors(P, MODEL, [row(process(77, "Nobody's"), 1, 0, 0, 0)])
        assert set(dict(embedded.vectors(P, MODEL))) == {one.id for one in ROWS}

    def test_clear_takes_the_vectors_along(self, embedded: SearchEngine) -> None:
        embedded.clear(P)
        assert (embedded.active_model(P), list(embedded.vectors(P, MODEL))) == (None, [])

    @pytest.mark.parametrize("wrong", [[1.0, 0.0], [1.0, 0.0, 0.0, float("nan")]])
    def test_a_vector_unlike_the_others_is_refused(self, embedded: SearchEngine, wrong: list[float]) -> None:
        with pytest.raises(InvalidError):
            embedded.write_vectors(
                P, MODEL, [VectorRow(ROADS["id"], embedding_text_hash(P, ROADS), np.array(wrong, dtype=np.float32))]
            )
        assert ids(mean(embedded, "street")) == [ROADS["id"]]

    def test_another_model_s_vectors_stand_beside_until_they_serve(self, embedded: SearchEngine) -> None:
        embedded.write_vectors(P, OTHER, [row(ROADS, 0, 1, 0), row(SCHOOL, 1, 0, 0)])
        assert embedded.active_model(P) == MODEL
        assert ids(mean(embedded, "street"))[0] == ROADS["id"]
        embedded.activate_model(P, OTHER)
        assert embedded.active_model(P) == OTHER
        assert ids(find(embedded, "street", mode=Mode.SEMANTIC, vector=(1.0, 0.0, 0.0))) == only(SCHOOL)
        assert list(embedded.vectors(P, MODEL)) == []

    def test_a_model_without_vectors_can_not_serve(self, embedded: SearchEngine) -> None:
        with pytest.raises(InvalidError):
            embedded.activate_model(P, "nobody")
        assert embedded.active_model(P) == MODEL

    # modes

    @pytest.mark.parametrize("meaning", list(MEANINGS))
    def test_by_meaning_the_nearest_comes_first(self, embedded: SearchEngine, meaning: str) -> None:
        found = mean(embedded, meaning)
        assert found.mode is Mode.SEMANTIC
        assert ids(found)[0] == ALL[list(MEANINGS).index(meaning)]["id"]
        assert found.found == len(ids(found))

    def test_what_has_nothing_to_do_with_it_is_not_found(self, embedded: SearchEngine) -> None:
        assert ids(mean(embedded, "street")) == only(ROADS)

    def test_both_find_what_either_finds(self, embedded: SearchEngine) -> None:
        found = hybrid(embedded, "street", "grounds")
        assert found.mode is Mode.HYBRID
        assert (set(ids(found)), found.found) == ({ROADS["id"], BARE["id"]}, 2)

    def test_the_weight_says_which_of_both_comes_first(self, embedded: SearchEngine) -> None:
        assert ids(hybrid(embedded, "street", "grounds", semantic_weight=0.9))[0] == ROADS["id"]
        assert ids(hybrid(embedded, "street", "grounds", semantic_weight=0.1))[0] == BARE["id"]

    def test_found_both_ways_comes_before_found_one_way(self, embedded: SearchEngine) -> None:
        lanes = process(5, "Roads and lanes")
        embedded.write(P, [lanes], ())
        embedded.write_vectors(P, MODEL, [row(lanes, 0, 0, 0, 1)])
        assert ids(hybrid(embedded, "street", "roads"))[0] == ROADS["id"]

    def test_what_is_not_embedded_yet_goes_by_its_words_alone(self, embedded: SearchEngine) -> None:
        embedded.write(P, [RENAMED], ())
        found = hybrid(embedded, "food", "bridge repainting", explain=True)
        assert ids(found)[:2] == [ROADS["id"], SCHOOL["id"]]
        assert found.hits[0].explain is not None
        assert (found.hits[0].explain.keyword_rank, found.hits[0].explain.semantic_rank) == (1, None)
        assert found.hits[0].score > 1.9 * found.hits[1].score  # its keyword rank counts for both

    def test_words_that_no_document_has_all_of_count_less_for_what_is_not_embedded(
        self, embedded: SearchEngine
    ) -> None:
        embedded.write(P, [RENAMED], ())
        assert ids(hybrid(embedded, "food", "bridge nutrition pupils")) == only(SCHOOL, LAPTOPS, ROADS)

    def test_without_a_vector_every_mode_finds_by_word_and_says_so(self, embedded: SearchEngine) -> None:
        for mode in Mode:
            found = find(embedded, "roads", mode=mode)
            assert (ids(found)[0], found.mode) == (ROADS["id"], Mode.KEYWORD)

    def test_without_vectors_every_mode_finds_by_word_and_says_so(self, engine: SearchEngine) -> None:
        engine.write(P, ALL, ())
        found = hybrid(engine, "food", "roads")
        assert (ids(found)[0], found.mode) == (ROADS["id"], Mode.KEYWORD)

    def test_meaning_weighs_less_where_words_were_corrected_or_are_synonyms(self, embedded: SearchEngine) -> None:
        embedded.set_synonyms([Synonym(id="tar", words=("blacktop", "resurfacing"))])
        for text in ("resurfcing", "blacktop"):
            assert ids(hybrid(embedded, "food", text))[:2] == [ROADS["id"], SCHOOL["id"]], text
        embedded.set_synonyms([])
        assert ids(hybrid(embedded, "food", "resurfacing kitchens"))[0] == SCHOOL["id"]

    def test_meaning_weighs_less_where_words_are_of_a_script_that_the_model_does_not_know(
        self, embedded: SearchEngine
    ) -> None:
        library = process(9, "図書館の屋根")
        embedded.write(P, [library], ())
        embedded.write_vectors(P, MODEL, [row(library, 0, 0, 0, 1)])
        for text in ("屋根", "図書館", "屋根 図書館"):
            assert ids(hybrid(embedded, "food", text))[:2] == ["ocds-b5fd17-0009", SCHOOL["id"]], text

    @pytest.mark.parametrize("mode", [Mode.SEMANTIC, Mode.HYBRID])
    def test_filters_hold_in_every_mode(self, embedded: SearchEngine, mode: Mode) -> None:
        found = mean(embedded, "food", "school", mode, filters=(Filter(field="region", values=("Scotland",)),))
        assert ids(found) == only(LAPTOPS)

    @pytest.mark.parametrize("mode", [Mode.SEMANTIC, Mode.HYBRID])
    def test_facets_count_what_is_found_in_every_mode(self, embedded: SearchEngine, mode: Mode) -> None:
        found = mean(embedded, "food", "catering", mode, facet_by=("region",))
        assert {one.value: one.count for one in found.facets["region"]} == {"Wales": 1, "Scotland": 1}
        assert found.found == 2

    @pytest.mark.parametrize("mode", [Mode.SEMANTIC, Mode.HYBRID])
    def test_what_is_excluded_is_not_found_by_meaning_either(self, embedded: SearchEngine, mode: Mode) -> None:
        assert LAPTOPS["id"] not in ids(mean(embedded, "food", "food -laptops", mode))

    def test_a_phrase_must_stand_in_what_is_found_by_meaning(self, embedded: SearchEngine) -> None:
        assert ids(hybrid(embedded, "food", '"laptops for schools"')) == only(LAPTOPS)

    @pytest.mark.parametrize("text", ["ocds-b5fd17-0002", "55524000"])
    def test_an_identifier_finds_its_document_first_in_both(self, embedded: SearchEngine, text: str) -> None:
        assert ids(hybrid(embedded, "street", text))[0] == SCHOOL["id"]

    def test_an_identifier_among_words_comes_first_in_both(self, embedded: SearchEngine) -> None:
        assert ids(hybrid(embedded, "street", "roads 55524000"))[0] == SCHOOL["id"]

    def test_highlights_mark_the_words_in_both(self, embedded: SearchEngine) -> None:
        found = hybrid(embedded, "street", "kerb")
        assert found.hits[0].highlights["items"] == "<mark>Kerb</mark> stones"

    @pytest.mark.parametrize("mode", [Mode.SEMANTIC, Mode.HYBRID])
    def test_hits_by_meaning_can_be_sorted(self, embedded: SearchEngine, mode: Mode) -> None:
        assert ids(mean(embedded, "food", "zzzz", mode, sort="value")) == only(LAPTOPS, SCHOOL)

    def test_pages_in_both_modes_show_each_once(self, engine: SearchEngine) -> None:
        documents = [process(i, "road works") for i in range(60)]
        engine.write(P, documents, ())
        engine.write_vectors(P, MODEL, [row(one, 1, i / 20, 0, 0) for i, one in enumerate(documents[::2])])
        for mode in (Mode.SEMANTIC, Mode.HYBRID):
            shown = [
                one for page in range(1, 10) for one in ids(mean(engine, "street", "road", mode, page=page, per_page=7))
            ]
            assert len(shown) == len(set(shown)) == mean(engine, "street", "road", mode).found

    # similar, groups, explanations

    def test_more_like_a_document_leaves_itself_out(self, embedded: SearchEngine) -> None:
        assert ids(find(embedded, similar_to=SCHOOL["id"], mode=Mode.SEMANTIC)) == only(LAPTOPS)

    def test_more_like_a_document_without_a_vector_goes_by_its_words(self, engine: SearchEngine) -> None:
        engine.write(P, ALL, ())
        found = find(engine, similar_to=SCHOOL["id"], mode=Mode.SEMANTIC)
        assert (LAPTOPS["id"] in ids(found), SCHOOL["id"] in ids(found), found.mode) == (True, False, Mode.KEYWORD)

    def test_more_like_nobody_is_not_found(self, embedded: SearchEngine) -> None:
        with pytest.raises(NotFoundError, match="nobody"):
            find(embedded, similar_to="nobody", mode=Mode.SEMANTIC)

    def test_groups_show_the_best_of_each_value(self, engine: SearchEngine) -> None:
        engine.write(
            P,
            [process(i, "Road works", buyer=f"Buyer {i % 3}") for i in range(9)]
            + [process(20, "Road works"), process(21, "Road works")],
            (),
        )
        found = find(engine, "road", group_by="buyer", group_limit=2)
        groups: dict[str | None, list[str]] = {}
        for hit in found.hits:
            groups.setdefault(hit.group, []).append(hit.id)
        assert {name: len(members) for name, members in groups.items()} == {
            "Buyer 0": 2,
            "Buyer 1": 2,
            "Buyer 2": 2,
            None: 2,
        }

    def test_a_page_counts_groups(self, engine: SearchEngine) -> None:
        engine.write(P, [process(i, "Road works", buyer=f"Buyer {i % 5}") for i in range(20)], ())
        pages = [
            [hit.group for hit in find(engine, "road", group_by="buyer", group_limit=3, page=page, per_page=2).hits]
            for page in (1, 2, 3)
        ]
        assert [len(set(page)) for page in pages] == [2, 2, 1]
        assert len({group for page in pages for group in page}) == 5

    @pytest.mark.parametrize("mode", [Mode.SEMANTIC, Mode.HYBRID])
    def test_groups_hold_in_every_mode(self, embedded: SearchEngine, mode: Mode) -> None:
        found = mean(embedded, "food", "school", mode, group_by="region", group_limit=1)
        assert [hit.group for hit in found.hits] == ["Wales", "Scotland"]

    def test_a_field_with_many_values_is_no_group(self, embedded: SearchEngine) -> None:
        with pytest.raises(InvalidError, match="buyer"):
            find(embedded, "road", group_by="supplier")

    def test_an_explanation_says_which_words_and_how_near(self, embedded: SearchEngine) -> None:
        hits = {hit.id: hit.explain for hit in hybrid(embedded, "food", "kerb catering", explain=True).hits}
        school, roads = hits[SCHOOL["id"]], hits[ROADS["id"]]
        assert school is not None
        assert roads is not None
        assert "catering" in school.words["title"]
        assert (school.semantic_rank, school.model) == (1, MODEL)
        assert school.similarity == pytest.approx(0.958, abs=0.01)
        assert roads.words["items"] == ["kerb"]
        assert roads.keyword_rank is not None
        assert roads.semantic_rank is None
        assert find(embedded, "kerb").hits[0].explain is None

    # synonyms and stop words

    def test_synonyms_find_each_other_in_the_next_query(self, embedded: SearchEngine) -> None:
        assert find(embedded, "notebooks").found == 0
        embedded.set_synonyms([Synonym(id="s1", words=("notebook", "laptop"))])
        assert ids(find(embedded, "notebooks")) == only(LAPTOPS)
        assert find(embedded, "notebooks").hits[0].highlights["title"] == "<mark>Laptops</mark> for schools"
        assert embedded.synonyms() == [Synonym(id="s1", words=("notebook", "laptop"))]
        embedded.set_synonyms([])
        assert (find(embedded, "notebooks").found, embedded.synonyms()) == (0, [])

    def test_a_strict_search_finds_synonyms(self, embedded: SearchEngine) -> None:
        embedded.set_synonyms(
            [
                Synonym(id="s1", words=("notebook", "laptop")),
                Synonym(id="s2", words=("tarmacking", "road repair works")),
            ]
        )
        assert ids(find(embedded, "notebooks schools", strict=True)) == only(LAPTOPS)
        assert ids(find(embedded, "tarmacking", strict=True)) == only(ROADS)
        assert find(embedded, "tarmacki", strict=True).found == 0

    def test_synonyms_of_several_words_stand_for_a_phrase(self, embedded: SearchEngine) -> None:
        embedded.set_synonyms(
            [
                Synonym(id="s1", words=("notebooks", "portable computers")),
                Synonym(id="s2", words=("tarmacking", "road repair works")),
            ]
        )
        assert ids(find(embedded, "notebooks")) == only(LAPTOPS)
        assert ids(find(embedded, "pembrokeshire tarmacking")) == only(ROADS)

    def test_a_one_way_synonym_is_found_by_its_root_only(self, embedded: SearchEngine) -> None:
        embedded.set_synonyms([Synonym(id="s1", root="hardware", words=("laptops", "kerb"))])
        assert set(ids(find(embedded, "hardware"))) == {LAPTOPS["id"], ROADS["id"]}
        embedded.write(P, [process(8, "Hardware")], ())
        assert ids(find(embedded, "kerb")) == only(ROADS)

    @pytest.mark.parametrize(
        "text", ["the laptops for the schools", "laptops of schools", "les laptops pour les schools"]
    )
    def test_stop_words_are_left_out_where_others_remain(self, embedded: SearchEngine, text: str) -> None:
        assert ids(find(embedded, text))[0] == LAPTOPS["id"]
        assert find(embedded, text).found == find(embedded, "laptops schools").found

    def test_stop_words_alone_are_searched(self, engine: SearchEngine) -> None:
        engine.write(P, [process(1, "To be or not"), process(2, "Something")], ())
        assert ids(find(engine, "to be"))[0] == "ocds-b5fd17-0001"

    # index rebuilds

    def test_a_fresh_index_serves_nobody_before_the_swap_and_all_after_it(self, embedded: SearchEngine) -> None:
        fresh = embedded.begin_rebuild(P)
        fresh.write([SCHOOL, process(9, "Brand new")], [])
        fresh.write([], ["nobody"])
        assert (embedded.count(P), find(embedded, "brand").found) == (4, 0)
        fresh.swap()
        assert sorted(one["id"] for one in embedded.scan(P)) == sorted(only(SCHOOL, process(9, "")))
        assert ids(find(embedded, "brand")) == ["ocds-b5fd17-0009"]

    def test_vectors_outlive_a_swap(self, embedded: SearchEngine) -> None:
        fresh = embedded.begin_rebuild(P)
        fresh.write([SCHOOL, ROADS], [])
        fresh.swap()
        assert embedded.active_model(P) == MODEL
        assert ids(mean(embedded, "street")) == only(ROADS)
        assert {SCHOOL["id"], ROADS["id"]} == {name for name, _ in embedded.vectors(P, MODEL)}

    def test_a_swap_takes_the_vectors_of_other_texts_along(self, embedded: SearchEngine) -> None:
        fresh = embedded.begin_rebuild(P)
        fresh.write([SCHOOL, RENAMED], [])
        assert ids(mean(embedded, "street")) == [ROADS["id"]]
        fresh.swap()
        assert [name for name, _ in embedded.vectors(P, MODEL)] == [SCHOOL["id"]]

    def test_a_fresh_index_that_is_given_up_changes_nothing(self, embedded: SearchEngine) -> None:
        fresh = embedded.begin_rebuild(P)
        fresh.write([process(9, "Brand new")], [])
        fresh.discard()
        assert (embedded.count(P), find(embedded, "brand").found) == (4, 0)

    def test_writes_after_a_swap_go_to_the_new_index(self, embedded: SearchEngine) -> None:
        for number in range(3):
            fresh = embedded.begin_rebuild(P)
            fresh.write([BARE], [])
            fresh.swap()
            embedded.write(P, [process(10 + number, "Later")], [BARE["id"]])
            assert [one["id"] for one in embedded.scan(P)] == [f"ocds-b5fd17-{10 + number:04d}"]
