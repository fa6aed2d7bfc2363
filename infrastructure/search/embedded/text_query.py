"""The text of a search as tantivy queries: all the words where enough documents have them all, else most of them, else
any; all where it is strict.

Which of the three is decided by the text alone, never by the filters, so that the counts of facets hold when a facet is
clicked. Phrases and exclusions are conditions of their own, which hold for what is found by meaning, too.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from tantivy import Occur, Query, Searcher

from domain.search.queries import Synonym
from infrastructure.search.common.limits import ENOUGH
from infrastructure.search.common.query_parsing import ParsedQuery, QueryPart, parse, similar_parts, without_stop_words
from infrastructure.search.common.synonym_matching import alternatives
from infrastructure.search.embedded.term_queries import TermQueryBuilder, any_of, count, every

ALL_WORDS = 1_000.0  # puts documents with all words first
FULL, MOST, SOME = 1.0, 0.6, 0.3  # how far the words can be trusted where documents have all, most or some of them
Frame = list[tuple[Occur, Query]]


Look = Callable[[], tuple[Query | None, float]]


@dataclass(frozen=True)
class Text:
    """`words` finds the documents, best first, None where the text asks for nothing; `frame` holds its phrases and
    exclusions.

    `exact` finds those with an identifier as typed; `codes` says that the text is nothing else. `trust` is 1 where all
    words were found, and `replaced` says that some of them are others than were typed: corrected, or synonyms; or of a
    script without
    blanks. A model knows neither. `nothing` says that none of what was typed can be found, `notes` what of it was not
    searched.
    """

    frame: Frame
    look: Look  # finds out `words` and `trust`, once: a search by meaning alone needs neither
    exact: Query | None = None
    codes: bool = False
    replaced: bool = False
    nothing: bool = False
    notes: tuple[str, ...] = ()

    @property
    def words(self) -> Query | None:
        """See above."""
        return self._looked[0]

    @property
    def trust(self) -> float:
        """See above."""
        return self._looked[1]

    @cached_property
    def _looked(self) -> tuple[Query | None, float]:
        return self.look()


def text_query(
    matcher: TermQueryBuilder, searcher: Searcher, text: str, *, ranked: bool, synonyms: Sequence[Synonym] = ()
) -> Text:
    """The text as queries. Unless `ranked`, weaker matches come only where there are no others."""
    parsed = parse(text, strict=matcher.strict)
    if parsed.blank:
        return Text([], lambda: (None, FULL))
    if parsed.nothing:
        return Text([], lambda: (Query.empty_query(), FULL), nothing=True, notes=parsed.notes)
    identified = _identified(matcher, parsed)
    return identified if identified is not None else _text(matcher, searcher, parsed, ranked=ranked, synonyms=synonyms)


def _identified(matcher: TermQueryBuilder, parsed: ParsedQuery) -> Text | None:
    """The text as one identifier that a document has; None where it is none."""
    spellings = parsed.identifier_spellings
    if not spellings:
        return None
    exact = matcher.exactly(spellings)
    if exact is None:
        return None
    matcher.words.wholes.add(parsed.whole)
    found = matcher.identified(parsed.chunks, exact)
    return Text([], lambda: (found, FULL), exact, codes=True, notes=parsed.notes)


def _text(
    matcher: TermQueryBuilder, searcher: Searcher, parsed: ParsedQuery, *, ranked: bool, synonyms: Sequence[Synonym]
) -> Text:
    chunks = parsed.chunks
    plain = parsed.plain
    free = _free(matcher, without_stop_words(plain), synonyms)
    phrases = [matcher.chunk(chunk) for chunk in chunks if chunk.phrase and not chunk.excluded]
    excluding = matcher.excluding()
    excluded = [_excluded(excluding, chunk, synonyms) for chunk in chunks if chunk.excluded]
    frame = [(Occur.Must, query) for query in phrases] + [(Occur.MustNot, query) for query in excluded]
    if not free:
        every_one = Query.boolean_query(
            frame if phrases else [(Occur.Must, Query.const_score_query(Query.all_query(), 0.0)), *frame]
        )
        return Text(frame, lambda: (every_one, FULL), notes=parsed.notes)

    def look() -> tuple[Query, float]:
        wanted, trust = (every(free), FULL) if matcher.strict else _enough(searcher, frame, free, ranked=ranked)
        return Query.boolean_query([(Occur.Must, wanted), *frame, *_rewards(matcher, chunks)]), trust

    coded = [chunk for chunk in plain if chunk.identifier]
    exact = matcher.exactly([spelling for chunk in coded for spelling in chunk.spellings]) if coded else None
    replaced = bool(matcher.words.typos or matcher.words.synonyms) or any(chunk.foreign for chunk in plain)
    codes = not phrases and all(chunk.code or matcher.exactly(chunk.spellings) is not None for chunk in plain)
    return Text(frame, look, exact, codes, replaced, notes=parsed.notes)


def _excluded(matcher: TermQueryBuilder, chunk: QueryPart, synonyms: Sequence[Synonym]) -> Query:
    """What the piece would find, were it not left out."""
    sought = replace(chunk, excluded=False)
    return matcher.chunk(sought) if chunk.phrase else _free(matcher, [sought], synonyms)[0]


def like_query(matcher: TermQueryBuilder, text: str) -> Text:
    """Documents with any of the words that say something, those with most of them first."""
    chunks = similar_parts(text)
    likened = any_of([matcher.chunk(chunk) for chunk in chunks]) if chunks else None
    return Text([], lambda: (likened, SOME))


def _free(matcher: TermQueryBuilder, chunks: Sequence[QueryPart], synonyms: Sequence[Synonym]) -> list[Query]:
    """A query for each chunk; one for a stretch of them that has synonyms."""
    queries: dict[int, Query] = {}
    covered: set[int] = set()
    for start, end, terms in alternatives(synonyms, [chunk.words for chunk in chunks]):
        own = every([matcher.chunk(chunk) for chunk in chunks[start:end]])
        queries[start] = Query.disjunction_max_query([own, *map(matcher.alternative, terms)])
        covered.update(range(start, end))
    queries |= {i: matcher.chunk(chunk) for i, chunk in enumerate(chunks) if i not in covered}
    return [queries[i] for i in sorted(queries)]


def _enough(searcher: Searcher, frame: Frame, free: list[Query], *, ranked: bool) -> tuple[Query, float]:
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
