"""One search of one collection: what is asked of the server, and its answers as a page of ours."""

from collections.abc import Sequence
from typing import Any

from domain.search import FacetValue, Hit, Mode, SearchQuery, SearchResult
from infrastructure.search.embedded.paging import check_depth
from infrastructure.search.typesense.answers import hit_of, hits_of
from infrastructure.search.typesense.conditions import MANY_VALUES, counted, facet_by, facet_parameters, filter_by, group_field, sort_by, undecided
from infrastructure.search.typesense.keyword import Asker, ask_by_words, words
from infrastructure.search.typesense.store import Store
from infrastructure.search.typesense.text import Typed, typed

Json = dict[str, Any]


class Searcher:
    """Answers the searches of a collection by word."""

    def __init__(self, store: Store, asker: Asker) -> None:
        self.store = store
        self.spec = store.spec
        self.asker = asker

    def by_word(self, query: SearchQuery) -> SearchResult:
        """The page of hits that have the words; without any, all that the filters leave."""
        check_depth(query.page, query.per_page)
        text = typed(query.text)
        answer, asked = self.ask(query, text, {"page": query.page, "per_page": query.per_page})
        hits = [hit_of(self.spec, one, text, ranked=query.sort is None, explain=query.explain) for one in hits_of(answer)]
        if query.explain and text.asks and query.sort is None:
            _ranked(hits, (query.page - 1) * query.per_page)
        if query.group_by:
            hits = [grouped(hit, query.group_by) for hit in hits]
        facets = self.facets(asked, answer, query)
        return result(query, int(answer["found"]), hits, facets, Mode.KEYWORD)

    def ask(self, query: SearchQuery, text: Typed, more: Json) -> tuple[Json, Json]:
        """The answer to the words of a query, and the search that it is the answer to."""
        ranked = query.sort is None
        base = words(self.spec, self.store.alias, text, ranked=ranked, synonyms=self.asker.synonym_set)
        base |= {"sort_by": sort_by(self.spec, query.sort, ranked=text.asks)} | more
        base |= facet_parameters(facet_by(self.spec, query.facet_by), query.facet_size)
        if query.group_by:
            base |= {"group_by": group_field(self.spec, query.group_by), "group_limit": query.group_limit, "group_missing_values": False}
        answer, asked = ask_by_words(self.asker, base, text, filter_by(self.spec, query.filters), ranked=ranked)
        self.store.check(int(answer.get("out_of", 0)))
        return answer, asked

    def facets(self, asked: Json, answer: Json, query: SearchQuery) -> dict[str, list[FacetValue]]:
        """The facets of an answer, with all values read where the last place is tied."""
        found = counted(answer)
        tied = undecided(found, query.facet_size)
        if tied:
            found |= self.all_values(asked, tied)
        return {name: values[: query.facet_size] for name, values in found.items()}

    def all_values(self, asked: Json, names: Sequence[str]) -> dict[str, list[FacetValue]]:
        """Every value of these facets over what a search finds."""
        again = {name: value for name, value in asked.items() if name not in {"group_by", "group_limit", "group_missing_values"}}
        again |= facet_parameters(names, MANY_VALUES) | {"page": 1, "per_page": 0}
        return counted(self.asker.ask([again])[0])


def result(query: SearchQuery, found: int, hits: list[Hit], facets: dict[str, list[FacetValue]], mode: Mode) -> SearchResult:
    """The answer to a query; how long it took is for the caller to say."""
    return SearchResult(found=found, page=query.page, per_page=query.per_page, took_ms=0.0, hits=hits, facets=facets, mode=mode)


def grouped(hit: Hit, name: str) -> Hit:
    """The hit with its value of the field that hits are grouped by."""
    value = hit.document.get(name)
    return hit.model_copy(update={"group": None if value is None else str(value)})


def _ranked(hits: Sequence[Hit], before: int) -> None:
    for rank, hit in enumerate(hits, before + 1):
        if hit.explain is not None:
            hit.explain.keyword_rank = rank
