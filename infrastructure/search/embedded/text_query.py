"""Translates the text of a search to tantivy queries: documents with all words if there are enough, else with most,
else with any; always all if strict.

The choice depends on the text only, not on filters, so that facet counts stay valid when a facet is selected.
Phrases and exclusions are separate conditions, which also apply to semantic matches.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from tantivy import Occur, Query, Searcher

from domain.search.queries import Synonym
from domain.search.stop_words import saying
from infrastructure.search.common.query_parsing import ParsedQuery, QueryPart, parse
from infrastructure.search.common.synonym_matching import alternatives
from infrastructure.search.common.text_analysis import words
from infrastructure.search.embedded.term_queries import TermQueryBuilder, any_of, count, every

ENOUGH = 10  # with fewer documents with all words, those with most of them follow
ALL_WORDS = 1_000.0  # score that ranks documents with all words first
FULL, MOST, SOME = 1.0, 0.6, 0.3  # trust in the words if documents have all, most or some of them
Frame = list[tuple[Occur, Query]]


Compute = Callable[[], tuple[Query | None, float]]


@dataclass(frozen=True)
class Text:
    """The queries of a search text.

    `words` finds the documents, best first; None for a blank text. `frame`: phrases and exclusions. `exact`: documents
    with a typed identifier; `codes`: the text has identifiers only. `trust`: 1 if all words are found. `replaced`: some
    words are corrected, have synonyms or a script without blanks, which models don't support. `nothing`: no part of the
    text can match; `notes`: what was not searched.
    """

    frame: Frame
    compute: Compute  # computes `words` and `trust` lazily: a semantic search needs neither
    exact: Query | None = None
    codes: bool = False
    replaced: bool = False
    nothing: bool = False
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> Query | None:
        """See the class."""
        return self._result[0]

    @property
    def trust(self) -> float:
        """See the class."""
        return self._result[1]

    @cached_property
    def _result(self) -> tuple[Query | None, float]:
        return self.compute()


def text_query(matcher: TermQueryBuilder, searcher: Searcher, text: str, *, ranked: bool, synonyms: Sequence[Synonym] = ()) -> Text:
    """The text as queries. Unless `ranked`, weaker matches are only included if there are no better ones."""
    parsed = parse(text, strict=matcher.strict)
    if parsed.blank:
        return Text([], lambda: (None, FULL))
    if parsed.nothing:
        return Text([], lambda: (Query.empty_query(), FULL), nothing=True, notes=parsed.notes)
    identified = _identified(matcher, parsed)
    return identified if identified is not None else _text(matcher, searcher, parsed, ranked=ranked, synonyms=synonyms)


def _identified(matcher: TermQueryBuilder, parsed: ParsedQuery) -> Text | None:
    """The text as one identifier that a document has; None otherwise."""
    chunks = parsed.chunks
    if any(chunk.excluded or chunk.missing for chunk in chunks) or not any(chunk.identifier for chunk in chunks):
        return None
    spellings = chunks[0].spellings if len(chunks) == 1 else [parsed.whole]
    exact = matcher.exactly(spellings)
    if exact is None:
        return None
    matcher.words.wholes.add(parsed.whole)
    found = matcher.identified(chunks, exact)
    return Text([], lambda: (found, FULL), exact, codes=True, notes=parsed.notes)


def _text(matcher: TermQueryBuilder, searcher: Searcher, parsed: ParsedQuery, *, ranked: bool, synonyms: Sequence[Synonym]) -> Text:
    chunks = parsed.chunks
    plain = [chunk for chunk in chunks if not chunk.phrase and not chunk.excluded]
    free = _word_queries(matcher, _without_stop_words(plain), synonyms)
    phrases = [matcher.chunk(chunk) for chunk in chunks if chunk.phrase and not chunk.excluded]
    excluding = matcher.excluding()
    excluded = [_excluded(excluding, chunk, synonyms) for chunk in chunks if chunk.excluded]
    frame = [(Occur.Must, query) for query in phrases] + [(Occur.MustNot, query) for query in excluded]
    if not free:
        every_one = Query.boolean_query(frame if phrases else [(Occur.Must, Query.const_score_query(Query.all_query(), 0.0)), *frame])
        return Text(frame, lambda: (every_one, FULL), notes=parsed.notes)

    def compute() -> tuple[Query, float]:
        wanted, trust = (every(free), FULL) if matcher.strict else _all_or_most(searcher, frame, free, ranked=ranked)
        return Query.boolean_query([(Occur.Must, wanted), *frame, *_rewards(matcher, chunks)]), trust

    coded = [chunk for chunk in plain if chunk.identifier]
    exact = matcher.exactly([spelling for chunk in coded for spelling in chunk.spellings]) if coded else None
    replaced = bool(matcher.words.typos or matcher.words.synonyms) or any(chunk.foreign for chunk in plain)
    codes = not phrases and all(chunk.code or matcher.exactly(chunk.spellings) is not None for chunk in plain)
    return Text(frame, compute, exact, codes, replaced, notes=parsed.notes)


def _excluded(matcher: TermQueryBuilder, chunk: QueryPart, synonyms: Sequence[Synonym]) -> Query:
    """The query of an excluded part, as if it were included."""
    sought = replace(chunk, excluded=False)
    return matcher.chunk(sought) if chunk.phrase else _word_queries(matcher, [sought], synonyms)[0]


def like_query(matcher: TermQueryBuilder, text: str) -> Text:
    """Documents with any of the words, except stop words; those with most words first."""
    chunks = _without_stop_words(parse(" ".join(words(text))).chunks)
    similar = any_of([matcher.chunk(chunk) for chunk in chunks]) if chunks else None
    return Text([], lambda: (similar, SOME))


def _without_stop_words(chunks: Sequence[QueryPart]) -> list[QueryPart]:
    """The parts that are not stop words."""
    kept = saying([chunk.words[0] if len(chunk.words) == 1 else "" for chunk in chunks])
    return [chunk for chunk, says in zip(chunks, kept, strict=True) if says]


def _word_queries(matcher: TermQueryBuilder, chunks: Sequence[QueryPart], synonyms: Sequence[Synonym]) -> list[Query]:
    """One query per part; one for adjacent parts that have synonyms."""
    queries: dict[int, Query] = {}
    covered: set[int] = set()
    for start, end, terms in alternatives(synonyms, [chunk.words for chunk in chunks]):
        own = every([matcher.chunk(chunk) for chunk in chunks[start:end]])
        queries[start] = Query.disjunction_max_query([own, *map(matcher.alternative, terms)])
        covered.update(range(start, end))
    queries |= {i: matcher.chunk(chunk) for i, chunk in enumerate(chunks) if i not in covered}
    return [queries[i] for i in sorted(queries)]


def _all_or_most(searcher: Searcher, frame: Frame, free: list[Query], *, ranked: bool) -> tuple[Query, float]:
    strict = every(free)
    found = count(searcher, Query.boolean_query([(Occur.Must, strict), *frame]))
    if len(free) == 1 or found >= (ENOUGH if ranked else 1):
        return strict, FULL
    first = (Occur.Should, Query.const_score_query(strict, ALL_WORDS))
    most = any_of(free, len(free) - len(free) // 3)
    if found or count(searcher, Query.boolean_query([(Occur.Must, most), *frame])):
        return Query.boolean_query([first, (Occur.Must, most)]), FULL if found else MOST
    return any_of(free), SOME


def _rewards(matcher: TermQueryBuilder, chunks: Sequence[QueryPart]) -> Frame:
    together = matcher.together(chunks)
    return [(Occur.Should, together)] if together is not None else []
