"""The engines' contract for keywords: singular and plural, scripts without spaces, identifiers, exclusions,
non-words.
"""

from typing import Any

import pytest

from domain.search.queries import Filter, Mode, Synonym
from services.ports.search import SearchEngine
from tests.infrastructure.search.contract import ALL, LAPTOPS, ROADS, SCHOOL, P, find, ids, only, process

LIBRARY = process(11, "図書館の屋根の修理工事", description="令和6年度。LED照明、ｶﾞﾗｽの交換", region="東京都")
CANTEEN = process(12, "学校食堂设备采购项目", items=["第3工区の木材"])
THAI = process(13, "ห้องสมุดซ่อมหลังคา")
LAO = process(14, "ສ້ອມແປງຫຼັງຄາໂຮງຮຽນ")
KHMER = process(15, "ជួសជុលដំបូលសាលារៀន")
BURMESE = process(16, "ကျောင်းအမိုးပြုပြင်ခြင်း")
HINDI = process(17, "विद्यालय भवन का निर्माण")
KOREAN = process(19, "학교급식 식재료를 구매")
YORUBA = process(18, "Ọ̀nà Ọ̀yọ́")
UNSPACED = [LIBRARY, CANTEEN, THAI, LAO, KHMER, BURMESE, HINDI, YORUBA, KOREAN]
LONG = "b" * 300
NO_WORDS = [
    "%",
    "🙂",
    "-",
    '""',
    '-""',
    '"%"',
    "-%",
    "( )",
    "…",
    "\x00",
    "& –",
    LONG,
    f"-{LONG}",
    f'"road {LONG}"',
    "ж" * 130,
    "b" * 10_000,
]


class WordsContract:
    """The tests; `engine` is an empty one over SPEC."""

    # queries without a word

    @pytest.mark.parametrize("text", NO_WORDS)
    @pytest.mark.parametrize(
        "options", [{}, {"strict": True}, {"sort": "-value"}, {"mode": Mode.HYBRID, "vector": (1.0, 0.0, 0.0)}]
    )
    def test_what_is_no_word_finds_nothing_and_the_answer_says_so(
        self, engine: SearchEngine, text: str, options: dict[str, Any]
    ) -> None:
        engine.write(P, ALL, ())
        found = find(
            engine, text, facet_by=("region",), filters=(Filter(field="region", values=("Wales",)),), **options
        )
        assert (found.found, found.hits, found.facets) == (0, [], {"region": []})
        assert found.notes
        assert engine.suggest(P, text, 5) == []

    def test_what_is_no_word_among_others_hides_nothing(self, engine: SearchEngine) -> None:
        engine.write(P, ALL, ())
        for text in ("roads % 🙂", "-% roads", '"" roads', "roads &"):
            found = find(engine, text)
            assert (ids(found), found.notes) == (only(ROADS), [])

    def test_a_word_too_long_to_be_indexed_is_one_that_nobody_has(self, engine: SearchEngine) -> None:
        engine.write(P, [*ALL, process(9, f"Road {LONG} and {'c' * 254}")], ())
        assert find(engine, f"kerb {LONG}", strict=True).found == 0
        assert ids(find(engine, f"kerb {LONG}")) == only(ROADS)
        assert find(engine, f'"road {LONG}"').found == 0
        assert ids(find(engine, f"kerb -{LONG}")) == only(ROADS)
        assert find(engine, "c" * 254).found == 1
        assert "bbbbb" in find(engine, LONG).notes[0]

    def test_what_is_too_much_is_cut_and_told(self, engine: SearchEngine) -> None:
        engine.write(P, ALL, ())
        long = find(engine, "kerb " + "x" * 995 + " zzzz")
        assert "1,000 characters" in long.notes[0]
        many = find(engine, "kerb " * 50)
        assert ids(many) == only(ROADS)
        assert "40 words" in many.notes[0]
        assert find(engine, "kerb " * 45 + "zzzzqqq", strict=True).found == 0
        assert find(engine, "kerb").notes == []

    def test_a_query_is_cut_between_words(self, engine: SearchEngine) -> None:
        engine.write(P, ALL, ())
        assert ids(find(engine, "kerb " + " " * 985 + "laptopsandmore", strict=True)) == only(ROADS)

    # singular and plural

    @pytest.mark.parametrize(
        ("one", "several"),
        [
            ("bus", "buses"),
            ("tax", "taxes"),
            ("gas", "gases"),
            ("class", "classes"),
            ("body", "bodies"),
            ("van", "vans"),
            ("box", "boxes"),
            ("knife", "knives"),
            ("status", "statuses"),
            ("analysis", "analyses"),
            ("woman", "women"),
            ("child", "children"),
            ("lens", "lenses"),
            ("key", "keys"),
        ],
    )
    @pytest.mark.parametrize("strict", [False, True])
    def test_either_number_finds_the_other_and_leaves_it_out(
        self, engine: SearchEngine, one: str, several: str, strict: bool
    ) -> None:
        engine.write(
            P, [process(1, f"One {one} hired"), process(2, f"Some {several} hired"), process(3, "Boats hired")], ()
        )
        for word in (one, several):
            assert sorted(ids(find(engine, f"{word} hired", strict=strict))) == ["ocds-b5fd17-0001", "ocds-b5fd17-0002"]
            assert ids(find(engine, f"hired -{word}", strict=strict)) == ["ocds-b5fd17-0003"]
            marked = find(engine, f"{word} hired").hits
            assert {hit.highlights["title"] for hit in marked} == {
                f"One <mark>{one}</mark> <mark>hired</mark>",
                f"Some <mark>{several}</mark> <mark>hired</mark>",
            }

    def test_a_number_is_no_other_word(self, engine: SearchEngine) -> None:
        engine.write(
            P, [process(1, "van hire"), process(2, "vane hire"), process(3, "us hire"), process(4, "bu hire")], ()
        )
        assert ids(find(engine, "vans hire", strict=True)) == ["ocds-b5fd17-0001"]
        assert find(engine, "bus hire", strict=True).found == 0

    # exclusions

    @pytest.mark.parametrize("text", ["-school", "-schools", "-SCHOOL", '-"school" -"schools"'])
    def test_an_exclusion_leaves_out_what_its_word_finds(self, engine: SearchEngine, text: str) -> None:
        engine.write(P, ALL, ())
        assert {SCHOOL["id"], LAPTOPS["id"]} == set(ids(find(engine, "school", strict=True)))
        assert not {SCHOOL["id"], LAPTOPS["id"]} & set(ids(find(engine, text)))
        assert find(engine, text).found == 2

    def test_an_exclusion_leaves_out_what_its_synonyms_find(self, engine: SearchEngine) -> None:
        engine.write(
            P,
            [
                process(1, "Tarmac laid"),
                process(2, "Asphalts laid"),
                process(3, "Road surfacing laid"),
                process(4, "Concrete laid"),
            ],
            (),
        )
        engine.set_synonyms([Synonym(id="s", words=("tarmac", "asphalt", "road surfacing"))])
        assert find(engine, "tarmac laid").found == 3
        assert ids(find(engine, "laid -tarmac")) == ["ocds-b5fd17-0004"]

    @pytest.mark.parametrize("text", ["-55524000", "-55524000-9", "-CPV:55524000", "-ocds-b5fd17-0002", "-crème"])
    def test_an_excluded_identifier_or_accented_word_leaves_out_what_it_finds(
        self, engine: SearchEngine, text: str
    ) -> None:
        engine.write(P, ALL, ())
        assert sorted(ids(find(engine, text))) == sorted(only(*[one for one in ALL if one is not SCHOOL]))

    # scripts without spaces

    @pytest.mark.parametrize(
        ("text", "document", "field", "marked"),
        [
            ("屋根", LIBRARY, "title", "図書館の<mark>屋根</mark>の修理工事"),
            ("修理", LIBRARY, "title", "図書館の屋根の<mark>修理</mark>工事"),
            ("図書館", LIBRARY, "title", "<mark>図書館</mark>の屋根の修理工事"),
            ("屋根 図書館", LIBRARY, "title", "<mark>図書館</mark>の<mark>屋根</mark>の修理工事"),
            ("屋根の修理", LIBRARY, "title", "図書館の<mark>屋根の修理</mark>工事"),
            ('"屋根の修理"', LIBRARY, "title", "図書館の<mark>屋根の修理</mark>工事"),
            ("図書館の屋根の修理工事", LIBRARY, "title", "<mark>図書館の屋根の修理工事</mark>"),
            ("照明", LIBRARY, "description", "令和6年度。LED<mark>照明</mark>、ｶﾞﾗｽの交換"),
            ("led", LIBRARY, "description", "令和6年度。<mark>LED</mark>照明、ｶﾞﾗｽの交換"),
            ("LED照明", LIBRARY, "description", "令和6年度。<mark>LED照明</mark>、ｶﾞﾗｽの交換"),
            ("ガラス", LIBRARY, "description", "令和6年度。LED照明、<mark>ｶﾞﾗｽ</mark>の交換"),
            ('"令和6年"', LIBRARY, "description", "<mark>令和6年</mark>度。LED照明、ｶﾞﾗｽの交換"),
            ("木", CANTEEN, "items", "第3工区の<mark>木</mark>材"),
            ("食堂", CANTEEN, "title", "学校<mark>食堂</mark>设备采购项目"),
            ("หลังคา", THAI, "title", "ห้องสมุดซ่อม<mark>หลังคา</mark>"),
            ("ห้องสมุด", THAI, "title", "<mark>ห้องสมุด</mark>ซ่อมหลังคา"),
            ("ຫຼັງຄາ", LAO, "title", "ສ້ອມແປງ<mark>ຫຼັງຄາ</mark>ໂຮງຮຽນ"),
            ("ដំបូល", KHMER, "title", "ជួសជុល<mark>ដំបូល</mark>សាលារៀន"),
            ("အမိုး", BURMESE, "title", "ကျောင်း<mark>အမိုး</mark>ပြုပြင်ခြင်း"),
            ("급식", KOREAN, "title", "학교<mark>급식</mark> 식재료를 구매"),
            ("식재료", KOREAN, "title", "학교급식 <mark>식재료</mark>를 구매"),
            ("विद्यालय", HINDI, "title", "<mark>विद्यालय</mark> भवन का निर्माण"),
            ("oyo", YORUBA, "title", "Ọ̀nà <mark>Ọ̀yọ́</mark>"),
        ],
    )
    @pytest.mark.parametrize("strict", [False, True])
    def test_words_inside_sentences_without_blanks_are_found_and_marked(
        self, engine: SearchEngine, text: str, document: dict[str, Any], field: str, marked: str, strict: bool
    ) -> None:
        engine.write(P, [*ALL, *UNSPACED], ())
        found = find(engine, text, strict=strict)
        assert ids(found) == only(document)
        assert found.hits[0].highlights[field] == marked

    @pytest.mark.parametrize(
        ("text", "strict"),
        [
            ("根屋", False),
            ('"屋根修理"', False),
            ("屋根修理", True),
            ("館屋", True),
            ("คาหลัง", True),
            ("図書室", True),
            ("鉄", False),
        ],
    )
    def test_letters_that_do_not_follow_each_other_are_no_word(
        self, engine: SearchEngine, text: str, strict: bool
    ) -> None:
        engine.write(P, UNSPACED, ())
        assert find(engine, text, strict=strict).found == 0

    @pytest.mark.parametrize("text", ["屋根修理", "学校食堂采购", "หลังคาห้องสมุด"])
    def test_words_typed_without_blanks_are_found_apart_where_nobody_has_them_together(
        self, engine: SearchEngine, text: str
    ) -> None:
        engine.write(P, [*ALL, LIBRARY, CANTEEN, THAI], ())
        expected = {"屋": LIBRARY, "学": CANTEEN, "ห": THAI}[text[0]]
        assert ids(find(engine, text))[:1] == only(expected)

    def test_a_word_without_blanks_is_left_out(self, engine: SearchEngine) -> None:
        engine.write(P, [LIBRARY, CANTEEN, THAI], ())
        assert set(ids(find(engine, "-屋根"))) == {CANTEEN["id"], THAI["id"]}
        assert set(ids(find(engine, "-หลังคา"))) == {CANTEEN["id"], LIBRARY["id"]}
        assert find(engine, "-根屋").found == 3

    def test_a_word_without_blanks_has_synonyms_and_suggestions(self, engine: SearchEngine) -> None:
        engine.write(P, [LIBRARY, CANTEEN, THAI], ())
        engine.set_synonyms([Synonym(id="s", words=("図書館", "食堂"))])
        assert set(ids(find(engine, "食堂"))) == {LIBRARY["id"], CANTEEN["id"]}
        for typed in ("図書", "図書館の", "図"):
            assert engine.suggest(P, typed, 5) == [LIBRARY["title"]]

    # identifiers

    @pytest.mark.parametrize(
        "text",
        [
            "ocds-zzabie:achieng-interiors-teoranta",
            "OCDS-ZZABIE:Achieng-Interiors-Teoranta",
            "ocds-zzabie:achieng-crème",
            "GB-COH-(12)/7",
            "XI-FI_Y-0116297-6",
            "ocds-zzabie:図書館",
            "FR-RCS-12 345 678",
            "ocds-zzabie:o-brien-sons",
            "handbook",
            '"ocds-zzabie:achieng-interiors-teoranta"',
        ],
    )
    @pytest.mark.parametrize("mode", [Mode.KEYWORD, Mode.HYBRID])
    def test_an_identifier_is_found_as_it_is_shown_and_alone(self, engine: SearchEngine, text: str, mode: Mode) -> None:
        key = (
            text.strip('"')
            .replace("OCDS", "ocds")
            .replace("ZZABIE:Achieng-Interiors-Teoranta", "zzabie:achieng-interiors-teoranta")
        )
        longer = (
            [{"id": f"{key}-2", "title": "Another"}, {"id": f"{key}x", "title": "A third"}]
            if mode is Mode.KEYWORD and text != "handbook"
            else []
        )
        engine.write(P, [{"id": key, "title": "The one"}, *longer, *ALL], ())
        assert ids(find(engine, text, mode=mode, vector=(1.0, 0.0, 0.0) if mode is Mode.HYBRID else None)) == [key]
        assert ids(find(engine, text, strict=True)) == [key]

    def test_a_piece_of_an_identifier_is_found_by_word(self, engine: SearchEngine) -> None:
        engine.write(P, [{"id": "ocds-zzabie:achieng-interiors-teoranta", "title": "The one"}, *ALL], ())
        assert ids(find(engine, "achieng-interiors-teoranta")) == ["ocds-zzabie:achieng-interiors-teoranta"]

    def test_an_identifier_among_other_words_comes_first(self, engine: SearchEngine) -> None:
        engine.write(
            P,
            [
                {"id": "ocds-zzabie:achieng-teoranta", "title": "Sheds"},
                *[process(i, "Road works in Wales") for i in range(12)],
            ],
            (),
        )
        assert ids(find(engine, "ocds-zzabie:achieng-teoranta sheds"))[0] == "ocds-zzabie:achieng-teoranta"

    def test_a_word_with_a_hyphen_is_no_identifier_where_nobody_has_it_as_one(self, engine: SearchEngine) -> None:
        engine.write(
            P, [process(1, "Road marking"), process(2, "Marking of a road"), process(3, "e-Procurement portal")], ()
        )
        assert set(ids(find(engine, "road-marking"))) == {"ocds-b5fd17-0001", "ocds-b5fd17-0002"}
        assert ids(find(engine, "e-procurement")) == ["ocds-b5fd17-0003"]
