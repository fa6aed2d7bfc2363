"""Queries for tantivy from what people type: exact words above typing errors, filters that do not score."""

from datetime import datetime
from typing import Any

import tantivy
from tantivy import Occur, Query

from domain.errors import InvalidError
from domain.search import CollectionSpec, FieldSpec, Filter, SearchQuery
from infrastructure.search.embedded.schema import EXACT
from infrastructure.search.words import Marker, Words, typos

RELAXED = 0.6  # share of the words that must match where no document has all of them


class QueryBuilder:
    """Builds the query of one search against one state of the index."""

    def __init__(self, spec: CollectionSpec, schema: tantivy.Schema, searcher: tantivy.Searcher) -> None:
        self.spec, self.schema, self.searcher = spec, schema, searcher
        self.texts = [field for field in spec.fields if field.type == "text"]
        self.fuzzy: list[str] = []

    def build(self, query: SearchQuery, words: Words) -> list[Query]:
        """The strict query (all words), then, where there are several words, the relaxed one (most of them)."""
        parts = [(word, self._word(word, last=words.open_end and word == words.words[-1])) for word in words.words]
        fixed = [(Occur.Must, self._phrase(phrase)) for phrase in words.phrases]
        fixed += [(Occur.MustNot, self._phrase(phrase)) for phrase in words.excluded]
        fixed += [(Occur.Must, Query.const_score_query(self._filter(one), 0.0)) for one in query.filters]
        if not parts and not words.phrases:
            fixed.append((Occur.Must, Query.all_query()))
        exact = [Query.boost_query(Query.term_query(self.schema, EXACT, code), 20.0) for code in words.codes]
        strict = Query.boolean_query([(Occur.Must, part) for _, part in parts]) if parts else None
        found = [self._whole(strict, exact, fixed)]
        if len(parts) > 1:
            least = max(1, round(len(parts) * RELAXED))
            relaxed = Query.boolean_query([(Occur.Should, part) for _, part in parts], minimum_number_should_match=least)
            found.append(self._whole(relaxed, exact, fixed))
        return found

    def marker(self, words: Words) -> Marker:
        """What marks the matches of the query built last."""
        exact = {word for word in words.words if word not in self.fuzzy} | {word for phrase in words.phrases for word in phrase}
        return Marker(exact, words.words[-1] if words.open_end and words.words else None, self.fuzzy)

    def _whole(self, by_word: Query | None, exact: list[Query], fixed: list[tuple[Occur, Query]]) -> Query:
        if by_word is None:
            return Query.boolean_query(fixed)
        matched = Query.boolean_query([(Occur.Should, one) for one in (by_word, *exact)])
        return Query.boolean_query([(Occur.Must, matched), *fixed])

    def _word(self, word: str, *, last: bool) -> Query:
        exact = [self._boosted(Query.term_query(self.schema, field.name, word), field) for field in self.texts]
        known = any(self.searcher.doc_freq(field.name, word) for field in self.texts)
        ways = exact
        if last and len(word) > 1:
            ways = ways + [self._boosted(Query.fuzzy_term_query(self.schema, field.name, word, distance=0, prefix=True), field, 0.3) for field in self.texts]
        if not known and (distance := typos(word)):
            self.fuzzy.append(word)
            ways = ways + [self._boosted(Query.fuzzy_term_query(self.schema, field.name, word, distance=distance), field, 0.2) for field in self.texts]
        return Query.disjunction_max_query(ways, 0.1)

    def _boosted(self, query: Query, field: FieldSpec, factor: float = 1.0) -> Query:
        return Query.boost_query(query, field.weight * factor)

    def _phrase(self, words: list[str]) -> Query:
        one = len(words) == 1
        ways = [Query.term_query(self.schema, f.name, words[0]) if one else Query.phrase_query(self.schema, f.name, list(words)) for f in self.texts]
        return Query.disjunction_max_query([self._boosted(way, field) for way, field in zip(ways, self.texts, strict=True)])

    def _filter(self, condition: Filter) -> Query:
        field = field_of(self.spec, condition.field, "filter", {"keyword", "number", "date"})
        if condition.values:
            return Query.term_set_query(self.schema, field.name, list(condition.values))
        kind = tantivy.FieldType.Float if field.type == "number" else tantivy.FieldType.Date
        return Query.range_query(self.schema, field.name, kind, _bound(condition.gte, field), _bound(condition.lte, field))


def _bound(value: float | datetime | None, field: FieldSpec) -> Any:
    return float(value) if value is not None and field.type == "number" and not isinstance(value, datetime) else value


def field_of(spec: CollectionSpec, name: str, use: str, kinds: set[str]) -> FieldSpec:
    """The field of that name; InvalidError, with the names that would do, where it can't be used so."""
    able = [field for field in spec.fields if field.type in kinds and (use != "facet" or field.facet) and (use != "sort" or field.sort)]
    found = next((field for field in able if field.name == name), None)
    if found is None:
        raise InvalidError(f"{spec.name} has no field {name!r} to {use} by; it has {', '.join(field.name for field in able)}")
    return found
