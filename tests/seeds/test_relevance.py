"""The labelled set for relevance."""

from seeds.relevance import JARGON, PARAPHRASES, labelled


def test_the_same_parameters_give_the_same_set_and_every_query_has_an_answer() -> None:
    feed, queries = labelled(300)
    again, same = labelled(300)
    assert (feed, queries) == (again, same)
    ocids = {one["ocid"] for one in feed}
    assert {one.kind for one in queries} == {"paraphrase", "synonym", "typo", "code"}
    assert all(one.relevant and one.relevant <= ocids for one in queries)


def test_paraphrases_and_jargon_share_no_telling_word_with_what_they_ask_for() -> None:
    pairs = [*PARAPHRASES.items(), *((word, fragment) for first, second, _, fragment in JARGON for word in (first, second))]
    shared = {
        text: common for text, title in pairs if (common := set(text.lower().split()) & set(title.lower().split()) - {"of", "and", "for", "the", "at", "on"})
    }
    assert shared == {}
