"""Translates parts of a query to tantivy queries. Exact words score by BM25; prefixes and corrected words score lower.

The matched words are recorded, so that highlights mark exactly the matches.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from tantivy import Occur, Query, Schema, Searcher, SearchResult

from domain.search.queries import FieldSpec
from infrastructure.search.common.matched_words import MatchedWords
from infrastructure.search.common.query_parsing import QueryPart
from infrastructure.search.common.text_analysis import all_words, has_digit, unspaced
from infrastructure.search.common.typing_errors import allowed, plurals
from infrastructure.search.embedded.schema import PARTS, WHOLE_VALUES

PLURAL = SYNONYM = 0.8  # factor of an exact word's score
PREFIX, FUZZY = 0.3, 0.2  # factors of the field's weight
TIE_BREAKER = 0.2  # weight of the other fields' scores, added to the best one's
IDENTIFIER, PART = 500.0, 20.0
PART_MIN_CHARACTERS = 5  # characters from which a query matches parts of identifiers
LOOKUP_VALUES = 1_000  # up to this many values are looked up one by one


class TermQueryBuilder:
    """Builds the queries of one search on one snapshot. `strict`: no prefixes and no corrections."""

    def __init__(
        self, schema: Schema, searcher: Searcher, fields: Sequence[FieldSpec], *, strict: bool = False
    ) -> None:
        self.words = MatchedWords()
        self.strict = strict
        self._schema = schema
        self._searcher = searcher
        self._fields = [spec for spec in fields if spec.type == "text"]

    @property
    def title(self) -> FieldSpec | None:
        """The field with the highest weight, where phrases are rewarded."""
        return max(self._fields, key=lambda spec: spec.weight, default=None)

    def chunk(self, chunk: QueryPart) -> Query:
        """Documents that match this part of the query."""
        if chunk.phrase:
            return self._phrase(chunk)
        query = self._words(chunk)
        if chunk.identifier:
            return Query.disjunction_max_query([query, *self._identifier(chunk)])
        exact = self.exactly([chunk.whole]) if self._searcher.doc_freq(WHOLE_VALUES, chunk.whole) else None
        return query if exact is None else Query.disjunction_max_query([query, exact])

    def excluding(self) -> "TermQueryBuilder":
        """A builder for exclusions: strict, and not highlighted."""
        return TermQueryBuilder(self._schema, self._searcher, self._fields, strict=True)

    def alternative(self, term: Sequence[str]) -> Query:
        """Documents with a synonym, singular or plural; several words as a phrase."""
        self.words.synonyms.add(" ".join(term))
        if len(term) > 1:
            self._record_phrase(term, adjacent=unspaced("".join(term)))
            return self._each(partial(self._sequence, term), SYNONYM)
        forms = [term[0], *plurals(term[0])]
        self.words.exact.update(forms)
        return Query.disjunction_max_query([self._each(partial(self._term, form), SYNONYM) for form in forms])

    def exactly(self, spellings: Sequence[str]) -> Query | None:
        """Documents with one of these as their id or code; None if there are none."""
        query = self._whole(spellings)
        return query if self._has_match(query) else None

    def identified(self, chunks: Sequence[QueryPart], exact: Query) -> Query:
        """Documents that match `exact`, the typed identifier, and those whose texts have its words."""
        self.words.wholes.update(spelling for chunk in chunks for spelling in chunk.spellings)
        row = [word for chunk in chunks for word in chunk.words]
        self._record_phrase(row, adjacent=any(chunk.adjacent for chunk in chunks))
        in_texts = self._each(partial(self._term, row[0]) if len(row) == 1 else partial(self._sequence, row))
        return Query.disjunction_max_query([in_texts, exact])

    def together(self, chunks: Iterable[QueryPart]) -> Query | None:
        """Rewards a title with the plain words in their order; None for fewer than two words."""
        words = [word for chunk in chunks if not chunk.phrase and not chunk.excluded for word in chunk.words]
        if self.title is None or len(words) < 2:
            return None
        return Query.boost_query(Query.phrase_query(self._schema, self.title.name, [*words], slop=1), self.title.weight)

    def _words(self, chunk: QueryPart) -> Query:
        if chunk.missing:
            return Query.empty_query()
        if chunk.adjacent:
            return self._run(chunk.words)
        last = len(chunk.words) - 1
        parts = [
            self._word(word, open_end=chunk.open_end and i == last and not self.strict)
            for i, word in enumerate(chunk.words)
        ]
        return parts[0] if len(parts) == 1 else every(parts)

    def _run(self, words: Sequence[str]) -> Query:
        """Words cut from a script without blanks: as a phrase; if no document has it, most of the words."""
        build = partial(self._sequence, words)
        if self.strict or self._matches(build):
            self._record_phrase(words, adjacent=True)
            return self._each(build)
        self.words.exact.update(word for word in words if len(word) > 1)
        return any_of([self._each(partial(self._term, word)) for word in words], len(words) - len(words) // 3)

    def _phrase(self, chunk: QueryPart) -> Query:
        if chunk.missing:
            return Query.empty_query()
        self._record_phrase(chunk.words, adjacent=chunk.adjacent)
        build = partial(self._term, chunk.words[0]) if len(chunk.words) == 1 else partial(self._sequence, chunk.words)
        if not chunk.identifier:
            return self._each(build)
        return Query.disjunction_max_query([self._each(build), Query.const_score_query(build(PARTS), PART)])

    def _record_phrase(self, words: Sequence[str], *, adjacent: bool) -> None:
        if adjacent:
            self.words.rows.add(tuple(words))
        else:
            self.words.exact.update(words)

    def _whole(self, spellings: Sequence[str]) -> Query:
        return Query.const_score_query(
            any_of([self._term(spelling, WHOLE_VALUES) for spelling in spellings]), IDENTIFIER
        )

    def _identifier(self, chunk: QueryPart) -> list[Query]:
        """An id or code, with or without its scheme (`CPV:…`) or check digit (`…-6`), or a long enough part of one."""
        self.words.wholes.update(chunk.spellings)
        found = [self._whole(chunk.spellings)]
        if len(chunk.whole) < PART_MIN_CHARACTERS:
            return found
        open_end = chunk.open_end and not self.strict
        words = all_words(chunk.whole)
        if len(words) == 1:
            part = (self._prefix if open_end else self._term)(words[0], PARTS)
        else:
            part = (self._phrase_prefix if open_end else self._sequence)(words, PARTS)
        return [*found, Query.const_score_query(part, PART)]

    def _word(self, word: str, *, open_end: bool) -> Query:
        known = [form for form in (word, *plurals(word)) if self._knows(form)]
        self.words.exact.update({word, *known})
        queries = [self._each(partial(self._term, form), 1.0 if form == word else PLURAL) for form in known]
        if open_end and len(word) > 1:
            build = partial(self._prefix, word)
            self.words.beginnings.add(word)
            if known or self._matches(build):
                return Query.disjunction_max_query([*queries, self._const(build, PREFIX)], TIE_BREAKER)
        if not known and not has_digit(word) and self._has_match(self._term(word, PARTS)):
            return Query.const_score_query(self._term(word, PARTS), PART)
        if not known and not has_digit(word) and not self.strict:
            return self._corrected(word, open_end=open_end)
        return Query.disjunction_max_query(queries, TIE_BREAKER) if queries else Query.empty_query()

    def _corrected(self, word: str, *, open_end: bool) -> Query:
        """The most similar indexed words; the fewest typing errors win."""
        for errors in range(1, allowed(word) + 1):
            for prefix in (False, True) if open_end else (False,):
                build = partial(self._fuzzy, word, errors, prefix)
                if self._matches(build):
                    self.words.typos.add((word, errors, prefix))
                    return self._const(build, FUZZY)
        return Query.empty_query()

    def _knows(self, word: str) -> bool:
        """Whether an undeleted document has the word; the term's own count includes deleted documents."""
        return any(
            self._searcher.doc_freq(spec.name, word) and self._has_match(self._term(word, spec.name))
            for spec in self._fields
        )

    def _matches(self, build: Callable[[str], Query]) -> bool:
        return any(self._has_match(build(spec.name)) for spec in self._fields)

    def _has_match(self, query: Query) -> bool:
        """Whether a query on one field matches.

        For one field tantivy stops at the best document, for several it doesn't.
        """
        return bool(self._searcher.search(query, limit=1, count=False).hits)

    def _term(self, word: str, name: str) -> Query:
        return Query.term_query(self._schema, name, word)

    def _prefix(self, word: str, name: str) -> Query:
        return Query.fuzzy_term_query(self._schema, name, word, 0, True, True)

    def _fuzzy(self, word: str, errors: int, prefix: bool, name: str) -> Query:
        return Query.fuzzy_term_query(self._schema, name, word, errors, True, prefix)

    def _sequence(self, words: Sequence[str], name: str) -> Query:
        return Query.phrase_query(self._schema, name, [*words])

    def _phrase_prefix(self, words: Sequence[str], name: str) -> Query:
        return Query.phrase_prefix_query(self._schema, name, [*words])

    def _each(self, build: Callable[[str], Query], factor: float = 1.0) -> Query:
        return Query.disjunction_max_query(
            [Query.boost_query(build(spec.name), spec.weight * factor) for spec in self._fields], TIE_BREAKER
        )

    def _const(self, build: Callable[[str], Query], factor: float) -> Query:
        return Query.disjunction_max_query(
            [Query.const_score_query(build(spec.name), spec.weight * factor) for spec in self._fields]
        )


def every(queries: Sequence[Query]) -> Query:
    """Documents that match all queries; scores are added."""
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def any_of(queries: Sequence[Query], least: int = 1) -> Query:
    """Documents that match at least `least` queries; scores are added."""
    return Query.boolean_query([(Occur.Should, query) for query in queries], minimum_number_should_match=least)


def one_of(schema: Schema, name: str, values: Sequence[str] | Sequence[int]) -> Query:
    """Documents with any of these values.

    Few are looked up one by one: tantivy's term set reads all terms of the field.
    """
    if len(values) > LOOKUP_VALUES:
        return Query.term_set_query(schema, name, list(values))
    return any_of([Query.term_query(schema, name, value) for value in values])


def count(searcher: Searcher, query: Query) -> int:
    """The number of matches."""
    return counted(searcher.search(Query.const_score_query(query, 0.0), limit=1))  # twice as fast without scores


def counted(result: SearchResult) -> int:
    """The number of matches of a search that counted them."""
    found: int = getattr(result, "count")  # noqa: B009 - its type stub doesn't know the attribute
    return found
