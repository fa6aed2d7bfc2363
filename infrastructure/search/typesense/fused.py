"""Searches by meaning and by both: what is near in meaning comes from the vectors' collection, its documents from that of the words."""

from collections.abc import Sequence
from typing import Any

from domain.errors import NotFoundError
from domain.search import Explanation, FacetValue, Hit, Mode, SearchQuery, SearchResult
from infrastructure.search.embedded.paging import check_depth
from infrastructure.search.typesense.answers import document, explained, highlighted, hits_of
from infrastructure.search.typesense.conditions import MANY_VALUES, both, by_ids, counted, facet_by, facet_parameters, filter_by, sort_by
from infrastructure.search.typesense.keyword import Asker
from infrastructure.search.typesense.meaning import NEAREST, TOP, Ranks, merged, page_of
from infrastructure.search.typesense.names import ID, decode_id
from infrastructure.search.typesense.schema import DOCUMENT, ORDER
from infrastructure.search.typesense.searcher import Searcher, grouped, result
from infrastructure.search.typesense.store import Store
from infrastructure.search.typesense.text import Typed, typed
from infrastructure.search.typesense.vectors import VectorStore

Json = dict[str, Any]
PLAIN = {"facet_by", "max_facet_values", "facet_strategy", "highlight_fields", "group_by", "group_limit", "group_missing_values"}
NO_FACETS: dict[str, list[FacetValue]] = {}


class FusedSearcher(Searcher):
    """Answers searches of any mode."""

    def __init__(self, store: Store, asker: Asker, vectors: VectorStore) -> None:
        super().__init__(store, asker)
        self.vectors = vectors

    def search(self, query: SearchQuery) -> SearchResult:
        """The page of hits. Without a vector to go by, they are found by word."""
        check_depth(query.page, query.per_page)
        facet_by(self.spec, query.facet_by)  # what can't be asked is refused before anything is
        vector = self._vector(query)
        if vector is None:
            return self.by_word(query)
        ranks = self._nearest(query, vector)
        text = typed(query.text)
        if query.mode is Mode.SEMANTIC or not text.asks:
            return self._by_meaning(query, ranks)
        return self._by_both(query, text, ranks)

    def _vector(self, query: SearchQuery) -> Sequence[float] | None:
        if query.similar_to is not None:
            model = self.vectors.serving()
            row = self.vectors.read(model, [query.similar_to]).get(query.similar_to) if model else None
            if row is None:
                raise NotFoundError(f"{query.similar_to!r} has no vector (yet) to find others like it by", id=query.similar_to)
            return [float(number) for number in row.vector]
        return query.vector if query.mode is not Mode.KEYWORD and self.vectors.serving() is not None else None

    def _nearest(self, query: SearchQuery, vector: Sequence[float]) -> Ranks:
        asked = self.vectors.nearest(vector, NEAREST, filter_by(self.spec, query.filters), query.similar_to)
        found = [(decode_id(hit["document"][ID]), 1 - float(hit["vector_distance"])) for hit in self.asker.ask([asked])[0]["hits"]]
        there = self._there([key for key, _ in found])
        near = [(key, similarity) for key, similarity in found if key in there]
        return Ranks(by_meaning={key: rank for rank, (key, _) in enumerate(near, 1)}, similarity=dict(near))

    def _there(self, keys: Sequence[str]) -> set[str]:
        """Those of the keys that have a document: a vector may outlive it for a moment."""
        if not keys:
            return set()
        asked = {"collection": self.store.alias, "q": "*", "filter_by": by_ids(keys), "per_page": TOP, "include_fields": ID}
        answer = self.asker.ask([asked])[0]
        self.store.check(int(answer.get("out_of", 0)))
        return {decode_id(hit["document"][ID]) for hit in answer["hits"]}

    def _by_meaning(self, query: SearchQuery, ranks: Ranks) -> SearchResult:
        keys = list(ranks.by_meaning)
        facets = self._facets_of(keys, query)
        if query.sort is not None:
            keys = self._sorted(query, by_ids(keys)) if keys else []
        return self._page(query, keys, ranks, typed(""), {}, len(keys), facets, Mode.SEMANTIC)

    def _by_both(self, query: SearchQuery, text: Typed, ranks: Ranks) -> SearchResult:
        more = {"page": 1, "per_page": TOP, "include_fields": ID, "highlight_fields": "none"}
        answer, asked = self.ask(query.model_copy(update={"group_by": None, "sort": None, "facet_size": TOP}), text, more)
        asked = {name: value for name, value in asked.items() if name not in PLAIN} | {"include_fields": ID}
        ranks.by_word = {decode_id(hit["document"][ID]): rank for rank, hit in enumerate(hits_of(answer), 1)}
        by_word = self._found_by_word(asked, ranks, int(answer["found"]))
        others = [key for key in ranks.by_meaning if key not in by_word]
        facets = self._facets(query, asked, counted(answer), others)
        found = int(answer["found"]) + len(others)
        keys = ranks.fused(query.semantic_weight)
        if query.sort is not None:
            keys = self._sorted(query, by_ids(keys))
        elif page_of(query).stop > len(keys) and found > len(keys):
            keys += self._tail(query, asked, ranks, page_of(query).stop - len(keys))
        return self._page(query, keys, ranks, text, asked, found, facets, Mode.HYBRID)

    def _found_by_word(self, asked: Json, ranks: Ranks, found: int) -> set[str]:
        """Of the documents near in meaning, those that have the words too."""
        if found <= len(ranks.by_word) or not ranks.by_meaning:
            return set(ranks.by_word)
        again = asked | {"filter_by": by_ids(ranks.by_meaning), "per_page": TOP, "page": 1}
        return {decode_id(hit["document"][ID]) for hit in self.asker.ask([again])[0]["hits"]}

    def _tail(self, query: SearchQuery, asked: Json, ranks: Ranks, wanted: int) -> list[str]:
        """Documents found by word past those whose ranks were fused, in their order."""
        keys: list[str] = []
        page = 1 + TOP // TOP
        while len(keys) < wanted:
            hits = self.asker.ask([asked | {"page": page, "per_page": TOP}])[0]["hits"]
            keys += [key for hit in hits if (key := decode_id(hit["document"][ID])) not in ranks.by_meaning]
            if len(hits) < TOP:
                break
            page += 1
        return keys

    def _facets(self, query: SearchQuery, asked: Json, counts: dict[str, list[FacetValue]], others: Sequence[str]) -> dict[str, list[FacetValue]]:
        if not counts:
            return {}
        near = self._facets_of(others, query, every=True)
        facets, uncertain = merged(counts, near, query.facet_size, TOP)
        if uncertain:
            facets |= merged(self.all_values(asked, uncertain), {name: near.get(name, []) for name in uncertain}, query.facet_size, MANY_VALUES + 1)[0]
        return {name: values[: query.facet_size] for name, values in facets.items()}

    def _facets_of(self, keys: Sequence[str], query: SearchQuery, *, every: bool = False) -> dict[str, list[FacetValue]]:
        """The facets over documents that are known by their keys."""
        names = facet_by(self.spec, query.facet_by)
        if not names or not keys:
            return {name: [] for name in names}
        asked = {"collection": self.store.alias, "q": "*", "filter_by": by_ids(keys), "per_page": 0} | facet_parameters(names, MANY_VALUES)
        found = counted(self.asker.ask([asked])[0])
        return found if every else {name: values[: query.facet_size] for name, values in found.items()}

    def _sorted(self, query: SearchQuery, condition: str) -> list[str]:
        """The keys of what a condition finds, in the order of a field."""
        base = {"collection": self.store.alias, "q": "*", "filter_by": condition, "sort_by": sort_by(self.spec, query.sort, ranked=False)}
        keys: list[str] = []
        for page in (1, 2):
            hits = self.asker.ask([base | {"per_page": TOP, "page": page, "include_fields": ID}])[0]["hits"]
            keys += [decode_id(hit["document"][ID]) for hit in hits]
        return keys

    def _page(
        self, query: SearchQuery, keys: Sequence[str], ranks: Ranks, text: Typed, asked: Json, found: int, facets: dict[str, list[FacetValue]], mode: Mode
    ) -> SearchResult:
        groups: dict[str, str | None] = {}
        if query.group_by:
            keys, groups, found = self._grouped(query, keys)
            chosen = list(keys)
        else:
            chosen = list(keys)[page_of(query)]
        hits = self._hits(query, chosen, ranks, text, asked)
        if query.group_by:
            hits = [hit.model_copy(update={"group": groups.get(hit.id)}) for hit in hits]
        return result(query, found, hits, facets, mode)

    def _grouped(self, query: SearchQuery, keys: Sequence[str]) -> tuple[list[str], dict[str, str | None], int]:
        """The keys of the page's groups, each key's group, and how many groups there are."""
        name = str(query.group_by)
        stored = {hit.id: hit for hit in self._hits(query.model_copy(update={"explain": False}), keys, Ranks(), typed(""), {})}
        groups: dict[str, list[str]] = {}
        for key in keys:
            if key in stored:
                groups.setdefault(grouped(stored[key], name).group or f"\x00{key}", []).append(key)
        page = list(groups.values())[page_of(query)]
        chosen = [key for members in page for key in members[: query.group_limit]]
        return chosen, {key: grouped(stored[key], name).group for key in chosen}, len(groups)

    def _hits(self, query: SearchQuery, keys: Sequence[str], ranks: Ranks, text: Typed, asked: Json) -> list[Hit]:
        """Hits of these documents in their order: what stands in them, and where the words are."""
        found: dict[str, Hit] = {}
        for start in range(0, len(keys), TOP):
            condition = by_ids(keys[start : start + TOP])
            plain = {"collection": self.store.alias, "q": "*", "filter_by": condition, "per_page": TOP, "include_fields": DOCUMENT, "sort_by": f"{ORDER}:asc"}
            fields = ",".join(field.name for field in self.spec.fields if field.type == "text")
            narrowed = {"filter_by": both(condition, str(asked.get("filter_by", ""))), "page": 1, "per_page": TOP}
            wordy = [asked | narrowed | {"include_fields": DOCUMENT, "highlight_fields": fields}] if text.asks else []
            answers = self.asker.ask([plain, *wordy])
            matched = {document(hit)[ID]: hit for answer in answers[1:] for hit in hits_of(answer)}
            for one in hits_of(answers[0]):
                hit = self._hit(query, one, ranks, text, matched)
                found[hit.id] = hit
        return [found[key] for key in keys if key in found]

    def _hit(self, query: SearchQuery, one: Json, ranks: Ranks, text: Typed, matched: dict[str, Json]) -> Hit:
        stored = document(one)
        key = str(stored[ID])
        shown = highlighted(self.spec, stored, matched[key], text) if key in matched else {}
        told = None
        if query.explain:
            told = Explanation(
                words=explained(matched[key], shown) if key in matched else {},
                keyword_rank=ranks.by_word.get(key),
                semantic_rank=ranks.by_meaning.get(key),
                similarity=ranks.similarity.get(key),
                model=self.vectors.serving() if key in ranks.by_meaning else None,
            )
        fused = ranks.score(key, query.semantic_weight) if ranks.by_word else ranks.similarity.get(key, 0.0)
        return Hit(id=key, score=round(fused, 6), document=stored, highlights=shown, explain=told)
