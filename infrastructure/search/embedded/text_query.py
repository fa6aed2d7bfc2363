"""The text of a search as one tantivy query: all the words where enough documents have them all, else most of them, else any.

Which of the three is decided by the text alone, never by the filters, so that the counts of facets hold when a facet is clicked.
"""

from tantivy import Occur, Query, Searcher

from infrastructure.search.embedded.matching import Matcher, any_of, count, every
from infrastructure.search.embedded.parse import Chunk, parse

ENOUGH = 10  # documents with all words; fewer, and those with most of them come after
ALL_WORDS = 1_000.0  # puts documents with all words first


def text_query(matcher: Matcher, searcher: Searcher, text: str, *, ranked: bool) -> Query | None:
    """The query, or None where the text asks for nothing. Unless `ranked`, weaker matches come only where there are no others."""
    chunks = parse(text)
    if not chunks:
        return None
    free = [matcher.chunk(chunk) for chunk in chunks if not chunk.phrase and not chunk.excluded]
    phrases = [matcher.chunk(chunk) for chunk in chunks if chunk.phrase and not chunk.excluded]
    excluded = [matcher.chunk(chunk) for chunk in chunks if chunk.excluded]
    frame = [(Occur.Must, query) for query in phrases] + [(Occur.MustNot, query) for query in excluded]
    if not free:
        return Query.boolean_query(frame if phrases else [(Occur.Must, Query.const_score_query(Query.all_query(), 0.0)), *frame])
    wanted = [(Occur.Must, _enough(searcher, frame, free, ranked=ranked)), *frame]
    return Query.boolean_query(wanted + _rewards(matcher, chunks))


def _enough(searcher: Searcher, frame: list[tuple[Occur, Query]], free: list[Query], *, ranked: bool) -> Query:
    strict = every(free)
    if len(free) == 1:
        return strict
    found = count(searcher, Query.boolean_query([(Occur.Must, strict), *frame]))
    if found >= (ENOUGH if ranked else 1):
        return strict
    first = (Occur.Should, Query.const_score_query(strict, ALL_WORDS))
    most = any_of(free, len(free) - len(free) // 3)
    if found or count(searcher, Query.boolean_query([(Occur.Must, most), *frame])):
        return Query.boolean_query([first, (Occur.Must, most)])
    return any_of(free)


def _rewards(matcher: Matcher, chunks: list[Chunk]) -> list[tuple[Occur, Query]]:
    together = matcher.together(chunks)
    return [(Occur.Should, together)] if together is not None else []
