"""Typing errors, counted as the index counts them."""

import pytest
import tantivy
from hypothesis import given, settings
from hypothesis import strategies as st

from infrastructure.search.common.typing_errors import allowed, plurals, within

WORD = st.text("abc", min_size=1, max_size=7)


@settings(max_examples=60, deadline=None)
@given(typed=WORD, words=st.lists(WORD, min_size=1, max_size=12), errors=st.integers(0, 2), prefix=st.booleans())
def test_highlights_count_errors_as_the_index_does(typed: str, words: list[str], errors: int, prefix: bool) -> None:
    schema = tantivy.SchemaBuilder().add_text_field("word", stored=True, tokenizer_name="raw").build()
    index = tantivy.Index(schema)
    writer = index.writer(15_000_000, 1)
    for word in words:
        writer.add_document(tantivy.Document(word=word))
    writer.commit()
    index.reload()
    searcher = index.searcher()
    hits = searcher.search(tantivy.Query.fuzzy_term_query(schema, "word", typed, errors, True, prefix), limit=100).hits
    found = {searcher.doc(address).get_first("word") for _, address in hits}
    assert found == {word for word in words if within(typed, word, errors, prefix=prefix)}


@pytest.mark.parametrize(("word", "errors"), [("ltd", 0), ("road", 1), ("council", 1), ("services", 2)])
def test_longer_words_forgive_more(word: str, errors: int) -> None:
    assert allowed(word) == errors


@settings(max_examples=300, deadline=None)
@given(
    stem=st.text("abcehiosuvxy", min_size=1, max_size=6),
    ending=st.sampled_from(["", "s", "es", "ies", "ves", "ses", "sis", "y", "f", "fe", "man", "men"]),
)
def test_the_other_number_knows_the_word(stem: str, ending: str) -> None:
    assert all(stem + ending in plurals(other) for other in plurals(stem + ending))


@pytest.mark.parametrize(
    ("word", "other"), [("van", "vanes"), ("gas", "ga"), ("us", "u"), ("b5fd", "b5fds"), ("屋根", "屋根s")]
)
def test_another_word_is_no_number(word: str, other: str) -> None:
    assert other not in plurals(word)


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("school", "schools"),
        ("schools", "school"),
        ("library", "libraries"),
        ("libraries", "library"),
        ("class", "classes"),
    ],
)
def test_singular_and_plural_know_each_other(word: str, other: str) -> None:
    assert other in plurals(word)
