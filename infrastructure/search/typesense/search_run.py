"""A search of one collection: one `multi_search` for keywords and vector, and one for the documents of a fused page."""

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from domain.search.embedding_text import EXCLUDED, embedding_text
from domain.search.queries import Hit, Mode, SearchQuery, SearchResult, Synonym
from domain.shared.errors import NotFoundError
from infrastructure.search.common.allowed_fields import check_depth, facet_fields, group_field
from infrastructure.search.common.identifiers import ID
from infrastructure.search.common.limits import ENOUGH, GROUPED, NEIGHBOURS_MOST, TITLE_CHARACTERS
from infrastructure.search.typesense.collection_store import PAGE, CollectionStore
from infrastructure.search.typesense.filters_and_facets import both, by_ids, equal, facet_by, facets, filter_by, sort_by
from infrastructure.search.typesense.hits import shown, text_score, to_hit
from infrastructure.search.typesense.hybrid_ranks import Ranks
from infrastructure.search.typesense.keyword_query import EVERYTHING, by_words, keyword_query, similar_query
from infrastructure.search.typesense.schema import decode_id, document_fields, identifier_fields, to_document
from infrastructure.search.typesense.vector_store import NEIGHBOURS, VectorStore

IDS: dict[str, Any] = {"page": 1, "per_page": PAGE, "include_fields": ID, "highlight_fields": "none"}
Json = dict[str, Any]


class SearchRun:
    """One search."""

    def __init__(
        self,
        store: CollectionStore,
        vectors: VectorStore,
        query: SearchQuery,
        synonyms: Callable[[], Sequence[Synonym]],
        synonym_set: Json,
    ) -> None:
        self._store, self._vectors, self._query = store, vectors, query
        self._spec, self._ask = store.spec, store.client.search
        self._base: Json = {"collection": store.alias, **synonym_set}
        check_depth(query.page, query.per_page)
        if query.group_by:
            group_field(self._spec, query.group_by)
        self._sort = sort_by(self._spec, query.sort)
        self._facets = facet_fields(self._spec, query.facet_by)
        not_itself = by_ids([query.similar_to], "!=") if query.similar_to is not None else ""
        self._filter = both(filter_by(self._spec, query.filters), not_itself)
        excluding = EXCLUDED.search(query.text) is not None
        self._text = keyword_query(query.text, strict=query.strict, synonyms=synonyms() if excluding else ())

    def result(self) -> SearchResult:
        """The page of hits; by keyword where there is no vector."""
        query, vector = self._query, self._vector()
        if self._text.nothing:
            return self._result(0, [], mode=query.mode)
        if vector is None and query.similar_to is not None:
            self._text = similar_query(self._text_of(query.similar_to))
        if vector is not None and (query.mode is Mode.SEMANTIC or not (self._text.free or self._text.frame)):
            return self._by_vector(vector, NEIGHBOURS_MOST, Mode.SEMANTIC)
        if vector is None or self._is_identifier:
            return self._by_keyword()
        if query.sort is None:
            return self._hybrid(vector)
        found = self._by_keyword()  # not by vector: sorted by a field, a far neighbour could come first
        return found if found.found else self._by_vector(vector, NEIGHBOURS, Mode.HYBRID)

    def _vector(self) -> Sequence[float] | None:
        query, model = self._query, self._vectors.serving()
        if query.similar_to is not None:
            row = self._vectors.read(model, [query.similar_to]).get(query.similar_to) if model else None
            return row.vector.tolist() if row is not None else None
        fits = query.vector is not None and len(query.vector) == self._vectors.dimension()
        return query.vector if fits and query.mode is not Mode.KEYWORD else None

    def _text_of(self, key: str) -> str:
        """The text of a document without a vector."""
        found = self._store.read(self._store.alias, [key], document_fields(self._spec))
        if key not in found:
            raise NotFoundError(f"there is no document {key} among the {self._spec.name}", similar_to=key)
        return embedding_text(self._spec.name, to_document(self._spec, found[key]))[:TITLE_CHARACTERS]

    # by keyword

    def _by_keyword(self) -> SearchResult:
        query = self._query
        page = shown(self._spec) | {"page": query.page, "per_page": query.per_page}
        if query.group_by:
            page |= {"group_by": query.group_by, "group_limit": query.group_limit, "group_missing_values": False}
        asked, answer, _ = self._strictest(page | facet_by(self._facets))
        groups = answer.get("grouped_hits", [answer])
        ranked = query.sort is None and asked["q"] != EVERYTHING
        hits = []
        for rank, hit in enumerate((hit for group in groups for hit in group["hits"]), self._start + 1):
            score = text_score(hit) if ranked else 0.0
            explained = {"keyword_rank": rank, "keyword_score": score} if ranked else {}
            hits.append(to_hit(self._spec, query, self._text, hit, score, **explained))
        return self._result(_found(answer), hits, answer)

    @cached_property
    def _is_identifier(self) -> bool:
        """Whether the whole text is an identifier that a document has; it is then found alone."""
        if not self._text.whole:
            return False
        [answer] = self._ask([self._everything(self._identified(self._text.whole)) | {"per_page": 0}])
        return bool(answer["found"])

    def _strictest(self, page: Json, more: Sequence[Json] = ()) -> tuple[Json, Json, list[Json]]:
        """The strictest search that finds something, its answer, and the answers to `more`, asked in the same request.

        It is chosen without the filters: so the count of a facet value is what its filter finds."""
        levels = self._text.levels(self._spec, ranked=self._query.sort is None)
        if self._is_identifier:
            levels = [(identified := self._everything(self._identified(self._text.whole)), identified)]
        first = levels[0][0]
        asked = self._narrowed(first | page)
        counting = [self._base | first | {"per_page": 0}] if self._filter and len(levels) > 1 else []
        answer, *others = self._ask([asked, *counting, *more])
        counted = [others.pop(0) if counting else answer]
        if not counted[0]["found"]:
            counted += self._ask([self._base | strict | {"per_page": 0} for strict, _ in levels[1:]])
        counts = list(map(_found, counted))
        chosen = next((i for i, count in enumerate(counts) if count), 0)
        search = levels[chosen][1 if 0 < counts[chosen] < ENOUGH else 0]
        if search != first:
            asked = self._narrowed(search | page)
            [answer] = self._ask([asked])
        return asked, answer, others

    # by vector

    def _nearest(self, vector: Sequence[float], count: int) -> Json:
        """The nearest documents that meet the filters, have the phrases and lack what is excluded."""
        framing = by_words(self._spec, self._text.framing)
        near = self._vectors.nearest(vector, self._filter, count, excluding=self._text.excludes)
        return self._base | framing | near | {"include_fields": self._ranked_fields}

    def _by_vector(self, vector: Sequence[float], count: int, mode: Mode) -> SearchResult:
        near = _by_key(self._ask([self._nearest(vector, count)])[0])
        ranks = _semantic_ranks(near)
        keys, answers = list(ranks.semantic), []
        if self._query.sort or self._facets:
            over = self._everything(by_ids(keys)) | IDS | {"sort_by": self._sort} | facet_by(self._facets)
            answers = self._ask([over])
            keys = list(_by_key(answers[0])) if self._query.sort else keys
        return self._result(len(keys), self._page(keys, near, ranks), *answers, mode=mode)

    # by both

    def _hybrid(self, vector: Sequence[float]) -> SearchResult:
        """Fuses the first keyword hits and the nearest documents; further keyword hits follow in their order."""
        fields = IDS | {"include_fields": self._ranked_fields}
        more = [self._nearest(vector, NEIGHBOURS)]
        if self._text.spellings:
            identified = self._narrowed(self._everything(self._identified(self._text.spellings)))
            more.append(identified | fields | {"per_page": PAGE - NEIGHBOURS})
        asked, answer, others = self._strictest(fields | facet_by(self._facets), more)
        plain = {name: value for name, value in asked.items() if "facet" not in name}
        hits, near, *exact = map(_by_key, [answer, *others])
        ranks = _semantic_ranks(near)
        known = {key: near[key] for key in ranks.semantic} | {key: hit for one in exact for key, hit in one.items()}
        ranks.keyword = {key: rank for rank, key in enumerate(hits, 1)}
        ranks.keyword_score = {key: text_score(hit) for key, hit in hits.items()}
        ranks.lacking = {key for key, hit in hits.items() if self._text.lacks_words(hit)}
        ranks.unembedded = {key for key, hit in hits.items() if self._hash_field not in hit["document"]}
        ranks.exact = {key for one in exact for key in one}
        ranks.semantic_weight = self._query.semantic_weight
        keys, only_known = ranks.fused(), known.keys() - hits.keys()
        if answer["found"] > len(hits):
            wanted = (GROUPED if self._query.group_by else self._start + self._query.per_page) + len(known)
            pages = range(2, -(-min(answer["found"], wanted) // PAGE) + 1)
            among = {"filter_by": both(by_ids(sorted(only_known)), self._filter)}
            worded, *deeper = map(_by_key, self._ask([plain | among, *(plain | {"page": page} for page in pages)]))
            only_known -= worded.keys()
            further = {key: hit for one in deeper for key, hit in one.items() if key not in known}
            keys, hits = keys + list(further), hits | further
        counted = [self._everything(by_ids(only_known)) | {"per_page": 0} | facet_by(self._facets)]
        answers = [answer, *self._ask(counted if only_known and self._facets else [])]
        found = self._page(keys, known | hits, ranks, plain)
        return self._result(answer["found"] + len(only_known), found, *answers, mode=Mode.HYBRID)

    # results

    def _page(self, keys: Sequence[str], hits: dict[str, Json], ranks: Ranks, asked: Json | None = None) -> list[Hit]:
        """The hits of the page; `asked` is the keyword search, which says what matched."""
        query, end = self._query, self._start + self._query.per_page
        chosen = list(keys[self._start : end])
        if query.group_by:
            groups: dict[Any, list[str]] = {}  # a document without a value is a group of its own
            for key in keys[:GROUPED]:
                groups.setdefault(hits[key]["document"].get(query.group_by, (key,)), []).append(key)
            some = list(groups.values())[self._start : end]
            chosen = [key for members in some for key in members[: query.group_limit]]
        searches = []
        for part in (chosen[start : start + PAGE] for start in range(0, len(chosen), PAGE)):
            searches.append(self._everything(by_ids(part)) | IDS | shown(self._spec))
            if asked is not None:
                searches.append(asked | shown(self._spec) | {"filter_by": both(by_ids(part), self._filter)})
        read = {key: hit for answer in self._ask(searches) for key, hit in _by_key(answer).items()}
        model = self._vectors.serving()
        return [
            to_hit(self._spec, query, self._text, read[key], ranks.score(key), model=model, **ranks.explained(key))
            for key in chosen
            if key in read
        ]

    def _result(self, found: int, hits: list[Hit], *answers: Json, mode: Mode = Mode.KEYWORD) -> SearchResult:
        """The result; the engine adds how long it took."""
        query = self._query
        counted = facets(self._facets, query.facet_size, *answers)
        result = SearchResult(found=found, page=query.page, per_page=query.per_page, took_ms=0.0, hits=hits, mode=mode)
        return result.model_copy(update={"facets": counted, "notes": list(self._text.notes)})

    # parameters

    @property
    def _start(self) -> int:
        return (self._query.page - 1) * self._query.per_page

    @property
    def _hash_field(self) -> str:
        return f"{self._vectors.field(self._vectors.serving())}_hash"

    @property
    def _ranked_fields(self) -> str:
        """What the fusion reads of a document."""
        return ",".join(filter(None, [ID, self._hash_field, self._query.group_by]))

    def _everything(self, condition: str) -> Json:
        return {"collection": self._store.alias, "q": EVERYTHING, "filter_by": condition}

    def _identified(self, spellings: Sequence[str]) -> str:
        """Documents that have one of these as an identifier."""
        return f"({' || '.join(equal(name, spellings) for name in identifier_fields(self._spec))})"

    def _narrowed(self, search: Json) -> Json:
        narrowed = both(str(search.get("filter_by", "")), self._filter)
        return self._base | search | {"sort_by": self._sort} | ({"filter_by": narrowed} if narrowed else {})


def _semantic_ranks(hits: dict[str, Json]) -> Ranks:
    """The ranks by vector; a phrase also finds documents without one."""
    near = {key: 1 - float(hit["vector_distance"]) for key, hit in hits.items() if "vector_distance" in hit}
    ordered = sorted(near, key=lambda key: (-near[key], key))
    return Ranks(semantic={key: rank for rank, key in enumerate(ordered, 1)}, similarity=near)


def _by_key(answer: Json) -> dict[str, Json]:
    return {decode_id(hit["document"][ID]): hit for hit in answer["hits"]}


def _found(answer: Json) -> int:
    """Documents found, not groups of them."""
    return int(answer["found_docs"] if "found_docs" in answer else answer["found"])
