"""Searches of any mode. What is near in meaning comes from the vectors' collection, its documents from that of the words."""

from collections.abc import Callable, Sequence
from typing import Any

from domain.errors import NotFoundError
from domain.meaning import EXCLUDED, text_of
from domain.search import FacetValue, Mode, SearchQuery, SearchResult, Synonym
from infrastructure.search.embedded.answer import GROUPED
from infrastructure.search.embedded.finding import TITLE
from infrastructure.search.embedded.neighbours import MOST
from infrastructure.search.embedded.paging import check_depth
from infrastructure.search.typesense.answers import document, hits_of, text_score
from infrastructure.search.typesense.conditions import MANY_VALUES, both, by_ids, counted, facet_by, facet_parameters, group_field, not_ids, sort_by
from infrastructure.search.typesense.keyword import BARE, Asker, by_text, meaning_weighs, trust
from infrastructure.search.typesense.looseness import TRIES
from infrastructure.search.typesense.meaning import TOP, Ranks, merged, page_of
from infrastructure.search.typesense.names import ID, decode_id
from infrastructure.search.typesense.page import Pages
from infrastructure.search.typesense.schema import CODES, DOCUMENT
from infrastructure.search.typesense.searcher import WordSearcher, result
from infrastructure.search.typesense.store import Store
from infrastructure.search.typesense.text import Typed, identified, like, typed
from infrastructure.search.typesense.vectors import VectorStore

Json = dict[str, Any]
NAMED = 1_000  # documents that a condition names at most
KEYS: Json = {"page": 1, "per_page": TOP, "include_fields": ID}


class Searcher(WordSearcher):
    """Answers searches of any mode."""

    def __init__(self, store: Store, asker: Asker, vectors: VectorStore, synonyms: Callable[[], Sequence[Synonym]]) -> None:
        super().__init__(store, asker)
        self.vectors = vectors
        self.synonyms = synonyms

    def search(self, query: SearchQuery) -> SearchResult:
        """The page of hits. Without a vector to go by, they are found by word."""
        check_depth(query.page, query.per_page)
        self._refuse(query)
        text = typed(query.text, strict=query.strict, synonyms=self.synonyms() if EXCLUDED.search(query.text) else ())
        if text.nothing:
            return result(query, 0, [], {name: [] for name in facet_by(self.spec, query.facet_by)}, query.mode).model_copy(update={"notes": list(text.notes)})
        found = self._search(query, self._identified(text))
        return found.model_copy(update={"notes": list(text.notes)})

    def _search(self, query: SearchQuery, text: Typed) -> SearchResult:
        vector = self._vector(query)
        if vector is None:
            return self.by_word(query, self._alike(query.similar_to) if query.similar_to is not None else text)
        if query.mode is Mode.SEMANTIC or not text.asks:
            return self._by_meaning(query, text, self._nearest(query, text, vector))
        return self._by_both(query, text, vector)

    def _identified(self, text: Typed) -> Typed:
        """The text with those of its pieces known that a document has as an identifier."""
        codes = [code for code in dict.fromkeys([*([text.whole] if text.whole else []), *text.possible_codes]) if code]
        if not codes:
            return text
        base = by_text(self.spec, self.store.alias, "*", literal=True) | {"query_by": CODES, "query_by_weights": "1", "page": 1, "per_page": 0}
        searches = [base | {"q": f'"{code}"'} for code in codes]
        answers = [answer for start in range(0, len(codes), TRIES) for answer in self.asker.ask(searches[start : start + TRIES])]
        return identified(text, {code for code, answer in zip(codes, answers, strict=True) if answer["found"]})

    def _refuse(self, query: SearchQuery) -> None:
        """What can't be asked is refused before anything is."""
        facet_by(self.spec, query.facet_by)
        sort_by(self.spec, query.sort, ranked=True)
        self.narrowed(query)
        if query.group_by:
            group_field(self.spec, query.group_by)

    def _vector(self, query: SearchQuery) -> Sequence[float] | None:
        if query.similar_to is not None:
            model = self.vectors.serving()
            row = self.vectors.read(model, [query.similar_to]).get(query.similar_to) if model else None
            return [float(number) for number in row.vector] if row is not None else None
        if query.vector is None or query.mode is Mode.KEYWORD:
            return None
        return query.vector if len(query.vector) == self.vectors.dimension() else None

    def _alike(self, key: str) -> Typed:
        """What a document without a vector is about, in words. NotFoundError where there is no such document."""
        asked = {"collection": self.store.alias, "q": "*", "filter_by": by_ids([key]), "include_fields": DOCUMENT}
        hits = self.asker.ask([asked])[0]["hits"]
        if not hits:
            raise NotFoundError(f"there is no document {key} among the {self.spec.name}", similar_to=key)
        return like(text_of(self.spec.name, document(hits[0]))[:TITLE])

    def _nearest(self, query: SearchQuery, text: Typed, vector: Sequence[float]) -> Ranks:
        """The nearest documents that the filters and the frame of the text leave."""
        narrowed = self.narrowed(query)
        framed = self._framed(text, narrowed) if text.frame else ""
        if framed is None:
            return Ranks()
        asked = self.vectors.nearest(vector, TOP if text.frame else MOST, both(narrowed, framed))
        answer = self.asker.ask([asked])[0]
        found = [(decode_id(hit["document"][ID]), 1 - float(hit["vector_distance"])) for hit in answer["hits"]]
        there = self._there([key for key, _ in found], text)
        near = [(key, similarity) for key, similarity in found if key in there][:MOST]
        return Ranks(by_meaning={key: rank for rank, (key, _) in enumerate(near, 1)}, similarity=dict(near), vectors=int(answer.get("out_of", 0)))

    def _framed(self, text: Typed, narrowed: str) -> str | None:
        """The frame of a text as a condition on ids, for vectors know no words: none ("") where these are too many to name, None where nothing meets it."""
        unwanted = None if text.phrased else self._named(text.unwanted, narrowed)
        if unwanted is not None:
            return not_ids(unwanted) if unwanted else ""
        wanted = self._named([text.framing], narrowed)
        if wanted is None:
            return ""
        return by_ids(wanted) if wanted else None

    def _named(self, queries: Sequence[str], narrowed: str) -> list[str] | None:
        """The documents that any of the queries finds as it stands, None where they are too many."""
        within = {"filter_by": narrowed} if narrowed else {}
        searches = [by_text(self.spec, self.store.alias, q, literal=True) | within | KEYS for q in queries]
        answers = self.asker.ask(searches)
        if sum(int(one["found"]) for one in answers) > NAMED:
            return None
        more = [one | {"page": page} for one, told in zip(searches, answers, strict=True) for page in range(2, -(-int(told["found"]) // TOP) + 1)]
        return sorted(set().union(*map(_keys, [*answers, *(self.asker.ask(more) if more else [])])))

    def _there(self, keys: Sequence[str], text: Typed) -> set[str]:
        """Those of the keys that have a document, for a vector may outlive it for a moment; with what the text's frame asks."""
        if not keys:
            return set()
        framed = by_text(self.spec, self.store.alias, text.framing, literal=True) if text.frame else {"collection": self.store.alias, "q": "*"}
        answer = self.asker.ask([framed | {"filter_by": by_ids(keys)} | KEYS])[0]
        self.store.check(int(answer.get("out_of", 0)))
        return _keys(answer)

    def _by_meaning(self, query: SearchQuery, text: Typed, ranks: Ranks, mode: Mode = Mode.SEMANTIC) -> SearchResult:
        keys = list(ranks.by_meaning)
        facets = {name: values[: query.facet_size] for name, values in self._facets_of(keys, query).items()}
        if query.sort is not None and keys:
            asked = {"collection": self.store.alias, "q": "*", "filter_by": by_ids(keys), "sort_by": sort_by(self.spec, query.sort, ranked=False)}
            keys = [decode_id(hit["document"][ID]) for hit in self.asker.ask([asked | KEYS])[0]["hits"]]
        pages = Pages(self.spec, self.asker, self.store.alias, self.vectors, query)
        return result(query, len(ranks.by_meaning), pages.hits(keys, ranks, text, {}, mode), facets, mode)

    def _by_both(self, query: SearchQuery, text: Typed, vector: Sequence[float]) -> SearchResult:
        plain = query.model_copy(update={"sort": None, "facet_size": TOP})
        answer, asked = self.ask(plain, text, KEYS)
        exact = self._exact(query, text)
        if (text.codes_only and not text.frame and exact) or (query.sort is not None and answer["found"]):
            return self.by_word(query, text)  # an identifier was typed; or sorted by a field, a far neighbour could come first
        ranks = self._nearest(query, text, vector)
        if query.sort is not None:
            return self._by_meaning(query, text, ranks, Mode.HYBRID)
        ranks.weight = meaning_weighs(text, answer["hits"], query.semantic_weight)
        ranks.by_word = {decode_id(hit["document"][ID]): rank for rank, hit in enumerate(answer["hits"], 1)}
        ranks.word_score = {decode_id(hit["document"][ID]): text_score(hit) for hit in answer["hits"]}
        ranks.exact = exact
        if ranks.vectors < int(answer.get("out_of", 0)):
            ranks.unembedded = ranks.by_word.keys() - self.vectors.among(list(ranks.by_word))
        ranks.trust = trust(text, answer["hits"])
        bare = {name: value for name, value in asked.items() if name not in BARE} | KEYS
        return self._mixed(query, text, answer, bare, ranks)

    def _mixed(self, query: SearchQuery, text: Typed, answer: Json, asked: Json, ranks: Ranks) -> SearchResult:
        found = int(answer["found"])
        by_word = self._found_by_word(asked, ranks, found)
        others = [key for key in dict.fromkeys([*ranks.exact, *ranks.by_meaning]) if key not in by_word]
        keys = ranks.fused()
        wanted = (GROUPED if query.group_by else page_of(query).stop) - len(keys)
        if wanted > 0 and found > len(ranks.by_word):
            keys += self._tail(asked, ranks, found, wanted)
        facets = self._facets(query, asked, counted(answer), others)
        pages = Pages(self.spec, self.asker, self.store.alias, self.vectors, query)
        return result(query, found + len(others), pages.hits(keys, ranks, text, asked, Mode.HYBRID), facets, Mode.HYBRID)

    def _exact(self, query: SearchQuery, text: Typed) -> set[str]:
        """Documents that have an identifier as it was typed."""
        if not text.codes:
            return set()
        narrowed = {"filter_by": condition} if (condition := self.narrowed(query)) else {}
        base = by_text(self.spec, self.store.alias, "*", literal=True) | {"query_by": CODES, "query_by_weights": "1"} | narrowed | KEYS
        answers = self.asker.ask([base | {"q": f'"{code}"'} for code in text.codes])
        return set().union(*map(_keys, answers))

    def _found_by_word(self, asked: Json, ranks: Ranks, found: int) -> set[str]:
        """Of the documents found otherwise, those that have the words too."""
        others = ranks.by_meaning.keys() | ranks.exact
        if found <= len(ranks.by_word) or not others:
            return set(ranks.by_word)
        narrowed = both(by_ids(sorted(others)[:TOP]), str(asked.get("filter_by", "")))
        return _keys(self.asker.ask([asked | {"filter_by": narrowed}])[0])

    def _tail(self, asked: Json, ranks: Ranks, found: int, wanted: int) -> list[str]:
        """Documents found by word past those whose ranks were fused, in their order."""
        known = ranks.by_meaning.keys() | ranks.exact
        last = min(-(-found // TOP), 1 + -(-(wanted + len(known)) // TOP))
        answers = self.asker.ask([asked | {"page": page} for page in range(2, last + 1)])
        return [key for answer in answers for hit in hits_of(answer) if (key := decode_id(hit["document"][ID])) not in known]

    def _facets(self, query: SearchQuery, asked: Json, counts: dict[str, list[FacetValue]], others: Sequence[str]) -> dict[str, list[FacetValue]]:
        """Facets over what either found."""
        near = self._facets_of(others, query) if counts else {}
        facets, uncertain = merged(counts, near, query.facet_size, TOP)
        if uncertain:
            more = self.all_values(asked, uncertain)
            facets |= merged(more, {name: near.get(name, []) for name in uncertain}, query.facet_size, MANY_VALUES + 1)[0]
        return {name: values[: query.facet_size] for name, values in facets.items()}

    def _facets_of(self, keys: Sequence[str], query: SearchQuery) -> dict[str, list[FacetValue]]:
        """All values of the facets over documents that are known by their keys."""
        names = facet_by(self.spec, query.facet_by)
        if not names or not keys:
            return {name: [] for name in names}
        asked = {"collection": self.store.alias, "q": "*", "filter_by": by_ids(keys), "per_page": 0} | facet_parameters(names, MANY_VALUES)
        return counted(self.asker.ask([asked])[0])


def _keys(answer: Json) -> set[str]:
    return {decode_id(hit["document"][ID]) for hit in hits_of(answer)}
