"""Searches of one collection, in any mode: one request for words and meaning, and one more for the documents of a fused
page.
"""

from collections.abc import Callable, Sequence
from typing import Any

from domain.search.embedding_text import EXCLUDED, embedding_text
from domain.search.queries import FacetValue, Hit, Mode, SearchQuery, SearchResult, Synonym
from domain.shared.errors import NotFoundError
from infrastructure.search.common.allowed_fields import check_depth, facet_fields, group_field
from infrastructure.search.common.identifiers import ID
from infrastructure.search.common.limits import GROUPED, NEIGHBOURS_MOST, TITLE_CHARACTERS
from infrastructure.search.typesense.collection_store import PAGE, CollectionStore
from infrastructure.search.typesense.filters_and_facets import (
    MANY_VALUES,
    both,
    by_ids,
    counted,
    equal,
    facet_by,
    filter_by,
    most_frequent_first,
    not_ids,
    sort_by,
)
from infrastructure.search.typesense.hits import Hits
from infrastructure.search.typesense.hybrid_ranks import Ranks
from infrastructure.search.typesense.query_text import EVERYTHING, Typed, like, typed
from infrastructure.search.typesense.query_words import ask_by_words, bare, by_text, documents_in, hits_of, lacks_words
from infrastructure.search.typesense.schema import decode_id, identifier_fields, to_document
from infrastructure.search.typesense.vector_store import NEIGHBOURS, VectorStore

KEYS = {"page": 1, "per_page": PAGE, "include_fields": ID}
Json = dict[str, Any]


class Searcher:
    """Answers searches of one collection; `synonym_set` is what searches have to ask for, where the server does not
    know by itself.
    """

    def __init__(
        self,
        store: CollectionStore,
        vectors: VectorStore,
        synonyms: Callable[[], Sequence[Synonym]],
        synonym_set: str | None,
    ) -> None:
        self._store, self._vectors, self._synonyms = store, vectors, synonyms
        self._client, self._spec = store.client, store.spec
        self._set = {"synonym_sets": synonym_set} if synonym_set else {}

    def search(self, query: SearchQuery) -> SearchResult:
        """The page of hits. Without a vector to go by, they are found by word."""
        check_depth(query.page, query.per_page)
        sort_by(self._spec, query.sort, ranked=True)  # what can't be asked is refused before anything is
        narrowed, names = self._narrowed(query), facet_fields(self._spec, query.facet_by)
        if query.group_by:
            group_field(self._spec, query.group_by)
        text = typed(query.text, strict=query.strict, synonyms=self._synonyms() if EXCLUDED.search(query.text) else ())
        nothing = _result(query, 0, [], {name: [] for name in names}, query.mode)
        found = nothing if text.nothing else self._found(query, text, narrowed, self._vector(query))
        return found.model_copy(update={"notes": list(text.notes)})

    def _found(self, query: SearchQuery, text: Typed, narrowed: str, vector: Sequence[float] | None) -> SearchResult:
        if vector is None:
            text = self._alike(query.similar_to) if query.similar_to is not None else text
        elif query.mode is Mode.SEMANTIC or not text.asks:
            return self._by_meaning(
                query,
                text,
                self._near(self._client.search([self._nearest(text, vector, narrowed, NEIGHBOURS_MOST)])[0]),
                Mode.SEMANTIC,
            )
        if (
            text.whole
            and self._client.search([self._everything(self._identified(text.whole)) | {"per_page": 0}])[0]["found"]
        ):
            return self._by_word(query, text, both(self._identified(text.whole), narrowed), self._everything())
        return (
            self._by_word(query, text, narrowed, None)
            if vector is None
            else self._by_both(query, text, narrowed, vector)
        )

    def _narrowed(self, query: SearchQuery) -> str:
        """The filters, and that a document is not like itself."""
        return both(
            filter_by(self._spec, query.filters), not_ids([query.similar_to]) if query.similar_to is not None else ""
        )

    def _identified(self, spellings: Sequence[str]) -> str:
        """Documents that have one of these as an identifier of theirs."""
        return f"({' || '.join(equal(name, spellings) for name in identifier_fields(self._spec))})"

    def _everything(self, narrowed: str = "") -> Json:
        return {"collection": self._store.alias, "q": EVERYTHING} | ({"filter_by": narrowed} if narrowed else {})

    def _words(self, q: str, *, unfinished: bool = False) -> Json:
        return by_text(self._spec, self._store.alias, q, unfinished=unfinished) | self._set

    def _vector(self, query: SearchQuery) -> Sequence[float] | None:
        if query.similar_to is not None:
            model = self._vectors.serving()
            row = self._vectors.read(model, [query.similar_to]).get(query.similar_to) if model else None
            return [float(number) for number in row.vector] if row is not None else None
        if query.vector is None or query.mode is Mode.KEYWORD:
            return None
        return query.vector if len(query.vector) == self._vectors.dimension() else None

    def _alike(self, key: str) -> Typed:
        """What a document without a vector is about, in words. NotFoundError where there is no such document."""
        found = self._store.read(self._store.alias, [key], Hits.fields(self._spec))
        if key not in found:
            raise NotFoundError(f"there is no document {key} among the {self._spec.name}", similar_to=key)
        return like(embedding_text(self._spec.name, to_document(self._spec, found[key]))[:TITLE_CHARACTERS])

    # by word

    def _by_word(self, query: SearchQuery, text: Typed, narrowed: str, instead: Json | None) -> SearchResult:
        """A page of what has the words, or of what is found `instead` of them."""
        size: Json = {
            "page": query.page,
            "per_page": query.per_page,
            "include_fields": Hits.fields(self._spec),
            "highlight_fields": Hits.marked(self._spec),
        }
        if query.group_by:
            size |= {"group_by": query.group_by, "group_limit": query.group_limit, "group_missing_values": False}
        answer, asked, _ = self._ask(query, text, narrowed, size, (), instead)
        made = Hits(self._spec, query, text).by_word(hits_of(answer), by_words=text.asks and instead is None)
        return _result(query, documents_in(answer), made, self._facets(asked, answer, query), Mode.KEYWORD)

    def _ask(
        self,
        query: SearchQuery,
        text: Typed,
        narrowed: str,
        size: Json,
        more: Sequence[Json],
        instead: Json | None = None,
    ) -> tuple[Json, Json, list[Json]]:
        words = text.asks and instead is None
        base = self._words(text.q, unfinished=text.open_end) if words else instead or self._everything()
        base |= {"sort_by": sort_by(self._spec, query.sort, ranked=words)}
        base |= facet_by(facet_fields(self._spec, query.facet_by), query.facet_size) | size
        return ask_by_words(
            self._client, base, text if words else Typed((), ()), narrowed, more, ranked=query.sort is None
        )

    def _facets(self, asked: Json, answer: Json, query: SearchQuery) -> dict[str, list[FacetValue]]:
        """The facets of an answer, with all values read where the last one shown is as frequent as the next."""
        found, size = counted(answer), query.facet_size
        if tied := [
            name
            for name, values in found.items()
            if len(values) > size and values[size - 1].count == values[size].count
        ]:
            found |= counted(self._client.search([bare(asked) | facet_by(tied, MANY_VALUES)])[0])
        return {name: values[:size] for name, values in found.items()}

    # by meaning

    def _nearest(self, text: Typed, vector: Sequence[float], narrowed: str, count: int) -> Json:
        """The search for the nearest documents within the filters, that have the phrases and lack what is excluded."""
        return self._words(text.framing) | self._vectors.nearest(
            vector, narrowed, count, excluding=any(chunk.excluded for chunk in text.frame)
        )

    @staticmethod
    def _near(answer: Json) -> Ranks:
        """Ranks by meaning; a phrase also finds documents without a vector."""
        hits = [hit for hit in answer["hits"] if "vector_distance" in hit]
        near = sorted(
            ((1 - float(hit["vector_distance"]), decode_id(hit["document"][ID])) for hit in hits),
            key=lambda one: (-one[0], one[1]),
        )
        return Ranks(
            by_meaning={key: rank for rank, (_, key) in enumerate(near, 1)},
            similarity={key: similarity for similarity, key in near},
        )

    def _by_meaning(self, query: SearchQuery, text: Typed, ranks: Ranks, mode: Mode) -> SearchResult:
        keys = list(ranks.by_meaning)
        facets = {name: values[: query.facet_size] for name, values in self._facets_over(keys, query).items()}
        if query.sort is not None and keys:
            asked = self._everything(by_ids(keys)) | {"sort_by": sort_by(self._spec, query.sort, ranked=False)} | KEYS
            keys = [decode_id(hit["document"][ID]) for hit in self._client.search([asked])[0]["hits"]]
        return _result(query, len(keys), self._page(query, text, keys, ranks, {}), facets, mode)

    # by both

    def _by_both(self, query: SearchQuery, text: Typed, narrowed: str, vector: Sequence[float]) -> SearchResult:
        near = self._nearest(text, vector, narrowed, NEIGHBOURS)
        codes = [self._everything(both(self._identified(text.spellings), narrowed)) | KEYS] if text.spellings else []
        field = self._vectors.field(self._vectors.serving())
        plain = query.model_copy(update={"sort": None, "facet_size": PAGE})
        answer, asked, (nearest, *coded) = self._ask(
            plain, text, narrowed, KEYS | {"include_fields": f"{ID},{field}_hash"}, [near, *codes]
        )
        ranks = self._near(nearest)
        exact = set().union(*map(_keys, coded))
        if (text.codes_only and not text.frame and exact) or (query.sort is not None and answer["found"]):
            return self._by_word(
                query, text, narrowed, None
            )  # an identifier was typed; or sorted by a field, a far neighbour could come first
        if query.sort is not None:
            return self._by_meaning(query, text, ranks, Mode.HYBRID)
        hits = {decode_id(hit["document"][ID]): hit for hit in answer["hits"]}
        ranks.by_word = {key: rank for rank, key in enumerate(hits, 1)}
        ranks.word_score = {key: Hits.score(hit) for key, hit in hits.items()}
        ranks.fewer = frozenset(key for key, hit in hits.items() if lacks_words(hit, text))
        ranks.unembedded = frozenset(key for key, hit in hits.items() if f"{field}_hash" not in hit["document"])
        ranks.exact, ranks.meaning = frozenset(exact), query.semantic_weight
        return self._mixed(query, text, answer, bare(asked) | KEYS, ranks)

    def _mixed(self, query: SearchQuery, text: Typed, answer: Json, asked: Json, ranks: Ranks) -> SearchResult:
        found = int(answer["found"])
        known = ranks.by_meaning.keys() | ranks.exact
        deep = found > len(ranks.by_word)
        have_words = set(ranks.by_word)
        if deep and known:  # of those found otherwise, some may have the words further down
            here = both(by_ids(sorted(known)[:PAGE]), str(asked.get("filter_by", "")))
            have_words |= _keys(self._client.search([asked | {"filter_by": here}])[0])
        others = sorted(known - have_words)
        keys = ranks.fused()
        wanted = (GROUPED if query.group_by else query.page * query.per_page) - len(keys)
        if deep and wanted > 0:
            last = min(-(-found // PAGE), 1 + -(-(wanted + len(known)) // PAGE))
            answers = self._client.search([asked | {"page": page} for page in range(2, last + 1)])
            keys += [
                key for one in answers for hit in hits_of(one) if (key := decode_id(hit["document"][ID])) not in known
            ]
        facets = self._merged(query, asked, answer, others)
        return _result(query, found + len(others), self._page(query, text, keys, ranks, asked), facets, Mode.HYBRID)

    def _merged(
        self, query: SearchQuery, asked: Json, answer: Json, others: Sequence[str]
    ) -> dict[str, list[FacetValue]]:
        """Facets over what either found."""
        words, near = counted(answer), self._facets_over(others, query)
        if long := [name for name, values in words.items() if len(values) > PAGE]:
            words |= counted(self._client.search([asked | {"per_page": 0} | facet_by(long, MANY_VALUES)])[0])
        return {name: _sum(values, near.get(name, ()))[: query.facet_size] for name, values in words.items()}

    def _facets_over(self, keys: Sequence[str], query: SearchQuery) -> dict[str, list[FacetValue]]:
        """All values of the facets over documents that are known by their keys."""
        names = facet_fields(self._spec, query.facet_by)
        if not names or not keys:
            return {name: [] for name in names}
        return counted(
            self._client.search([self._everything(by_ids(keys)) | {"per_page": 0} | facet_by(names, MANY_VALUES)])[0]
        )

    # pages of known keys

    def _page(self, query: SearchQuery, text: Typed, keys: Sequence[str], ranks: Ranks, asked: Json) -> list[Hit]:
        """The page asked for; `asked` is the search by word that found some of them, empty where none did."""
        start = (query.page - 1) * query.per_page
        chosen = (
            self._grouped(query, keys, query.group_by) if query.group_by else list(keys[start : start + query.per_page])
        )
        searches = []
        for first in range(0, len(chosen), PAGE):
            here = by_ids(chosen[first : first + PAGE])
            shown = KEYS | {"include_fields": Hits.fields(self._spec), "highlight_fields": Hits.marked(self._spec)}
            searches.append(self._everything(here) | shown)
            searches += [asked | shown | {"filter_by": both(here, str(asked.get("filter_by", "")))}] if asked else []
        read: dict[str, Json] = {}
        for answer in self._client.search(searches):
            read |= {decode_id(hit["document"][ID]): hit for hit in hits_of(answer) if "document" in hit}
        return Hits(self._spec, query, text).fused(
            [(key, read[key]) for key in chosen if key in read], ranks, self._vectors.serving()
        )

    def _grouped(self, query: SearchQuery, keys: Sequence[str], name: str) -> list[str]:
        """The keys on the page, in the order of the groups' first hits; a document without a value is a group by
        itself.
        """
        values = self._store.read(self._store.alias, keys[:GROUPED], name)
        groups: dict[object, list[str]] = {}
        for key in keys[:GROUPED]:
            if key in values:
                groups.setdefault((name, values[key][name]) if name in values[key] else key, []).append(key)
        start = (query.page - 1) * query.per_page
        return [
            key
            for members in list(groups.values())[start : start + query.per_page]
            for key in members[: query.group_limit]
        ]


def _result(
    query: SearchQuery, found: int, hits: list[Hit], facets: dict[str, list[FacetValue]], mode: Mode
) -> SearchResult:
    """The answer to a query; how long it took is for the caller to say."""
    return SearchResult(
        found=found, page=query.page, per_page=query.per_page, took_ms=0.0, hits=hits, facets=facets, mode=mode
    )


def _keys(answer: Json) -> set[str]:
    return {decode_id(hit["document"][ID]) for hit in hits_of(answer)}


def _sum(words: Sequence[FacetValue], near: Sequence[FacetValue]) -> list[FacetValue]:
    counts = {one.value: one.count for one in words}
    for one in near:
        counts[one.value] = counts.get(one.value, 0) + one.count
    return most_frequent_first(counts)
