"""What every search engine must do, written once over the port: a test class of an engine inherits it and gives the
fixture `engine`.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.search.queries import (
    Collection,
    CollectionSpec,
    FieldSpec,
    Filter,
    SearchDocument,
    SearchQuery,
    SearchResult,
)
from domain.shared.errors import InvalidError
from services.ports.search import SearchEngine

P = Collection.PROCESSES
FACETS = ("country", "region", "method", "status", "category", "source", "buyer")


def _field(name: str, kind: Any, **options: Any) -> FieldSpec:
    return FieldSpec(name=name, type=kind, **options)


SPEC = CollectionSpec(
    name=P,
    fields=(
        _field("id", "keyword"),
        _field("title", "text", weight=4),
        _field("description", "text"),
        _field("parties", "text", many=True, weight=2),
        _field("items", "text", many=True),
        _field("codes", "keyword", many=True, facet=True),
        _field("supplier", "keyword", many=True, facet=True),
        *(_field(name, "keyword", facet=True) for name in FACETS),
        _field("value", "number", sort=True),
        _field("published", "date", sort=True),
    ),
)
DAY = datetime(2024, 3, 1, 9, 30, 0, 123_456, tzinfo=UTC)


def process(number: int, title: str, **more: Any) -> SearchDocument:
    """A small process; `number` orders the ids."""
    return {"id": f"ocds-b5fd17-{number:04d}", "title": title, **more}


ROADS = process(
    1,
    "Resurfacing of roads in Pembrokeshire",
    description="Planing & laying of <hot> asphalt. "
    + "The works are let in lots. " * 30
    + "Bridges are inspected by drone every spring.",
    parties=["Pembrokeshire County Council", "Tarmac Trading Ltd"],
    items=["Road repair works", "Kerb stones"],
    codes=["45233142", "45233141"],
    supplier=["Tarmac Trading Ltd"],
    buyer="Pembrokeshire County Council",
    country="GB",
    region="Wales",
    method="open",
    status="complete",
    category="works",
    source="Sell2Wales",
    value=1_250_000.55,
    published=DAY,
)
SCHOOL = process(
    2,
    "School meals and catering",
    description="Supply of fresh food to Ysgol Gyfun Bro Morgannwg; cafés included",
    parties=["Vale of Glamorgan Council", "Crème de la Crème SARL"],
    items=["Provision of school catering"],
    codes=["55524000"],
    supplier=["Crème de la Crème SARL", "Castell Howell"],
    buyer="Vale of Glamorgan Council",
    country="GB",
    region="Wales",
    method="selective",
    status="active",
    category="services",
    source="Sell2Wales",
    value=90_000,
    published=DAY + timedelta(microseconds=1),
)
LAPTOPS = process(
    3,
    "Laptops for schools",
    description="500 devices, ref. HBC-0524/7",
    parties=["Scottish Borders Council"],
    items=["Portable computers"],
    codes=["30213100"],
    buyer="Scottish Borders Council",
    country="GB",
    region="Scotland",
    method="open",
    status="active",
    category="goods",
    source='Public "Contracts" /\x00Scotland',
    value=0.1,
    published=DAY + timedelta(days=400),
)
BARE = process(4, "Grounds maintenance")
ALL = [ROADS, SCHOOL, LAPTOPS, BARE]


def find(engine: SearchEngine, text: str = "", **options: Any) -> SearchResult:
    """A search of the processes."""
    return engine.search(SearchQuery(collection=P, text=text, **options))


def ids(result: SearchResult) -> list[str]:
    """The ids of a page of hits."""
    return [hit.id for hit in result.hits]


def only(*documents: SearchDocument) -> list[str]:
    """The ids of documents."""
    return [document["id"] for document in documents]


class SearchEngineContract:
    """The tests; `engine` is an empty one over SPEC."""

    @pytest.fixture
    def stocked(self, engine: SearchEngine) -> SearchEngine:
        engine.write(P, ALL, ())
        return engine

    # documents

    def test_hits_and_scan_return_exactly_what_was_put(self, stocked: SearchEngine) -> None:
        assert sorted(stocked.scan(P), key=lambda one: one["id"]) == ALL
        assert find(stocked, "roads").hits[0].document == ROADS

    def test_an_upsert_replaces_the_whole_document(self, stocked: SearchEngine) -> None:
        stocked.write(P, [process(1, "Something else")], ())
        assert find(stocked, "asphalt").found == 0
        assert [one for one in stocked.scan(P) if one["id"] == ROADS["id"]] == [process(1, "Something else")]
        assert stocked.count(P) == 4

    def test_the_last_of_two_documents_of_one_id_stays(self, engine: SearchEngine) -> None:
        engine.write(P, [process(1, "first"), process(1, "second")], ())
        assert list(engine.scan(P)) == [process(1, "second")]

    def test_a_deleted_document_is_gone_and_an_unknown_id_is_fine(self, stocked: SearchEngine) -> None:
        stocked.write(P, (), [ROADS["id"], "nobody"])
        assert stocked.count(P) == 3
        assert find(stocked, "asphalt").found == 0

    def test_write_puts_and_deletes_at_once(self, stocked: SearchEngine) -> None:
        documents = [process(9, "New one")]
        stocked.write(P, iter(documents), [documents[0]["id"], ROADS["id"], SCHOOL["id"]])
        assert sorted(one["id"] for one in stocked.scan(P)) == only(LAPTOPS, BARE, process(9, ""))

    def test_writing_nothing_changes_nothing(self, stocked: SearchEngine) -> None:
        stocked.write(P, [], [])
        assert stocked.count(P) == 4

    def test_clear_leaves_an_empty_collection_that_can_be_filled(self, stocked: SearchEngine) -> None:
        stocked.clear(P)
        assert (stocked.count(P), find(stocked).found, list(stocked.scan(P))) == (0, 0, [])
        stocked.write(P, [BARE], ())
        assert ids(find(stocked, "grounds")) == only(BARE)

    def test_an_empty_collection_can_be_asked_anything(self, engine: SearchEngine) -> None:
        result = find(
            engine,
            'roads "in wales" -north',
            facet_by=("buyer",),
            sort="-value",
            filters=(Filter(field="value", gte=1),),
        )
        assert (result.found, result.hits, result.facets) == (0, [], {"buyer": []})
        assert engine.suggest(P, "ro", 5) == []

    # words

    @pytest.mark.parametrize(
        "text",
        [
            "roads resurfacing",
            "ROADS",
            "road",
            "resurfacing pembrokeshire",
            "pembrokeshir",
            "pembrok",
            "Pembrokshire",
            "pembrkoeshire",
            "pembrokehsrie",
            "asphlat",
        ],
    )
    def test_words_are_found_in_any_case_number_and_order_unfinished_or_misspelt(
        self, stocked: SearchEngine, text: str
    ) -> None:
        assert ids(find(stocked, text))[0] == ROADS["id"]

    @pytest.mark.parametrize("text", ["creme", "crème", "CRÈME", "cafe\u0301s", "cafes"])
    def test_accents_make_no_difference(self, stocked: SearchEngine, text: str) -> None:
        assert ids(find(stocked, text)) == only(SCHOOL)

    def test_a_short_word_is_not_corrected(self, stocked: SearchEngine) -> None:
        assert find(stocked, "hpt").found == 0
        assert find(stocked, "kerbs ltx").hits[0].id == ROADS["id"]

    def test_a_known_word_is_not_corrected(self, engine: SearchEngine) -> None:
        engine.write(P, [process(1, "Boats hired"), process(2, "Coats bought")], ())
        assert ids(find(engine, "boats hired")) == only(process(1, ""))

    def test_exact_words_come_before_unfinished_and_corrected_ones(self, engine: SearchEngine) -> None:
        engine.write(P, [process(1, "Planters"), process(2, "Plant"), process(3, "Plants")], ())
        assert ids(find(engine, "plant"))[0] == "ocds-b5fd17-0002"

    def test_a_title_weighs_more_than_a_description(self, engine: SearchEngine) -> None:
        engine.write(P, [process(1, "Other", description="fencing"), process(2, "Fencing", description="other")], ())
        assert ids(find(engine, "fencing")) == only(process(2, ""), process(1, ""))

    def test_documents_with_all_words_come_first_then_those_with_most(self, stocked: SearchEngine) -> None:
        found = find(stocked, "school meals catering laptops")
        assert ids(found)[0] == SCHOOL["id"]
        stocked.write(P, [process(7, "school meals catering laptops kerb")], ())
        assert ids(find(stocked, "school meals catering laptops"))[:2] == only(process(7, ""), SCHOOL)

    def test_an_unknown_word_among_known_ones_does_not_hide_them(self, stocked: SearchEngine) -> None:
        assert SCHOOL["id"] in ids(find(stocked, "school zzzzqqq"))

    def test_all_words_may_stand_in_different_fields(self, stocked: SearchEngine) -> None:
        assert ids(find(stocked, "pembrokeshire kerb"))[0] == ROADS["id"]
        assert find(stocked, "pembrokeshire kerb").found == 1

    def test_five_words_of_a_title_find_it_among_many_like_it(self, engine: SearchEngine) -> None:
        nouns = [
            "roads",
            "schools",
            "parks",
            "bridges",
            "libraries",
            "vehicles",
            "hospitals",
            "harbours",
            "museums",
            "prisons",
        ]
        documents = [
            process(
                i,
                f"Provision of {nouns[i % 10]} {nouns[i // 10 % 10]} maintenance services for {nouns[i // 100]} lot "
                f"{i}",
                description=" ".join(nouns) * 3,
            )
            for i in range(1000)
        ]
        engine.write(P, documents, ())
        for i in (0, 123, 777, 999):
            words = documents[i]["title"].split()
            assert documents[i]["id"] in ids(find(engine, " ".join([words[2], words[3], *words[-3:]])))

    @pytest.mark.parametrize(
        "text",
        [
            "pembrok",
            "Pembrokshire",
            "asphlat",
            "roads zzzzqqq",
            "road stones laptops",
            "school portable kerb",
            "5552400",
            "b5fd17-000",
        ],
    )
    def test_a_strict_search_corrects_completes_and_leaves_out_nothing(self, stocked: SearchEngine, text: str) -> None:
        assert find(stocked, text, strict=True).found == 0
        assert find(stocked, text, strict=True, sort="-value").found == 0

    @pytest.mark.parametrize(
        ("text", "documents"),
        [
            ("ROADS pembrokeshire", [ROADS]),
            ("road", [ROADS]),
            ("schools catering", [SCHOOL]),
            ("council works", [ROADS]),
            ("laptops for schools", [LAPTOPS]),
            ("creme", [SCHOOL]),
            ('kerb "repair works"', [ROADS]),
            ("council -scottish -asphalt", [SCHOOL]),
            ("-council", [BARE]),
            ("55524000-9", [SCHOOL]),
            ("CPV:55524000", [SCHOOL]),
            ("ocds-b5fd17-0002", [SCHOOL]),
            ("HBC-0524/7", [LAPTOPS]),
            ("", ALL),
        ],
    )
    def test_a_strict_search_finds_what_has_every_word_as_it_is_or_in_the_other_number(
        self, stocked: SearchEngine, text: str, documents: list[SearchDocument]
    ) -> None:
        assert sorted(ids(find(stocked, text, strict=True))) == only(*documents)

    @pytest.mark.parametrize("text", ['"repair works"', '"REPAIR  works"', "“repair works”", 'road "repair works"'])
    def test_a_phrase_is_found_as_it_stands(self, stocked: SearchEngine, text: str) -> None:
        assert ids(find(stocked, text)) == only(ROADS)

    def test_a_phrase_in_another_order_or_across_values_is_not_found(self, stocked: SearchEngine) -> None:
        assert find(stocked, '"works repair"').found == 0
        assert find(stocked, '"works kerb"').found == 0

    @pytest.mark.parametrize(
        "text", ["council -scottish", "council -Laptops", 'council -"laptops for schools"', "council -30213100"]
    )
    def test_an_excluded_word_or_phrase_or_code_keeps_documents_out(self, stocked: SearchEngine, text: str) -> None:
        assert set(ids(find(stocked, text))) == {ROADS["id"], SCHOOL["id"]}

    def test_an_exclusion_alone_lists_all_others(self, stocked: SearchEngine) -> None:
        assert ids(find(stocked, "-council")) == only(BARE)

    @pytest.mark.parametrize(
        "text",
        ["ocds-b5fd17-0002", "OCDS-B5FD17-0002", "b5fd17-0002", "55524000", "55524000-9", "CPV:55524000", "5552400"],
    )
    def test_an_id_or_code_finds_its_document_alone(self, stocked: SearchEngine, text: str) -> None:
        assert ids(find(stocked, text)) == only(SCHOOL)

    def test_codes_are_never_corrected(self, stocked: SearchEngine) -> None:
        assert find(stocked, "55524001").found == 0
        assert find(stocked, "ocds-b5fd17-0009").found == 0

    def test_a_reference_inside_a_text_is_found(self, stocked: SearchEngine) -> None:
        assert ids(find(stocked, "HBC-0524/7")) == only(LAPTOPS)

    @pytest.mark.parametrize(
        "text",
        [
            '"',
            "-",
            '""',
            '-""',
            "AND OR NOT",
            "a:b^2~",
            "*",
            "title:*",
            "\\",
            "((",
            "[1 TO 2}",
            "\x00",
            "–",
            "'",
            "🙂",
            "x" * 70_000,
            "a " * 5_000,
        ],
    )
    def test_nothing_that_can_be_typed_is_an_error(self, stocked: SearchEngine, text: str) -> None:
        assert find(stocked, text, facet_by=("buyer",)).found >= 0
        assert isinstance(stocked.suggest(P, text, 3), list)

    # filters, facets, order, pages

    @pytest.mark.parametrize(
        ("condition", "documents"),
        [
            (Filter(field="region", values=("Wales",)), [ROADS, SCHOOL]),
            (Filter(field="region", values=("Wales", "Scotland")), [ROADS, SCHOOL, LAPTOPS]),
            (Filter(field="region", values=("wal",)), []),
            (Filter(field="supplier", values=("Castell Howell",)), [SCHOOL]),
            (Filter(field="source", values=(LAPTOPS["source"],)), [LAPTOPS]),
            (Filter(field="id", values=(BARE["id"],)), [BARE]),
            (Filter(field="value", gte=90_000), [ROADS, SCHOOL]),
            (Filter(field="value", gte=90_000, lte=90_000), [SCHOOL]),
            (Filter(field="value", lte=0.1), [LAPTOPS]),
            (Filter(field="value", gte=5, lte=4), []),
            (Filter(field="published", gte=DAY + timedelta(microseconds=1)), [SCHOOL, LAPTOPS]),
            (Filter(field="published", lte=DAY), [ROADS]),
        ],
    )
    def test_a_filter_keeps_what_meets_it(
        self, stocked: SearchEngine, condition: Filter, documents: list[SearchDocument]
    ) -> None:
        found = find(stocked, filters=(condition,))
        assert (ids(found), found.found) == (only(*documents), len(documents))

    def test_filters_and_words_must_all_hold_and_do_not_change_the_score(self, stocked: SearchEngine) -> None:
        found = find(
            stocked,
            "council",
            filters=(Filter(field="region", values=("Wales",)), Filter(field="status", values=("active",))),
        )
        assert ids(found) == only(SCHOOL)
        assert found.hits[0].score == next(hit.score for hit in find(stocked, "council").hits if hit.id == SCHOOL["id"])

    def test_no_text_and_no_filter_list_all(self, stocked: SearchEngine) -> None:
        assert ids(find(stocked)) == only(*ALL)
        assert find(stocked, "   ").found == 4

    def test_facets_count_all_matches_not_only_the_page(self, stocked: SearchEngine) -> None:
        found = find(stocked, per_page=1, facet_by=("region", "supplier", "source", "codes"))
        counts = {name: [(one.value, one.count) for one in values] for name, values in found.facets.items()}
        assert counts["region"] == [("Wales", 2), ("Scotland", 1)]
        assert counts["supplier"] == [("Castell Howell", 1), ("Crème de la Crème SARL", 1), ("Tarmac Trading Ltd", 1)]
        assert counts["source"] == [("Sell2Wales", 2), (LAPTOPS["source"], 1)]
        assert find(stocked, "laptops", facet_by=("region",)).facets["region"][0].value == "Scotland"

    def test_facets_are_exact_over_many_values_and_commits(self, engine: SearchEngine) -> None:
        for start in range(0, 600, 200):
            engine.write(
                P,
                [
                    process(i, "One", buyer=f"Buyer {i % 150:03d}", codes=["x1", "x1"])
                    for i in range(start, start + 200)
                ],
                (),
            )
        found = find(engine, facet_by=("buyer", "codes"), facet_size=3).facets
        assert [(one.value, one.count) for one in found["buyer"]] == [
            ("Buyer 000", 4),
            ("Buyer 001", 4),
            ("Buyer 002", 4),
        ]
        assert found["codes"][0].count == 600

    def test_a_count_of_a_facet_is_what_its_filter_finds(self, stocked: SearchEngine) -> None:
        for text in ("school", "school laptops catering food", "council"):
            for one in find(stocked, text, facet_by=("region",)).facets["region"]:
                assert find(stocked, text, filters=(Filter(field="region", values=(one.value,)),)).found == one.count

    @pytest.mark.parametrize(
        ("sort", "documents"),
        [
            ("value", [LAPTOPS, SCHOOL, ROADS, BARE]),
            ("-value", [ROADS, SCHOOL, LAPTOPS, BARE]),
            ("published", [ROADS, SCHOOL, LAPTOPS, BARE]),
            ("-published", [LAPTOPS, SCHOOL, ROADS, BARE]),
        ],
    )
    def test_a_sort_puts_missing_values_last_either_way(
        self, stocked: SearchEngine, sort: str, documents: list[SearchDocument]
    ) -> None:
        assert ids(find(stocked, sort=sort)) == only(*documents)

    @pytest.mark.parametrize("sort", ["value", "-value", "-published", None])
    def test_turning_pages_gives_every_document_once(self, engine: SearchEngine, sort: str | None) -> None:
        for start in (60, 0, 30):
            engine.write(
                P,
                [process(i, "Same", **({"value": float(i % 3)} if i % 5 else {})) for i in range(start, start + 30)],
                (),
            )
        pages = [
            one
            for page in range(1, 14)
            for one in ids(find(engine, "" if sort is None else "same", sort=sort, page=page, per_page=7))
        ]
        assert len(pages) == 90
        assert sorted(pages) == [f"ocds-b5fd17-{i:04d}" for i in range(90)]
        if sort == "-value":
            assert pages[:3] == [f"ocds-b5fd17-{i:04d}" for i in (2, 8, 11)]

    def test_a_page_past_the_end_is_empty(self, stocked: SearchEngine) -> None:
        found = find(stocked, page=50)
        assert (found.hits, found.found, found.page) == ([], 4, 50)
        assert find(stocked, page=50, sort="value").hits == []

    def test_a_page_too_deep_is_refused(self, stocked: SearchEngine) -> None:
        with pytest.raises(InvalidError, match="10000"):
            find(stocked, page=101, per_page=100)

    @pytest.mark.parametrize(
        ("options", "hint"),
        [
            ({"filters": (Filter(field="colour", values=("red",)),)}, "region"),
            ({"filters": (Filter(field="title", values=("red",)),)}, "region"),
            ({"filters": (Filter(field="value", values=("red",)),)}, "gte"),
            ({"filters": (Filter(field="published", gte=2024),)}, "date"),
            ({"filters": (Filter(field="value", gte=DAY),)}, "number"),
            ({"filters": (Filter(field="region"),)}, "values"),
            ({"facet_by": ("title",)}, "buyer"),
            ({"sort": "-region"}, "value, published"),
        ],
    )
    def test_what_a_field_can_not_be_asked_is_refused_with_what_can(
        self, stocked: SearchEngine, options: dict[str, Any], hint: str
    ) -> None:
        with pytest.raises(InvalidError, match=hint):
            find(stocked, **options)

    # highlights and suggestions

    @pytest.mark.parametrize(
        ("text", "field", "marked"),
        [
            ("roads", "title", "Resurfacing of <mark>roads</mark> in Pembrokeshire"),
            ("pembrok", "title", "Resurfacing of roads in <mark>Pembrokeshire</mark>"),
            ("pembrokshire", "title", "Resurfacing of roads in <mark>Pembrokeshire</mark>"),
            ("creme", "parties", "<mark>Crème</mark> de la <mark>Crème</mark> SARL"),
            ("kerb", "items", "<mark>Kerb</mark> stones"),
        ],
    )
    def test_highlights_mark_exact_unfinished_corrected_and_folded_words(
        self, stocked: SearchEngine, text: str, field: str, marked: str
    ) -> None:
        assert find(stocked, text).hits[0].highlights[field] == marked

    def test_highlights_escape_everything_else(self, stocked: SearchEngine) -> None:
        shown = find(stocked, "asphalt").hits[0].highlights["description"]
        assert shown.startswith("Planing &amp; laying of &lt;hot&gt; <mark>asphalt</mark>.")

    def test_a_long_text_is_cut_around_what_was_found(self, stocked: SearchEngine) -> None:
        shown = find(stocked, "drone").hits[0].highlights["description"]
        assert "inspected by <mark>drone</mark> every spring." in shown
        assert shown.startswith("…")
        assert len(shown) < 250

    def test_without_text_nothing_is_highlighted(self, stocked: SearchEngine) -> None:
        assert all(hit.highlights == {} for hit in find(stocked).hits)

    @pytest.mark.parametrize("typed", ["scho", "school m", "meals", "Schöol me", "catering school"])
    def test_suggestions_complete_what_is_typed(self, stocked: SearchEngine, typed: str) -> None:
        assert SCHOOL["title"] in stocked.suggest(P, typed, 5)

    def test_suggestions_are_distinct_and_no_more_than_asked(self, engine: SearchEngine) -> None:
        engine.write(P, [process(i, f"Road works {i % 3}") for i in range(30)], ())
        assert sorted(engine.suggest(P, "road", 10)) == ["Road works 0", "Road works 1", "Road works 2"]
        assert len(engine.suggest(P, "road", 2)) == 2
        assert engine.suggest(P, "", 5) == []
