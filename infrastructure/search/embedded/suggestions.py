"""Completions of a typed text: titles or names with its words, the last one as a prefix."""

from collections.abc import Iterator

import orjson
from tantivy import Query, Schema, Searcher

from domain.search.queries import CollectionSpec
from infrastructure.search.common.limits import HITS_PER_SUGGESTION
from infrastructure.search.common.query_parsing import QueryPart, parse
from infrastructure.search.common.text_analysis import composed, words
from infrastructure.search.embedded.schema import DOCUMENT
from infrastructure.search.embedded.term_queries import TermQueryBuilder, every


def suggestions(spec: CollectionSpec, schema: Schema, searcher: Searcher, prefix: str, limit: int) -> list[str]:
    """At most `limit` distinct texts: phrase matches first, then those with all words, then corrected ones."""
    title = TermQueryBuilder(schema, searcher, spec.fields).title
    chunks = [chunk for chunk in parse(prefix).chunks if not chunk.excluded]
    if title is None or not chunks or limit < 1:
        return []
    typed = [word for chunk in chunks for word in chunk.words]
    found: dict[str, str] = {}
    for query in _queries(schema, TermQueryBuilder(schema, searcher, [title]), title.name, typed):
        for _, address in searcher.search(query, limit=limit * HITS_PER_SUGGESTION, count=False).hits:
            # Text fields need no decoding.
            text = orjson.loads(searcher.doc(address).get_first(DOCUMENT) or b"{}").get(title.name)
            for title_text in text if isinstance(text, list) else [text]:
                if isinstance(title_text, str):
                    found.setdefault(" ".join(words(title_text)), composed(title_text))
        if len(found) >= limit:
            break
    return list(found.values())[:limit]


def _queries(schema: Schema, matcher: TermQueryBuilder, title: str, typed: list[str]) -> Iterator[Query]:
    if len(typed) > 1:
        yield Query.phrase_prefix_query(schema, title, list(typed))
    last = len(typed) - 1
    yield every([matcher.chunk(QueryPart((word,), word, open_end=i == last)) for i, word in enumerate(typed)])
