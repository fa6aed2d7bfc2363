"""Chunks of a query to tantivy queries, by what the index knows: exact words score by BM25; beginnings, and corrections of unknown words, below them.

Each match also says which words it stands for, so that highlights mark exactly what was found.
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

PLURAL = SYNONYM = 0.8  # of an exact word's score
PREFIX, FUZZY = 0.3, 0.2  # times the field's weight
TIE = 0.2  # what the other fields add to the best one
IDENTIFIER, PART = 500.0, 20.0
PART_LENGTH = 5  # characters from which a piece of an identifier is looked up
SET = 1_000  # values up to which they are looked up one by one


class TermQueryBuilder:
    """Builds the queries of one search on one snapshot. A `strict` one completes and corrects nothing."""

    def __init__(self, schema: Schema, searcher: Searcher, fields: Sequence[FieldSpec], *, strict: bool = False) -> None:
        self.words = MatchedWords()
        self.strict = strict
        self._schema = schema
        self._searcher = searcher
        self._fields = [spec for spec in fields if spec.type == "text"]

    @property
    def title(self) -> FieldSpec | None:
        """The field that weighs most: a phrase in it is what people mean."""
        return max(self._fields, key=lambda spec: spec.weight, default=None)

    def chunk(self, chunk: QueryPart) -> Query:
        """Documents that have this piece of the query."""
        if chunk.phrase:
            return self._phrase(chunk)
        query = self._words(chunk)
        if chunk.identifier:
            return Query.disjunction_max_query([query, *self._identifier(chunk)])
        exact = self.exactly([chunk.whole]) if self._searcher.doc_freq(WHOLE_VALUES, chunk.whole) else None
        return query if exact is None else Query.disjunction_max_query([query, exact])

    def excluding(self) -> "TermQueryBuilder":
        """Builds what is left out: what a strict search finds, never highlighted."""
        return TermQueryBuilder(self._schema, self._searcher, self._fields, strict=True)

    def alternative(self, term: Sequence[str]) -> Query:
        """Documents that have a synonym, in either number; its words as a phrase."""
        self.words.synonyms.add(" ".join(term))
        if len(term) > 1:
            self._found_in_a_row(term, adjacent=unspaced("".join(term)))
            return self._each(partial(self._sequence, term), SYNONYM)
        forms = [term[0], *plurals(term[0])]
        self.words.exact.update(forms)
        return Query.disjunction_max_query([self._each(partial(self._term, form), SYNONYM) for form in forms])

    def exactly(self, spellings: Sequence[str]) -> Query | None:
        """Documents that have any of these as an id or code of theirs, None where there are none."""
        query = self._whole(spellings)
        return query if self._lives(query) else None

    def identified(self, chunks: Sequence[QueryPart], exact: Query) -> Query:
        """Documents that `exact` finds by what was typed, an identifier as it stands, and those whose texts say it."""
        self.words.wholes.update(spelling for chunk in chunks for spelling in chunk.spellings)
        row = [word for chunk in chunks for word in chunk.words]
        self._found_in_a_row(row, adjacent=any(chunk.adjacent for chunk in chunks))
        said = self._each(partial(self._term, row[0]) if len(row) == 1 else partial(self._sequence, row))
        return Query.disjunction_max_query([said, exact])

    def together(self, chunks: Iterable[QueryPart]) -> Query | None:
        """Rewards a title that has the plain words in their order."""
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
        parts = [self._word(word, open_end=chunk.open_end and i == last and not self.strict) for i, word in enumerate(chunk.words)]
        return parts[0] if len(parts) == 1 else every(parts)

    def _run(self, words: Sequence[str]) -> Query:
        """Words cut out of a script without blanks: as they follow each other; where no document has that, most of them."""
        build = partial(self._sequence, words)
        if self.strict or self._matches(build):
            self._found_in_a_row(words, adjacent=True)
            return self._each(build)
        self.words.exact.update(word for word in words if len(word) > 1)
        return any_of([self._each(partial(self._term, word)) for word in words], len(words) - len(words) // 3)

    def _phrase(self, chunk: QueryPart) -> Query:
        if chunk.missing:
            return Query.empty_query()
        self._found_in_a_row(chunk.words, adjacent=chunk.adjacent)
        build = partial(self._term, chunk.words[0]) if len(chunk.words) == 1 else partial(self._sequence, chunk.words)
        if not chunk.identifier:
            return self._each(build)
        return Query.disjunction_max_query([self._each(build), Query.const_score_query(build(PARTS), PART)])

    def _found_in_a_row(self, words: Sequence[str], *, adjacent: bool) -> None:
        if adjacent:
            self.words.rows.add(tuple(words))
        else:
            self.words.exact.update(words)

    def _whole(self, spellings: Sequence[str]) -> Query:
        return Query.const_score_query(any_of([self._term(one, WHOLE_VALUES) for one in spellings]), IDENTIFIER)

    def _identifier(self, chunk: QueryPart) -> list[Query]:
        """An id or code typed as it stands, with or without its scheme (`CPV:…`) or check digit (`…-6`); or a good piece of it."""
        self.words.wholes.update(chunk.spellings)
        found = [self._whole(chunk.spellings)]
        if len(chunk.whole) < PART_LENGTH:
            return found
        open_end = chunk.open_end and not self.strict
        words = all_words(chunk.whole)
        if len(words) == 1:
            part = (self._beginning if open_end else self._term)(words[0], PARTS)
        else:
            part = (self._unfinished if open_end else self._sequence)(words, PARTS)
        return [*found, Query.const_score_query(part, PART)]

    def _word(self, word: str, *, open_end: bool) -> Query:
        known = [form for form in (word, *plurals(word)) if self._knows(form)]
        self.words.exact.update({word, *known})
        queries = [self._each(partial(self._term, form), 1.0 if form == word else PLURAL) for form in known]
        if open_end and len(word) > 1:
            build = partial(self._beginning, word)
            self.words.beginnings.add(word)
            if known or self._matches(build):
                return Query.disjunction_max_query([*queries, self._const(build, PREFIX)], TIE)
        if not known and not has_digit(word) and self._lives(self._term(word, PARTS)):
            return Query.const_score_query(self._term(word, PARTS), PART)
        if not known and not has_digit(word) and not self.strict:
            return self._corrected(word, open_end=open_end)
        return Query.disjunction_max_query(queries, TIE) if queries else Query.empty_query()

    def _corrected(self, word: str, *, open_end: bool) -> Query:
        """The nearest words that the index knows; the fewest errors win."""
        for errors in range(1, allowed(word) + 1):
            for prefix in (False, True) if open_end else (False,):
                build = partial(self._fuzzy, word, errors, prefix)
                if self._matches(build):
                    self.words.typos.add((word, errors, prefix))
                    return self._const(build, FUZZY)
        return Query.empty_query()

    def _knows(self, word: str) -> bool:
        """Whether a living document has the word: the index's own count of it includes deleted ones."""
        return any(self._searcher.doc_freq(spec.name, word) and self._lives(self._term(word, spec.name)) for spec in self._fields)

    def _matches(self, build: Callable[[str], Query]) -> bool:
        return any(self._lives(build(spec.name)) for spec in self._fields)

    def _lives(self, query: Query) -> bool:
        """Of one field: the best document of a term is found without looking at the others, that of several fields is not."""
        return bool(self._searcher.search(query, limit=1, count=False).hits)

    def _term(self, word: str, name: str) -> Query:
        return Query.term_query(self._schema, name, word)

    def _beginning(self, word: str, name: str) -> Query:
        return Query.fuzzy_term_query(self._schema, name, word, 0, True, True)

    def _fuzzy(self, word: str, errors: int, prefix: bool, name: str) -> Query:
        return Query.fuzzy_term_query(self._schema, name, word, errors, True, prefix)

    def _sequence(self, words: Sequence[str], name: str) -> Query:
        return Query.phrase_query(self._schema, name, [*words])

    def _unfinished(self, words: Sequence[str], name: str) -> Query:
        return Query.phrase_prefix_query(self._schema, name, [*words])

    def _each(self, build: Callable[[str], Query], factor: float = 1.0) -> Query:
        return Query.disjunction_max_query([Query.boost_query(build(spec.name), spec.weight * factor) for spec in self._fields], TIE)

    def _const(self, build: Callable[[str], Query], factor: float) -> Query:
        return Query.disjunction_max_query([Query.const_score_query(build(spec.name), spec.weight * factor) for spec in self._fields])


def every(queries: Sequence[Query]) -> Query:
    """Documents that match all of them; the scores add up."""
    return Query.boolean_query([(Occur.Must, query) for query in queries])


def any_of(queries: Sequence[Query], least: int = 1) -> Query:
    """Documents that match at least `least` of them; the scores add up."""
    return Query.boolean_query([(Occur.Should, query) for query in queries], minimum_number_should_match=least)


def one_of(schema: Schema, name: str, values: Sequence[str] | Sequence[int]) -> Query:
    """Documents with any of these values: term by term where they are few, for tantivy's set of terms walks through all terms of the field."""
    if len(values) > SET:
        return Query.term_set_query(schema, name, list(values))
    return any_of([Query.term_query(schema, name, value) for value in values])


def count(searcher: Searcher, query: Query) -> int:
    """How many documents match."""
    return counted(searcher.search(Query.const_score_query(query, 0.0), limit=1))  # without scores it takes half the time


def counted(result: SearchResult) -> int:
    """How many documents matched a search that counted them."""
    found: int = getattr(result, "count")  # noqa: B009 - its type stub doesn't know the attribute
    return found
