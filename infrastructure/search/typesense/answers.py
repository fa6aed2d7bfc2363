"""Typesense's hits as ours: the document as it was put, and highlights by the words that the server says it matched."""

from collections.abc import Iterator, Sequence
from typing import Any

from domain.search import CollectionSpec, Document, Explanation, Hit
from infrastructure.search.embedded.analysis import words
from infrastructure.search.embedded.codec import decode
from infrastructure.search.embedded.highlight import Highlighter
from infrastructure.search.typesense.names import ID
from infrastructure.search.typesense.schema import DOCUMENT
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


def hit_of(spec: CollectionSpec, hit: Json, typed: Typed, *, ranked: bool, explain: bool = False) -> Hit:
    """A hit of ours; without words nothing is highlighted."""
    found = document(hit)
    score = hit.get("text_match", 0) / BEST if ranked and typed.asks else 0.0
    shown = highlighted(spec, found, hit, typed)
    told = Explanation(words=explained(hit, shown), keyword_score=round(score, 4)) if explain else None
    return Hit(id=found[ID], score=round(score, 4), document=found, highlights=shown, explain=told)


def highlighted(spec: CollectionSpec, found: Document, hit: Json, typed: Typed) -> dict[str, str]:
    """The fields in which something was found by word."""
    if not typed.asks:
        return {}
    matched = [word for token in _tokens(hit.get("highlight", {})) for word in words(token)]
    return Highlighter(marked(typed.chunks, matched), spec.fields).highlights(found)


def explained(hit: Json, shown: dict[str, str]) -> dict[str, list[str]]:
    """The words of each field that matched, folded."""
    told = {name: sorted({word for token in _tokens(part) for word in words(token)}) for name, part in hit.get("highlight", {}).items()}
    return {name: told.get(name) or _marked(text) for name, text in shown.items()}


def ordered(hits: Sequence[Hit], keys: Sequence[str]) -> list[Hit]:
    """The hits of these keys, in their order; what is gone meanwhile is left out."""
    known = {hit.id: hit for hit in hits}
    return [known[key] for key in keys if key in known]


def _tokens(part: Any) -> Iterator[str]:
    """All matched words in a highlight, whose shape follows the document's."""
    if isinstance(part, list):
        for one in part:
            yield from _tokens(one)
    elif isinstance(part, dict):
        for name, value in part.items():
            if name == "matched_tokens":
                yield from _flat(value)
            else:
                yield from _tokens(value)


def _flat(value: Any) -> Iterator[str]:
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, list):
            yield from _flat(one)
        elif isinstance(one, str):
            yield one


def _marked(text: str) -> list[str]:
    return sorted({word for part in text.split("<mark>")[1:] for word in words(part.split("</mark>")[0])})
