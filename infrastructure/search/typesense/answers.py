"""Typesense's hits as ours: the document as it was put, and highlights by the words that the server says it matched."""

from collections.abc import Iterator
from typing import Any

from domain.search import CollectionSpec, Document, Explanation, Hit
from infrastructure.search.common.analysis import words
from infrastructure.search.common.edits import plurals
from infrastructure.search.common.highlight import Highlighter
from infrastructure.search.embedded.codec import decode
from infrastructure.search.typesense.names import ID
from infrastructure.search.typesense.schema import DOCUMENT, PLURALS
from infrastructure.search.typesense.text import Typed, marked

BEST = 1e15  # scores of text matches have 18 digits; ours are read by people
Json = dict[str, Any]


def hits_of(answer: Json) -> list[Json]:
    """The hits of an answer, of its groups too."""
    if "grouped_hits" in answer:
        return [hit for group in answer["grouped_hits"] for hit in group["hits"]]
    found: list[Json] = answer.get("hits", [])
    return found


def document(hit: Json) -> Document:
    """The document of a hit, as it was put."""
    return decode(hit["document"][DOCUMENT].encode())


def text_score(hit: Json) -> float:
    """How well the words match."""
    return round(float(hit.get("text_match", 0)) / BEST, 4)


def hit_of(spec: CollectionSpec, hit: Json, text: Typed, *, ranked: bool, explain: bool = False, rank: int = 1) -> Hit:
    """A hit of a search by word; without words nothing is highlighted."""
    found = document(hit)
    score = text_score(hit) if ranked and text.asks else 0.0
    light = highlighter(spec, hit, text)
    told = None
    if explain:
        told = Explanation(words=light.found(found), keyword_rank=rank, keyword_score=score) if light and ranked else Explanation()
    return Hit(id=found[ID], score=score, document=found, highlights=light.highlights(found) if light else {}, explain=told)


def highlighter(spec: CollectionSpec, hit: Json, text: Typed) -> Highlighter | None:
    """What marks the words in a hit; None without words."""
    if not text.asks:
        return None
    light = hit.get("highlight", {})
    others = (other for token in _tokens(light.get(PLURALS)) for other in plurals(token))  # found by the other number of its own word
    return Highlighter(marked(text, [*matched(hit), *others]), spec.fields)


def matched(hit: Json) -> set[str]:
    """The words by which the server says it found it."""
    return {word for token in _tokens(hit.get("highlight", {})) for word in words(token)}


def _tokens(part: Any) -> Iterator[str]:
    """All matched words in a highlight, whose shape follows the document's."""
    if isinstance(part, list):
        for one in part:
            yield from _tokens(one)
    elif isinstance(part, dict):
        for name, value in part.items():
            yield from _flat(value) if name == "matched_tokens" else _tokens(value)


def _flat(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, list):
            yield from _flat(one)
        elif isinstance(one, str):
            yield one
