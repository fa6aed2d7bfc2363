"""Reciprocal rank fusion, without an engine."""

from infrastructure.search.common.rank_fusion import by_meaning, by_words, fused


def test_a_document_in_both_rankings_comes_before_the_first_of_one() -> None:
    words = by_words([("a", None, 9.0), ("both", None, 5.0)])
    meaning = by_meaning([("b", None, 0.8), ("both", None, 0.7)])
    found = fused(words, meaning, 0.5)
    assert [one.key for one in found] == ["both", "b", "a"]
    assert (found[0].keyword_rank, found[0].semantic_rank, found[0].similarity) == (2, 2, 0.7)


def test_an_identifier_as_typed_comes_before_everything() -> None:
    found = fused(by_words([("a", None, 9.0), ("id", None, 1.0)]), by_meaning([("a", None, 0.9)]), 0.5, exact={"id"})
    assert [one.key for one in found] == ["id", "a"]


def test_the_keyword_rank_of_a_document_without_vector_counts_for_both() -> None:
    words = by_words([("new", None, 9.0), ("old", None, 8.0)])
    meaning = by_meaning([("old", None, 0.9)])
    assert [one.key for one in fused(words, meaning, 0.5)] == ["old", "new"]
    assert [one.key for one in fused(words, meaning, 0.5, unembedded={"new"})] == ["new", "old"]
    assert [one.key for one in fused(words, meaning, 0.5, unembedded={"new"}, trust=0.1)] == ["old", "new"]
