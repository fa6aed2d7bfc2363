"""Our hits from the server's: the document as it was written, highlights, and why it was found."""

from typing import Any

from domain.search.queries import CollectionSpec, Explanation, Hit, SearchQuery
from infrastructure.search.common.highlighting import Highlighter
from infrastructure.search.common.identifiers import ID
from infrastructure.search.common.text_analysis import words
from infrastructure.search.common.typing_errors import plurals
from infrastructure.search.typesense.keyword_query import KeywordQuery
from infrastructure.search.typesense.schema import FORMS, document_fields, to_document

SCORE_UNIT = 1e15  # the server's text matches have 18 digits
Json = dict[str, Any]


def shown(spec: CollectionSpec) -> Json:
    """The parameters of a search whose hits are shown."""
    texts = [field.name for field in spec.fields if field.type == "text"]
    return {"include_fields": document_fields(spec), "highlight_fields": ",".join([*texts, FORMS])}


def text_score(hit: Json) -> float:
    """How well the words match."""
    return round(float(hit.get("text_match", 0)) / SCORE_UNIT, 4)


def to_hit(
    spec: CollectionSpec, query: SearchQuery, text: KeywordQuery, hit: Json, score: float, **explained: Any
) -> Hit:
    """The hit, highlighted by the words of the text and those that the server matched."""
    document = to_document(spec, hit["document"])
    highlights, found = {}, {}
    if text.free or text.frame:
        parts = hit.get("highlight", {})
        matched = set().union(*map(_tokens, parts.values()))
        forms = {other for word in _tokens(parts.get(FORMS, [])) for other in plurals(word)}
        highlighter = Highlighter(text.matched_words(matched | forms), spec.fields)
        highlights = highlighter.highlights(document)
        found = highlighter.found(document) if query.explain else {}
    group = document.get(query.group_by) if query.group_by else None
    return Hit(
        id=document[ID],
        score=round(score, 4),
        document=document,
        highlights=highlights,
        explain=Explanation(words=found, **explained) if query.explain else None,
        group=None if group is None else str(group),
    )


def _tokens(part: Any) -> set[str]:
    """The matched words of a field, or of each of its values."""
    values = part if isinstance(part, list) else [part]
    return {word for one in values for token in one["matched_tokens"] for word in words(token)}
