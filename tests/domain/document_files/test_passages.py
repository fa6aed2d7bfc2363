"""Passages contain every word, belong to one page each, and have about the target length."""

from hypothesis import given
from hypothesis import strategies as st

from domain.document_files.passages import PASSAGE_MAX_CHARACTERS, PASSAGE_WORDS, cut_passages

WORD = st.text(alphabet=st.characters(exclude_categories=["Z", "C"]), min_size=1, max_size=12)
PAGE = st.lists(st.one_of(WORD, st.sampled_from(["end.", "\n"])), max_size=900).map(" ".join)


@given(st.lists(PAGE, max_size=3))
def test_passages_hold_every_word_in_order_and_name_its_page(texts: list[str]) -> None:
    made = cut_passages([{"page": number, "text": text} for number, text in enumerate(texts, 1)])
    assert [one.number for one in made] == list(range(len(made)))
    for number, text in enumerate(texts, 1):
        assert " ".join(one.text for one in made if one.page == number) == " ".join(text.split())
    assert all(len(one.text.split()) <= 2 * PASSAGE_WORDS for one in made)


def test_a_page_is_cut_into_nearly_equal_passages_at_the_end_of_sentences() -> None:
    sentence = "this sentence has seven words in it."
    made = cut_passages([{"page": 1, "text": " ".join([sentence] * 100)}])
    lengths = [len(one.text.split()) for one in made]
    assert sum(lengths) == 700
    assert all(150 <= length <= 260 for length in lengths)
    assert all(one.text.endswith("it.") for one in made)


def test_scripts_without_spaces_are_cut_by_letters() -> None:
    made = cut_passages([{"page": 1, "text": "公" * 10_000}])
    assert "".join(one.text for one in made) == "公" * 10_000
    assert all(len(one.text) <= PASSAGE_MAX_CHARACTERS for one in made)


def test_blank_pages_have_none() -> None:
    assert cut_passages([{"page": 1, "text": " \n"}, {"page": 2, "text": ""}]) == []
