"""The labelled sets for relevance."""

import pytest

from seeds.relevance import HELD_OUT, TUNED, Wording, labelled

BOTH = pytest.mark.parametrize("wording", [TUNED, HELD_OUT], ids=["tuned", "held out"])


@BOTH
def test_the_same_parameters_give_the_same_set_and_every_query_has_an_answer(wording: Wording) -> None:
    feed, queries = labelled(300, wording=wording)
    again, same = labelled(300, wording=wording)
    assert (feed, queries) == (again, same)
    ocids = {one["ocid"] for one in feed}
    assert {one.kind for one in queries} == {"paraphrase", "synonym", "typo", "code"}
    assert all(one.relevant and one.relevant <= ocids for one in queries)


@BOTH
def test_paraphrases_and_jargon_share_no_telling_word_with_what_they_ask_for(wording: Wording) -> None:
    pairs = [
        *wording.paraphrases.items(),
        *((word, fragment) for first, second, _, fragment in wording.jargon for word in (first, second)),
    ]
    shared = {
        text: common
        for text, title in pairs
        if (common := set(text.lower().split()) & set(title.lower().split()) - {"of", "and", "for", "the", "at", "on"})
    }
    assert shared == {}


def test_what_is_held_out_asks_for_nothing_that_the_ranking_was_tuned_on() -> None:
    tuned, held_out = (
        {*one.paraphrases.values(), *(fragment for *_, fragment in one.jargon)} for one in (TUNED, HELD_OUT)
    )
    assert tuned.isdisjoint(held_out)
    codes = [
        {one.text for one in labelled(2_000, wording=wording)[1] if one.kind == "code"} for wording in (TUNED, HELD_OUT)
    ]
    assert codes[0].isdisjoint(codes[1])
