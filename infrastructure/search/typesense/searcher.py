"""Searches by word of one collection: what is asked of the server, and its answers as a page of ours."""

from collections.abc import Sequence
from typing import Any

from domain.search import FacetValue, Hit, Mode, SearchQuery, SearchResult
from infrastructure.search.typesense.answers import hit_of, hits_of
from infrastructure.search.typesense.conditions import (
    MANY_VALUES,
    both,
    counted,
    facet_by,
    facet_parameters,
    filter_by,
    group_field,
    not_id,
    sort_by,
    undecided,
)
from infrastructure.search.typesense.keyword import BARE, Asker, words
from infrastructure.search.typesense.looseness import ask_by_words
from infrastructure.search.typesense.store import Store
from infrastructure.search.typesense.text import Typed

Json = dict[str, Any]


class WordSearcher:
    """Answers searches by word; without words, all that the filters leave is found."""

    def __init__(self, store: Store, asker: Asker) -> None:
        self.store = store
        self.spec = store.spec
        self.asker = asker

    def by_word(self, query: SearchQuery, text: Typed) -> SearchResult:
        """The page of hits."""
        grouping: Json = {}
        if query.group_by:
            field = group_field(self.spec, query.group_by)
            grouping = {"group_by": field, "group_limit": query.group_limit, "group_missing_values": False}
        answer, asked = self.ask(query, text, {"page": query.page, "per_page": query.per_page} | grouping)
        first = (query.page - 1) * query.per_page + 1
        ranked = query.sort is None
        hits = [hit_of(self.spec, one, text, ranked=ranked, explain=query.explain, rank=rank) for rank, one in enumerate(hits_of(answer), first)]
        if query.group_by:
            hits = [grouped(hit, query.group_by) for hit in hits]
        found = int(answer["found_docs"] if query.group_by else answer["found"])
        return result(query, found, hits, self.facets(asked, answer, query), Mode.KEYWORD)

    def ask(self, query: SearchQuery, text: Typed, more: Json) -> tuple[Json, Json]:
        """The answer to the words of a query, and the search that it is the answer to."""
        ranked = query.sort is None
        base = words(self.spec, self.store.alias, text, self.asker.synonym_set)
        base |= {"sort_by": sort_by(self.spec, query.sort, ranked=text.asks)}
        base |= facet_parameters(facet_by(self.spec, query.facet_by), query.facet_size) | more
        answer, asked = ask_by_words(self.asker, base, text, self.narrowed(query), ranked=ranked)
        self.store.check(int(answer.get("out_of", 0)))
        return answer, asked

    def narrowed(self, query: SearchQuery) -> str:
        """The filters, and that a document is not like itself."""
        return both(filter_by(self.spec, query.filters), not_id(query.similar_to) if query.similar_to is not None else "")

    def facets(self, asked: Json, answer: Json, query: SearchQuery) -> dict[str, list[FacetValue]]:
        """The facets of an answer, with all values read where the last place is tied."""
        found = counted(answer)
        tied = undecided(found, query.facet_size)
        if tied:
            found |= self.all_values(asked, tied)
        return {name: values[: query.facet_size] for name, values in found.items()}

    def all_values(self, asked: Json, names: Sequence[str]) -> dict[str, list[FacetValue]]:
        """Every value of these facets over what a search finds."""
        again = {name: value for name, value in asked.items() if name not in BARE}
        again |= facet_parameters(names, MANY_VALUES) | {"page": 1, "per_page": 0}
        return counted(self.asker.ask([again])[0])


def result(query: SearchQuery, found: int, hits: list[Hit], facets: dict[str, list[FacetValue]], mode: Mode) -> SearchResult:
    """The answer to a query; how long it took is for the caller to say."""
    return SearchResult(found=found, page=query.page, per_page=query.per_page, took_ms=0.0, hits=hits, facets=facets, mode=mode)


def grouped(hit: Hit, name: str) -> Hit:
    """The hit with its value of the field that hits are grouped by."""
    value = hit.document.get(name)
    return hit.model_copy(update={"group": None if value is None else str(value)})
