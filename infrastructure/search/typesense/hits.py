"""The server's hits as ours: the document as it was put, why it was found, and highlights by the words that the server
says it matched.
"""

from collections.abc import Sequence
from typing import Any

from domain.search.queries import CollectionSpec, Explanation, Hit, SearchQuery
from infrastructure.search.common.highlighting import Highlighter
from infrastructure.search.common.identifiers import ID
from infrastructure.search.common.typing_errors import plurals
from infrastructure.search.typesense.hybrid_ranks import Ranks
from infrastructure.search.typesense.query_text import Typed, marked
from infrastructure.search.typesense.query_words import matched
from infrastructure.search.typesense.schema import DETAILS, FORMS, key_field, to_document

SCORE_UNIT = 1e15  # scores of text matches have 18 digits; ours are read by people
Json = dict[str, Any]


class Hits:
    """Makes the hits of one search."""

    def __init__(self, spec: CollectionSpec, query: SearchQuery, text: Typed) -> None:
        self._spec, self._query, self._text = spec, query, text

    @staticmethod
    def fields(spec: CollectionSpec) -> str:
        """What makes a document, as a parameter."""
        return ",".join([ID, key_field(spec), DETAILS, *(field.name for field in spec.fields if field.name != ID)])

    @staticmethod
    def marked(spec: CollectionSpec) -> str:
        """The fields of which the server says what matched, as a parameter."""
        return ",".join([*(field.name for field in spec.fields if field.type == "text"), FORMS])

    @staticmethod
    def score(hit: Json) -> float:
        """How well the words match."""
        return round(float(hit.get("text_match", 0)) / SCORE_UNIT, 4)

    def by_word(self, hits: Sequence[Json], *, by_words: bool) -> list[Hit]:
        """A page in the server's order; the score is that of the words, where they were sought."""
        ranked = by_words and self._query.sort is None
        first = (self._query.page - 1) * self._query.per_page + 1
        made = []
        for rank, hit in enumerate(hits, first):
            score = self.score(hit) if ranked else 0.0
            told = {"keyword_rank": rank, "keyword_score": score} if ranked else {}
            made.append(self._hit(hit, score, told))
        return made

    def fused(self, hits: Sequence[tuple[str, Json]], ranks: Ranks, model: str | None) -> list[Hit]:
        """A page in our order; only of the nearest does the server say how near they are."""
        made = []
        for key, hit in hits:
            near = ranks.similarity.get(key)
            told = {
                "keyword_rank": ranks.by_word.get(key),
                "keyword_score": ranks.word_score.get(key),
                "semantic_rank": ranks.by_meaning.get(key),
                "similarity": None if near is None else round(near, 4),
                "model": model,
            }
            made.append(self._hit(hit, round(ranks.score(key), 4), told))
        return made

    def _hit(self, hit: Json, score: float, told: Json) -> Hit:
        document = to_document(self._spec, hit["document"])
        light = self._highlighter(hit)
        explain = Explanation(words=light.found(document) if light else {}, **told) if self._query.explain else None
        group = document.get(self._query.group_by) if self._query.group_by else None
        return Hit(
            id=document[ID],
            score=score,
            document=document,
            highlights=light.highlights(document) if light else {},
            explain=explain,
            group=None if group is None else str(group),
        )

    def _highlighter(self, hit: Json) -> Highlighter | None:
        """What marks the words in a hit; None without words."""
        if not self._text.asks:
            return None
        forms = matched(
            {"highlight": {FORMS: hit.get("highlight", {}).get(FORMS, [])}}
        )  # found by the other number of its own word
        return Highlighter(
            marked(self._text, [*matched(hit), *(other for form in forms for other in plurals(form))]),
            self._spec.fields,
        )
